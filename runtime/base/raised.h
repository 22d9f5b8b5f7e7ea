/* Signals that a system call raises in the thread that makes it; see raised.c. */
#ifndef BULKHEAD_RUNTIME_RAISED_H
#define BULKHEAD_RUNTIME_RAISED_H

#include <signal.h>
#include <stdbool.h>

/* What a system call raises is held back between the two. */
struct bh_raised {
    sigset_t held, mask;
};
void bh_raised_hold(struct bh_raised *raised);
/* look: the call did less than all. The signal that it raised, or 0; errno is as before. */
int bh_raised_take(const struct bh_raised *raised, bool look);

#endif
