/* Deadlines, and when a guest is interrupted for a timer of its own: one timer a thread, armed for what comes first,
 * the deadline of one of its nested calls or the innermost guest's alarm. */
#include "cross/deadline.h"

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/limit.h"
#include "cross/frame.h"
#include "cross/thread.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define SECOND 1000000000u
#define REPEAT 4000000 /* nanoseconds */

uint64_t bh_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

bool bh_deadline_pause(void) {
    struct bh_thread *thread = &bh_this_thread;
    if ((!thread->deadline && !thread->alarm) || thread->paused)
        return false;
    /* What it has sent already arrives before this returns. */
    thread->paused = !timer_settime(thread->timer, 0, &(struct itimerspec){0}, NULL);
    return thread->paused;
}

static int set_timer(const struct bh_thread *thread) {
    uint64_t first = thread->deadline;
    if (thread->alarm && (!first || thread->alarm < first))
        first = thread->alarm;
    struct itimerspec when = {.it_interval = {0, REPEAT},
                              .it_value = {(time_t)(first / SECOND), (long)(first % SECOND)}};
    if (!first)
        when.it_interval.tv_nsec = 0;
    return timer_settime(thread->timer, TIMER_ABSTIME, &when, NULL);
}

bool bh_deadline_resume(void) {
    struct bh_thread *thread = &bh_this_thread;
    if (!thread->paused)
        return false;
    thread->paused = false;
    set_timer(thread);
    if (thread->deadline && bh_now() >= thread->deadline)
        thread->expired = 1;
    return true;
}

/* The thread's timer; false and errno when there is none. */
static bool make_timer(int signal) {
    struct bh_thread *thread = &bh_this_thread;
    /* Another engine's signal may be somebody else's by now, when that engine is gone. */
    if (thread->timer_made && !thread->deadline && !thread->alarm && thread->timer_signal != signal) {
        timer_delete(thread->timer);
        thread->timer_made = false;
    }
    if (thread->timer_made)
        return true;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = signal};
    event.sigev_value.sival_ptr = thread;
    event.sigev_notify_thread_id = (int)syscall(SYS_gettid);
    if (timer_create(CLOCK_MONOTONIC, &event, &thread->timer))
        return false;
    thread->timer_made = true;
    thread->timer_signal = event.sigev_signo;
    return true;
}

bool bh_alarm_set(int signal, uint64_t when) {
    struct bh_thread *thread = &bh_this_thread;
    uint64_t before = thread->alarm;
    if (!make_timer(signal))
        return false;
    thread->alarm = when;
    if (!set_timer(thread))
        return true;
    thread->alarm = before;
    return false;
}

bh_error bh_deadline_start(int signal, uint64_t allowed, struct bh_frame *frame) {
    struct bh_thread *thread = &bh_this_thread;
    if (!allowed)
        return BH_OK;
    uint64_t start = bh_now(), deadline = start + allowed;
    if (deadline < start) /* later than time itself */
        return BH_OK;
    if (thread->deadline && thread->deadline <= deadline)
        return BH_OK;
    if (!make_timer(signal))
        return bh_fail_timer();
    if (!thread->deadline)
        thread->expired = 0;
    uint64_t outer = thread->deadline;
    thread->deadline = deadline;
    if (set_timer(thread)) {
        thread->deadline = outer;
        return bh_fail_errno(BH_ERROR_SYSTEM, "cannot start the deadline's timer");
    }
    frame->outer_deadline = outer;
    frame->nesting.timer = true;
    return BH_OK;
}

void bh_deadline_stop(const struct bh_frame *frame) {
    struct bh_thread *thread = &bh_this_thread;
    thread->deadline = frame->outer_deadline;
    set_timer(thread);
    /* What was pending arrived before that call returned. An outer deadline that has passed meanwhile signals again. */
    thread->expired = 0;
}
