/* The only two ways in which mappings inside the reservation change.
 *
 * Every page of the reservation is at all times covered by a mapping that the engine made. If one were unmapped, the
 * next mmap(NULL) of the host, a thread's stack for instance, could land there, within the guest's reach. */
#ifndef BULKHEAD_RUNTIME_MAP_H
#define BULKHEAD_RUNTIME_MAP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>

/* mmap over [at, at + size) of a slot, never elsewhere; false (and errno) when the kernel refuses, in which case the
 * range may be in any state: the caller poisons the slot. */
bool bh_slot_map(uint64_t at, uint64_t size, int protection, int flags, int fd, uint64_t offset);
/* How unused address space is mapped, besides PROT_NONE. Without MAP_NORESERVE, which everything else has: so the
 * kernel never joins it with what a guest wrote to and then protected. Two pieces of unused space that lie side by side
 * always become one mapping; one that had taken the anon_vma of written pages would not join the next. (Where
 * vm.overcommit_memory is 2 MAP_NORESERVE is ignored, but what was ever writable keeps VM_ACCOUNT, which unused space
 * has not.) */
#define BH_UNUSED_FLAGS (MAP_PRIVATE | MAP_ANONYMOUS)
/* Returns [at, at + size) to the state of unused address space. */
bool bh_slot_unmap(uint64_t at, uint64_t size);

#endif
