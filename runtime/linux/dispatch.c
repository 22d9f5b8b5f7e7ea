/* From a system call number to its handler. */
#include "linux.h"
#include "linux/personality.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define CALL(number, name) bh_syscall bh_sys_##name;
#include "calls.inc"

#define CALL(number, name) [number] = bh_sys_##name,
static bh_syscall *const handler[] = {
#include "calls.inc"
};

/* Of those that nothing serves. */
#define NONE(number, name, reason) [number] = #name,
static const char *const call_name[] = {
#include "calls.inc"
};
#define NONE(number, name, reason) [number] = bh_why_##reason,
static const char *const call_why[] = {
#include "calls.inc"
};

/* What dispatch has to know of those that are served. */
enum { UNLOCKED = 1, ONCE = 2, ONCE_TIMED = 4 };
#define HOW(number, properties) [number] = (properties),
static const uint8_t how[] = {
#include "calls.inc"
};

#define HANDLERS (sizeof(handler) / sizeof(*handler))
#define FEW_FILES 16 /* descriptors that an instance has room for at first */
#define DEFAULT_FILES 256
#define HOWS (sizeof(how) / sizeof(*how))
#define NAMES (sizeof(call_name) / sizeof(*call_name))

/* What no handler serves: the log says why not. */
static int64_t unknown(bh_instance *instance, uint64_t number) {
    char detail[120];
    const char *name = number < NAMES ? call_name[BH_BOUNDED(number, NAMES)] : NULL;
    const char *why = number < NAMES ? call_why[BH_BOUNDED(number, NAMES)] : NULL;
    snprintf(detail, sizeof(detail), "%llu: %s", (unsigned long long)number, why ? why : "no call of Linux 6.1");
    return bh_refuse(instance, ENOSYS, name ? name : "unknown", detail);
}

static int64_t handle(bh_instance *instance, const struct bh_frame *frame, uint64_t number) {
    const uint64_t argument[6] = {frame->rdi, frame->rsi, frame->rdx, frame->r10, frame->r8, frame->r9};
    bh_syscall *call = number < HANDLERS ? handler[BH_BOUNDED(number, HANDLERS)] : NULL;
    return call ? call(instance, argument) : unknown(instance, number);
}

/* Whether the call is made again when a signal's handler that has SA_RESTART interrupted it. */
static bool restarts(const struct bh_frame *frame, unsigned properties) {
    return !(properties & ONCE) && (!(properties & ONCE_TIMED) || !frame->r10);
}

static bool serve(bh_instance *instance, struct bh_frame *frame) {
    struct bh_task *task = bh_task_of(instance);
    int64_t result;
    bool again;
    /* The log of refusals is host code: should it call the instance, that call's frame goes away before this one's. */
    struct bh_frame *outer = task->frame;
    task->frame = frame;
    do {
        uint64_t number = frame->rax;
        unsigned properties = number < HOWS ? how[BH_BOUNDED(number, HOWS)] : 0;
        bool locked = !(properties & UNLOCKED);
        bh_timers_arm(instance, true);
        if (locked)
            bh_state_lock(instance);
        result = handle(instance, frame, number);
        again = false;
        if (bh_timers_due(instance)) {
            if (!locked)
                bh_state_lock(instance);
            locked = true;
            bh_timers_look(instance);
        }
        if (result != -EINTR || (task->mask_kept && !bh_signal_due(instance)))
            bh_signal_unmask(task);
        if (result != BH_LEAVE) {
            bool restart = result == -EINTR && restarts(frame, properties);
            /* rt_sigreturn has put the result of the interrupted call into place, or wants that call made again. */
            if (number != SYS_rt_sigreturn)
                frame->rax = (uint64_t)result;
            else
                again = task->restart;
            task->restart = false;
            if (atomic_load(&task->interrupt) || (bh_signals_pending(instance) & ~task->mask)) {
                if (!locked)
                    bh_state_lock(instance);
                locked = true;
                atomic_store(&task->interrupt, 0);
                if (bh_signal_due(instance)) {
                    result = bh_signal_deliver(instance, again ? (int64_t)frame->rax : restart ? (int64_t)number : -1);
                    again = false;
                } else if (restart) { /* the signal has been taken back, or is blocked by now */
                    frame->rax = number;
                    again = true;
                }
            }
        }
        bh_signal_unmask(task);
        if (locked)
            bh_state_unlock(instance);
    } while (result != BH_LEAVE && again && !bh_threads_ending(instance->threads) && !bh_this_thread.expired);
    bh_timers_arm(instance, frame->nesting.restores);
    task->frame = outer;
    return result != BH_LEAVE;
}

static bh_error create(bh_instance *instance) {
    struct bh_linux *state = calloc(1, sizeof(*state));
    struct bh_file *file = calloc(FEW_FILES, sizeof(*file));
    if (!state || !file) {
        free(state);
        free(file);
        return bh_fail(BH_ERROR_MEMORY, "no memory for an instance");
    }
    state->file = file;
    state->file_limit = instance->policy->descriptor_limit ? instance->policy->descriptor_limit : DEFAULT_FILES;
    state->file_soft = state->file_hard = state->file_limit;
    state->core_soft = state->core_hard = UINT64_MAX;
    state->file_count = FEW_FILES < state->file_limit ? FEW_FILES : state->file_limit;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    state->start_time = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    state->umask = 022;
    bh_directory_begin(state);
    state->only.instance = instance;
    state->only.tid = BH_GUEST_PID;
    for (int n = 0; n < 3; n++) {
        int host = instance->policy->stream[n];
        struct stat info;
        if (host < 0)
            continue;
        bool regular = !fstat(host, &info) && S_ISREG(info.st_mode);
        state->file[n] = (struct bh_file){.host = host, .kind = BH_FILE_STREAM, .write = true, .in_pieces = regular};
    }
    instance->personality = state;
    atomic_store(&instance->caught, 0);
    return bh_directory_start(instance);
}

static void destroy(bh_instance *instance) {
    struct bh_linux *state = instance->personality;
    if (!state)
        return;
    for (unsigned fd = 0; fd < state->file_count; fd++)
        if (state->file[fd].kind != BH_FILE_CLOSED)
            bh_file_close(instance, &state->file[fd]);
    bh_signals_forget(&state->only);
    bh_memory_discard(state);
    bh_timers_discard(instance);
    free(state->file);
    bh_directory_leave(state);
    free(state);
    instance->personality = NULL;
}

const struct bh_personality bh_linux_personality = {
    .create = create,
    .destroy = destroy,
    .enter = bh_timers_enter,
    .syscall = serve,
    .fault = bh_signal_fault,
    .interrupted = bh_signal_interrupted,
    .map = bh_map_for_host,
    .unmap = bh_unmap_for_host,
    .task_exits = bh_task_exits,
    .task_forgotten = bh_signals_forget,
    .said = bh_said_last,
};
