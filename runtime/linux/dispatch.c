/* From a system call number to its handler. */
#include "linux.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int bh_linux_syscall(bh_instance *instance, struct bh_frame *frame);

#define CALL(number, name) bh_syscall sys_##name;
#define NONE(number, name)
#include "calls.inc"
#undef CALL
#undef NONE

#define CALL(number, name) [number] = sys_##name,
#define NONE(number, name)
static bh_syscall *const handler[] = {
#include "calls.inc"
};
#undef CALL
#undef NONE

#define CALL(number, name) [number] = #name,
#define NONE(number, name) [number] = #name,
static const char *const call_name[] = {
#include "calls.inc"
};
#undef CALL
#undef NONE

#define HANDLERS (sizeof(handler) / sizeof(*handler))
#define FEW_FILES 16 /* descriptors that an instance has room for at first */
#define NAMES (sizeof(call_name) / sizeof(*call_name))

int64_t bh_refuse(bh_instance *instance, int error, const char *call, const char *detail) {
    instance->refused++;
    if (instance->policy->log)
        instance->policy->log(instance->policy->log_context, call, detail ? detail : "", error);
    return -error;
}

int64_t bh_end(bh_instance *instance, bh_fault_kind kind, int signal) {
    struct bh_frame *frame = instance->personality->frame;
    frame->fault = (struct bh_fault){.kind = kind, .signal = signal, .pc = bh_confine(instance->base, frame->target),
                                     .sp = frame->rsp, .bp = frame->rbp};
    frame->reason = LEAVE_FAULT;
    return BH_LEAVE;
}

static int64_t unknown(bh_instance *instance, uint64_t number) {
    char detail[32];
    snprintf(detail, sizeof(detail), "%llu", (unsigned long long)number);
    bool named = number < NAMES && call_name[number];
    return bh_refuse(instance, ENOSYS, named ? call_name[number] : "unknown", detail);
}

static int handle(bh_instance *instance, struct bh_frame *frame) {
    const uint64_t argument[6] = {frame->rdi, frame->rsi, frame->rdx, frame->r10, frame->r8, frame->r9};
    uint64_t number = frame->rax;
    struct bh_linux *state = instance->personality;
    int64_t result;
    if (number < HANDLERS && handler[number]) {
        result = handler[BH_BOUNDED(number, HANDLERS)](instance, argument);
    } else {
        result = unknown(instance, number);
    }
    if (result == BH_LEAVE)
        return 1;
    /* rt_sigreturn has put the result of the interrupted call into place. */
    if (number != SYS_rt_sigreturn)
        frame->rax = (uint64_t)result;
    if (state->pending & ~state->mask)
        return bh_signal_deliver(instance) == BH_LEAVE;
    return 0;
}

int bh_linux_syscall(bh_instance *instance, struct bh_frame *frame) {
    /* The log of refusals is host code: should it call the instance, that call's frame goes away before this one's. */
    struct bh_frame *outer = instance->personality->frame;
    instance->personality->frame = frame;
    int leave = handle(instance, frame);
    instance->personality->frame = outer;
    return leave;
}

bh_error bh_linux_create(bh_instance *instance) {
    struct bh_linux *state = calloc(1, sizeof(*state));
    struct bh_file *file = calloc(FEW_FILES, sizeof(*file));
    if (!state || !file) {
        free(state);
        free(file);
        return bh_fail(BH_ERROR_MEMORY, "no memory for an instance");
    }
    state->file = file;
    state->file_count = FEW_FILES;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    state->start_time = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    state->umask = 022;
    for (int n = 0; n < 3; n++) {
        int host = instance->policy->stream[n];
        struct stat info;
        if (host < 0)
            continue;
        bool pipe = !fstat(host, &info) && (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode));
        state->file[n] = (struct bh_file){.host = host, .kind = BH_FILE_STREAM, .write = true, .may_sigpipe = pipe};
    }
    instance->personality = state;
    return BH_OK;
}

void bh_linux_destroy(bh_instance *instance) {
    struct bh_linux *state = instance->personality;
    if (!state)
        return;
    for (unsigned fd = 0; fd < state->file_count; fd++)
        if (state->file[fd].kind != BH_FILE_CLOSED)
            bh_file_close(&state->file[fd]);
    bh_signal_discard(state);
    free(state->file);
    free(state->cwd);
    free(state);
    instance->personality = NULL;
}
