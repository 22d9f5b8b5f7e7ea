/* GS, whose base every access of a guest begins with; see gs.c. */
#ifndef BULKHEAD_RUNTIME_GS_H
#define BULKHEAD_RUNTIME_GS_H

#include <stdbool.h>
#include <stdint.h>

#include "bulkhead/bulkhead.h"

struct bh_frame;

static inline uint64_t bh_read_gs(void) {
    uint64_t base;
    __asm__ volatile("rdgsbase %0" : "=r"(base));
    return base;
}

/* Sets GS to the frame's base, unless it holds that. False: it does not, and the guest must not run. */
bool bh_set_gs(const struct bh_frame *frame);
/* Whether GS can be set at all, to the base of a slot: to be known before there are guests. Leaves it as it was. */
bh_error bh_gs_check(bool fsgsbase, uint64_t base);
/* The error that it could not be set. */
bh_error bh_fail_gs(const char *where);

#endif
