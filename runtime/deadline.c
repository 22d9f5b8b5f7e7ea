/* Deadlines: one timer a thread, armed for the deadline that comes first of its nested calls. */
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

static uint64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

bool bh_deadline_pause(void) {
    struct bh_thread *thread = &bh_this_thread;
    if (!thread->deadline || thread->paused)
        return false;
    /* What it has sent already arrives before this returns. */
    thread->paused = !timer_settime(thread->timer, 0, &(struct itimerspec){0}, NULL);
    return thread->paused;
}

static int set_timer(struct bh_thread *thread, uint64_t deadline) {
    struct itimerspec when = {.it_interval = {0, REPEAT}, .it_value = {(time_t)(deadline / SECOND), (long)(deadline % SECOND)}};
    if (!deadline)
        when.it_interval.tv_nsec = 0;
    int error = timer_settime(thread->timer, TIMER_ABSTIME, &when, NULL);
    if (!error)
        thread->deadline = deadline;
    return error;
}

bool bh_deadline_resume(void) {
    struct bh_thread *thread = &bh_this_thread;
    if (!thread->paused)
        return false;
    thread->paused = false;
    set_timer(thread, thread->deadline);
    if (now() >= thread->deadline)
        thread->expired = 1;
    return true;
}

bh_error bh_deadline_start(bh_instance *instance, struct bh_frame *frame) {
    struct bh_thread *thread = &bh_this_thread;
    uint64_t allowed = instance->deadline;
    if (!allowed)
        return BH_OK;
    uint64_t start = now(), deadline = start + allowed;
    if (deadline < start) /* later than time itself */
        return BH_OK;
    if (thread->deadline && thread->deadline <= deadline)
        return BH_OK;
    /* Another engine's signal may be somebody else's by now, when that engine is gone. */
    if (thread->timer_made && !thread->deadline && thread->timer_signal != instance->engine->deadline_signal) {
        timer_delete(thread->timer);
        thread->timer_made = false;
    }
    if (!thread->timer_made) {
        struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = instance->engine->deadline_signal};
        event.sigev_value.sival_ptr = thread;
        event.sigev_notify_thread_id = (int)syscall(SYS_gettid);
        if (timer_create(CLOCK_MONOTONIC, &event, &thread->timer))
            return bh_fail_timer();
        thread->timer_made = true;
        thread->timer_signal = event.sigev_signo;
    }
    if (!thread->deadline)
        thread->expired = 0;
    uint64_t outer = thread->deadline;
    if (set_timer(thread, deadline))
        return bh_fail_errno(BH_ERROR_SYSTEM, "cannot start the deadline's timer");
    frame->outer_deadline = outer;
    frame->nesting.timer = true;
    return BH_OK;
}

void bh_deadline_stop(const struct bh_frame *frame) {
    struct bh_thread *thread = &bh_this_thread;
    set_timer(thread, frame->outer_deadline);
    /* What was pending arrived before that call returned. An outer deadline that has passed meanwhile signals again, and so does
     * another thread's, which may have been in a hurry as well. */
    thread->expired = 0;
    if (frame->instance->threads)
        atomic_store(&frame->instance->threads->hurry, 0);
}
