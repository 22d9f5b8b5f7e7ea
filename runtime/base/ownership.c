/* The slow half of the lock on an instance; ownership.h explains both halves. */
#include "base/ownership.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/fork.h"

#if defined(__SANITIZE_THREAD__)
#define UNDER_THREAD_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define UNDER_THREAD_SANITIZER 1
#endif
#endif
#ifndef UNDER_THREAD_SANITIZER
#define UNDER_THREAD_SANITIZER 0
#endif

static atomic_bool biases;

#define NO_FLAG (~0u)

/* Where it is done, and not only said to be, flags that do not exist are refused. */
static int barrier(void) {
    if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0))
        return -1;
    if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, NO_FLAG, 0) && errno == EINVAL)
        return 0;
    errno = ENOSYS;
    return -1;
}

/* Tried rather than asked for: a filter may answer the question and refuse the call. */
static void probe(void) {
    bool works = !UNDER_THREAD_SANITIZER && !syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) &&
                 !barrier();
    atomic_store_explicit(&biases, works, memory_order_relaxed);
}

void bh_ownership_probe(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int before = errno;
    pthread_once(&once, probe);
    errno = before;
}

bool bh_ownership_biases(void) { return atomic_load_explicit(&biases, memory_order_relaxed); }

uint64_t bh_ownership_number(void) {
    static _Atomic uint64_t last;
    return atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
}

static bool forked(void) { return atomic_load_explicit(&bh_forked, memory_order_relaxed); }

/* For another thread to take some instructions' time. It sleeps in the end: that thread may have a lower priority. */
static void wait_a_little(unsigned round) {
    if (round < 64)
        sched_yield();
    else
        nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
}

static enum bh_ownership_result undecided(struct bh_ownership *lock, enum bh_ownership_result result) {
    atomic_store_explicit(&lock->flag, BH_FLAG_FREE, memory_order_release);
    return result;
}

static enum bh_ownership_result held(struct bh_ownership *lock) {
    atomic_store_explicit(&lock->flag, BH_FLAG_HELD, memory_order_relaxed);
    return BH_OWNERSHIP_TAKEN;
}

/* The calling thread has made the flag DECIDING. bias is what it is now, and not the thread's own. */
static enum bh_ownership_result decide(struct bh_ownership *lock, uint64_t bias, uint64_t thread, bool call) {
    if (bias == BH_BIAS_SETTLED)
        return held(lock);
    if (bias == BH_BIAS_OFFERED) {
        if (!call || !thread || !bh_ownership_biases() || forked())
            return held(lock);
        /* In this order: who gets the flag next sees both. */
        atomic_store_explicit(&lock->inside, BH_IN, memory_order_relaxed);
        atomic_store_explicit(&lock->bias, thread, memory_order_release);
        return undecided(lock, BH_OWNERSHIP_TAKEN);
    }
    if (bias != BH_BIAS_REVOKED) {
        atomic_store_explicit(&lock->bias, BH_BIAS_REVOKED, memory_order_relaxed);
        if (!forked() && barrier()) {
            atomic_store_explicit(&lock->bias, bias, memory_order_relaxed);
            return undecided(lock, BH_OWNERSHIP_FAILED);
        }
    }
    for (unsigned round = 0;; round++) {
        uint32_t inside = atomic_load_explicit(&lock->inside, memory_order_acquire);
        if (inside == BH_OUT) {
            atomic_store_explicit(&lock->bias, BH_BIAS_SETTLED, memory_order_relaxed);
            return held(lock);
        }
        if (inside == BH_IN || forked())
            return undecided(lock, BH_OWNERSHIP_BUSY);
        wait_a_little(round);
    }
}

enum bh_ownership_result bh_ownership_take(struct bh_ownership *lock, uint64_t thread, bool call) {
    for (unsigned round = 0;; round++) {
        uint64_t bias = atomic_load_explicit(&lock->bias, memory_order_relaxed);
        uint32_t flag = BH_FLAG_FREE;
        if (bias == BH_BIAS_SETTLED) {
            /* Who decides now is going to have it. */
            return atomic_compare_exchange_strong_explicit(&lock->flag, &flag, BH_FLAG_HELD, memory_order_acquire,
                                                           memory_order_relaxed)
                       ? BH_OWNERSHIP_TAKEN
                       : BH_OWNERSHIP_BUSY;
        }
        if (atomic_load_explicit(&lock->inside, memory_order_relaxed) == BH_OUT &&
            bh_ownership_take_biased(lock, thread))
            return BH_OWNERSHIP_TAKEN;
        /* Also without revoking what its owner is going to need again. */
        if (atomic_load_explicit(&lock->inside, memory_order_relaxed) == BH_IN)
            return BH_OWNERSHIP_BUSY;
        if (atomic_compare_exchange_strong_explicit(&lock->flag, &flag, BH_FLAG_DECIDING, memory_order_acquire,
                                                    memory_order_relaxed)) {
            bias = atomic_load_explicit(&lock->bias, memory_order_relaxed);
            if (bias != thread)
                return decide(lock, bias, thread, call);
            /* It was revoked in vain meanwhile, and is the thread's again. Otherwise this would be a signal handler in
             * the midst of taking it. */
            bool again = atomic_load_explicit(&lock->inside, memory_order_relaxed) == BH_OUT;
            undecided(lock, BH_OWNERSHIP_BUSY);
            if (again)
                continue;
            return BH_OWNERSHIP_BUSY;
        }
        if (flag == BH_FLAG_HELD || forked())
            return BH_OWNERSHIP_BUSY;
        wait_a_little(round);
    }
}
