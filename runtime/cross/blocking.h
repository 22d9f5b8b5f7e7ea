/* System calls that may block, and where the fault handler gives them up; see blocking.S. */
#ifndef BULKHEAD_RUNTIME_BLOCKING_H
#define BULKHEAD_RUNTIME_BLOCKING_H

#include <stdatomic.h>
#include <stdint.h>

/* The kernel's result; -EINTR, too, when *interrupt is set before it begins. */
int64_t bh_blocking_syscall(const atomic_int *interrupt, long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                            uint64_t e, uint64_t f);
/* The instructions that begin one, and where it is given up. */
extern const char bh_blocking_begin[], bh_blocking_end[], bh_blocking_cancel[];

#endif
