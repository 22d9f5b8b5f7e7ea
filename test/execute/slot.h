/* A slot and its surroundings, laid out as the runtime does, but without the runtime: between two canary slots, in a
 * process that can be made read-only around it.
 */
#ifndef BULKHEAD_TEST_SLOT_H
#define BULKHEAD_TEST_SLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bulkhead/layout.h"

/* B. Far below everything else that Linux maps, so that one range of addresses is the host's. */
#define SLOT_BASE 0x200000000000
/* Faulting addresses may lie this far outside the slot: rsp up to 32 KiB, an M3 operand 16 KiB further (S1-S3, M3). */
#define SLOT_MARGIN 0xC000

/* Reserves the slot, its neighbours and as much around them; maps the context page, whose table of host calls leads to the
 * probe's stubs; sets GS. Exits with a message when something is lacking. */
void slot_create(void);

/* Memory in the slot, read-write and filled with hostile words, with a read-only canary at the same place in the
 * neighbouring slots. Offsets are from B, both multiples of the page size. */
void slot_map_data(uint64_t offset, uint64_t size);
/* Fills all of slot_map_data's memory again. */
void slot_refill(void);

/* Code pages in the slot, executable; returns a writable view of them outside. */
uint8_t *slot_map_code(uint64_t offset, uint64_t size);

/* Host memory that hostile registers point to. */
struct slot_host {
    uint64_t none;      /* inaccessible: reading it shows too */
    uint64_t read_only; /* writing it faults */
    uint64_t canary;    /* writable: what changes is compared */
    uint64_t code, stack;
};
extern struct slot_host slot_host;
bool slot_canary_intact(void);
void slot_canary_restore(void);
/* The context page is what it was. */
bool slot_context_intact(void);

/* Calls function(context) on a small stack of its own, while everything in the process that is writable is read-only except
 * the slot, struct probe, that stack, and what slot_prepare_lock was told. System calls from outside the host's range of
 * addresses end in SIGSYS. */
void slot_locked(void (*function)(void *), void *context);
/* To be called once, when everything that is ever written has been mapped (malloc and stdio included).
 * [keep, keep + keep_size) are whole pages. */
void slot_prepare_lock(void *keep, size_t keep_size);
/* False when the kernel cannot catch the guest's system calls. */
bool slot_catches_system_calls(void);

#endif
