/* Signals that a system call raises in the thread that makes it: SIGPIPE for a pipe that nobody reads, SIGXFSZ for a
 * file that would be larger than RLIMIT_FSIZE. Their default action ends the process, and a guest can ask for both:
 * what the host makes such a call of on a guest's behalf stands between these two, and the call's error tells
 * everything. The host's handlers and mask stay. */
#include "base/raised.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

void bh_raised_hold(struct bh_raised *raised) {
    sigemptyset(&raised->held);
    sigaddset(&raised->held, SIGPIPE);
    sigaddset(&raised->held, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &raised->held, &raised->mask);
    /* What the host holds back itself may be pending: that stays so. */
    if (!sigismember(&raised->mask, SIGPIPE) && !sigismember(&raised->mask, SIGXFSZ))
        return;
    sigset_t pending;
    sigpending(&pending);
    if (sigismember(&pending, SIGPIPE))
        sigdelset(&raised->held, SIGPIPE);
    if (sigismember(&pending, SIGXFSZ))
        sigdelset(&raised->held, SIGXFSZ);
}

int bh_raised_take(const struct bh_raised *raised, bool look) {
    const struct timespec now = {0};
    int error = errno, signal = look ? sigtimedwait(&raised->held, NULL, &now) : 0;
    pthread_sigmask(SIG_SETMASK, &raised->mask, NULL);
    errno = error;
    return signal > 0 ? signal : 0;
}
