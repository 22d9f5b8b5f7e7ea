/* Deadlines: one timer a thread, armed for the outermost call. */
#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "internal.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

#define SECOND 1000000000u
#define REPEAT 4000000 /* nanoseconds */

bh_error bh_deadline_start(bh_instance *instance) {
    struct bh_thread *thread = &bh_this_thread;
    uint64_t deadline = instance->deadline;
    if (!deadline || bh_current_frame)
        return BH_OK;
    if (!thread->timer_made) {
        struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = instance->engine->deadline_signal};
        event.sigev_value.sival_ptr = thread;
        event.sigev_notify_thread_id = (int)syscall(SYS_gettid);
        if (timer_create(CLOCK_MONOTONIC, &event, &thread->timer))
            return bh_fail_errno(BH_ERROR_SYSTEM, "cannot create the deadline's timer");
        thread->timer_made = true;
    }
    thread->expired = 0;
    struct itimerspec when = {.it_interval = {0, REPEAT},
                              .it_value = {(time_t)(deadline / SECOND), (long)(deadline % SECOND)}};
    if (timer_settime(thread->timer, 0, &when, NULL))
        return bh_fail_errno(BH_ERROR_SYSTEM, "cannot start the deadline's timer");
    thread->timer_armed = true;
    return BH_OK;
}

void bh_deadline_stop(bh_instance *instance) {
    struct bh_thread *thread = &bh_this_thread;
    if (bh_current_frame || !thread->timer_armed)
        return;
    thread->timer_armed = false;
    timer_settime(thread->timer, 0, &(struct itimerspec){0}, NULL);
    /* What was pending arrived before that call returned. */
    thread->expired = 0;
}
