/* Descriptors of the host that guests hold: however many instances there are, half of what the process may open stays
 * the host's. A policy's own limit is a number below which an instance's descriptors lie. Besides these a guest's call
 * opens a few for a moment. */
#include <sys/resource.h>

#include "linux.h"

static atomic_uint held;

int bh_descriptor_take(void) {
    struct rlimit limit;
    rlim_t most = getrlimit(RLIMIT_NOFILE, &limit) ? 0 : limit.rlim_cur / 2;
    if (atomic_fetch_add(&held, 1) < most)
        return 0;
    bh_descriptor_return();
    return -ENFILE;
}

void bh_descriptor_return(void) { atomic_fetch_sub(&held, 1); }
