/* What a thread needs before it may run guests.
 *
 * While guest code runs rsp is the guest's, so every signal must switch to an alternate stack. That stack lies above 4
 * GiB: the kernel believes rsp when it decides whether it is on the alternate stack already, and inside the sequence
 * that confines rsp it is for one instruction any 32-bit value the guest likes. */
#include "cross/thread.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/limit.h"
#include "base/mapping.h"
#include "base/ownership.h"
#include "base/local.h"
#include "cross/chain.h"
#include "cross/frame.h"

#define STACK_SIZE (256 * 1024)
#define STACK_NEEDED (32 * 1024) /* beyond the kernel's frame, for handlers */

BH_THREAD_LOCAL struct bh_thread bh_this_thread;

static pthread_key_t exit_key;
static pthread_once_t exit_once = PTHREAD_ONCE_INIT;
static bool exit_key_made;

struct bh_host_thread *bh_host_thread_this(void) {
    struct bh_host_thread *host = bh_this_thread.host;
    if (!host) {
        host = calloc(1, sizeof(*host));
        if (host) {
            atomic_init(&host->references, 1);
            atomic_init(&host->alive, true);
            bh_this_thread.host = host;
        }
    }
    return host;
}

void bh_host_thread_keep(struct bh_host_thread *host) { atomic_fetch_add(&host->references, 1); }

void bh_host_thread_forget(struct bh_host_thread *host) {
    if (host && atomic_fetch_sub(&host->references, 1) == 1)
        free(host);
}

static void thread_exits(void *value) {
    struct bh_thread *thread = value;
    if (thread->timer_made)
        timer_delete(thread->timer);
    if (thread->stack_map) {
        stack_t current;
        if (!sigaltstack(NULL, &current) && current.ss_sp == (char *)thread->stack_map + BH_PAGE_SIZE)
            sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
        munmap(thread->stack_map, thread->stack_map_size);
    }
    if (thread->host)
        atomic_store(&thread->host->alive, false);
    bh_host_thread_forget(thread->host);
    *thread = (struct bh_thread){0};
    bh_current_frame = NULL;
}

static void make_exit_key(void) { exit_key_made = !pthread_key_create(&exit_key, thread_exits); }

static size_t minimum_stack(void) {
    unsigned long kernel = getauxval(AT_MINSIGSTKSZ);
    return (kernel ? kernel : 8192) + STACK_NEEDED;
}

bh_error bh_fail_handler(void) {
    return bh_fail(
        BH_ERROR_HOST,
        "guests cannot be run from a signal handler: a fault would overwrite its frames on the alternate stack, "
        "and a guest that it interrupted would go on with another one's GS");
}

static bh_error install_stack(void) {
    struct bh_thread *thread = &bh_this_thread;
    stack_t current = {0}, now = {0};
    if (sigaltstack(NULL, &current))
        return bh_fail_errno(BH_ERROR_SYSTEM, "cannot read the alternate signal stack");
    if (current.ss_flags & SS_ONSTACK)
        return bh_fail_handler();
    thread->stack_low = (uint64_t)(uintptr_t)current.ss_sp;
    thread->stack_size = current.ss_size;
    if (!(current.ss_flags & SS_DISABLE) && (uint64_t)(uintptr_t)current.ss_sp >= BH_SLOT_SIZE &&
        current.ss_size >= minimum_stack())
        return BH_OK;
    if (!thread->stack_map) {
        size_t size = STACK_SIZE + BH_PAGE_ROUND(minimum_stack()) + BH_PAGE_SIZE;
        char *map = bh_map_high(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
        if (map == MAP_FAILED || mprotect(map, BH_PAGE_SIZE, PROT_NONE)) {
            bh_error error = bh_fail_limit("no memory above 4 GiB for an alternate signal stack");
            if (map != MAP_FAILED)
                munmap(map, size);
            return error;
        }
        thread->stack_map = map;
        thread->stack_map_size = size;
    }
    stack_t ours = {.ss_sp = (char *)thread->stack_map + BH_PAGE_SIZE,
                    .ss_size = thread->stack_map_size - BH_PAGE_SIZE};
    if (sigaltstack(&ours, NULL))
        return bh_fail_errno(BH_ERROR_SYSTEM, "cannot install the alternate signal stack");
    thread->stack_low = (uint64_t)(uintptr_t)ours.ss_sp;
    thread->stack_size = ours.ss_size;
    sigaltstack(NULL, &now);
    if (now.ss_sp != ours.ss_sp)
        return bh_fail(
            BH_ERROR_HOST,
            "the alternate signal stack was installed, says the kernel, but is not there (a seccomp filter?)");
    return BH_OK;
}

/* A blocked signal of these would kill the process when a guest faults. */
static bh_error unblock(int deadline_signal) {
    sigset_t set, blocked;
    bool some = false;
    sigemptyset(&set);
    sigfillset(&blocked);
    for (int signal = 1; signal < NSIG; signal++)
        if (bh_fault_owns(signal) || signal == deadline_signal)
            sigaddset(&set, signal);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    for (int signal = 1; signal < NSIG; signal++)
        some |= sigismember(&set, signal) && sigismember(&blocked, signal);
    return some ? bh_fail(BH_ERROR_HOST,
                          "the signals of faults and deadlines cannot be unblocked on this thread (a seccomp filter?)")
                : BH_OK;
}

bh_error bh_thread_prepare(int deadline_signal, bool check) {
    struct bh_thread *thread = &bh_this_thread;
    const uint64_t signal = (uint64_t)1 << (deadline_signal - 1);
    if (thread->prepared && (thread->unblocked & signal) && !check)
        return BH_OK;
    bh_error_prepare();
    pthread_once(&exit_once, make_exit_key);
    if (!exit_key_made || pthread_setspecific(exit_key, thread))
        return bh_fail(BH_ERROR_MEMORY, "no thread-specific key is left");
    bh_error error = install_stack();
    if (error)
        return error;
    error = unblock(deadline_signal);
    if (error)
        return error;
    if (!thread->number)
        thread->number = bh_ownership_number();
    /* What was looked at before may have changed when this must be looked at again. */
    thread->unblocked = (thread->prepared && !check ? thread->unblocked : 0) | signal;
    thread->prepared = true;
    if (!bh_current_frame)
        bh_current_frame = &bh_idle_frame;
    return BH_OK;
}
