/* Accesses that may fault: the fault handler sends those between bh_guard_begin and bh_guard_end to bh_guard_fault. */
#ifndef BULKHEAD_RUNTIME_GUARDED_H
#define BULKHEAD_RUNTIME_GUARDED_H

#include <stdint.h>

/* Copies n bytes; 0, or -1 when either side faulted (then part was copied). */
int bh_guarded_copy(void *to, const void *from, uint64_t n);
/* Copies up to and including a NUL, at most n bytes. Bytes copied, n + 1 when there was no NUL, or -1 after a fault. */
int64_t bh_guarded_string(char *to, const char *from, uint64_t n);
/* Writes n times byte; 0, or -1 after a fault. */
int bh_guarded_fill(void *to, int byte, uint64_t n);
/* The length of a string of at most n bytes; n when there was no NUL, or -1 after a fault. */
int64_t bh_guarded_length(const char *string, uint64_t n);
/* What GS points to at BH_CONTEXT_BASE; -1 when nothing is there. */
uint64_t bh_guarded_gs_word(void);
extern const char bh_guard_begin[], bh_guard_end[], bh_guard_fault[];

#endif
