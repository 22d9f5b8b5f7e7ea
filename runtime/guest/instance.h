/* An instance. */
#ifndef BULKHEAD_RUNTIME_INSTANCE_H
#define BULKHEAD_RUNTIME_INSTANCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/ownership.h"
#include "bulkhead/bulkhead.h"
#include "cross/frame.h"
#include "guest/engine.h"
#include "guest/module.h"
#include "guest/policy.h"
#include "slot/slot.h"

enum { BH_INSTANCE_READY, BH_INSTANCE_EXITED, BH_INSTANCE_DEAD };
enum {
    BH_DETOUR_STATE = 1,    /* not ready */
    BH_DETOUR_DEADLINE = 2, /* there is one */
    BH_DETOUR_POINTERS = 8, /* pointers among arguments are looked at */
    BH_DETOUR_TIMERS = 16,  /* the guest has set one */
    BH_DETOUR_MODULE = 4,   /* it is built for threads, or GS is set by system calls */
};

struct bh_block;
struct bh_callbacks;
struct bh_linux;
struct bh_personality;
struct bh_share;
struct bh_threads;

struct bh_instance {
    bh_engine *engine;
    bh_module *module;
    bh_policy *policy;
    struct bh_ownership ownership; /* of modules not built for threads */
    _Atomic int state;             /* set by bh_instance_set_state */
    _Atomic uint32_t detour;       /* BH_DETOUR_*: why calls cannot take the short way in (short.h); none: 0 */
    _Atomic uint64_t deadline;     /* nanoseconds a call, 0: none */
    struct bh_share *shares;       /* host memory mapped into the slot */
    uint64_t stack_pointer;        /* where a call's frames may begin: below the argument block */
    uint32_t frame_flags;
    struct bh_outcome end;                    /* how the instance ended, once state says so */
    _Atomic(struct bh_callbacks *) callbacks; /* callback.c; NULL while there are none */
    struct bh_block *blocks;                  /* allocate.c */
    uint64_t host_calls, refused;
    const struct bh_personality *operations;
    struct bh_linux *personality; /* its own */
    _Atomic uint64_t caught;    /* kept by the personality: bit n - 1 where the guest may have a handler for signal n */
    struct bh_threads *threads; /* NULL when the module is not built for them */
    struct bh_slot slot;
};

static inline bool bh_is_library(const bh_instance *instance) {
    return instance->module->image.elf.note_flags & BH_NOTE_FLAG_LIBRARY;
}

static inline void bh_instance_detour(bh_instance *instance, uint32_t detour, bool needed) {
    if (needed)
        atomic_fetch_or(&instance->detour, detour);
    else
        atomic_fetch_and(&instance->detour, ~detour);
}

static inline bool bh_in_slot(const bh_instance *instance, uint64_t address, uint64_t size) {
    return bh_slot_has(&instance->slot, address, size);
}

#endif
