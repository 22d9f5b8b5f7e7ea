/* Who has an instance: a lock for one holder at a time that nobody waits for, and that costs its usual holder no locked
 * instruction (on Zen 3 a call of 11 ns takes 15 with one).
 *
 * The first thread to make a call is given the bias: from then on it takes the lock by plain stores. Any other thread
 * first revokes the bias, for good; after that all use the flag, by compare-and-swap. So an instance that one thread
 * uses never pays, and one that is passed around pays once for the revocation (a membarrier system call) and then for
 * the compare-and-swap.
 *
 * Why at most one is inside. The biased thread (bias == its number)
 *
 *     (1) inside = TRYING   (2) reads bias again: still its own?   (3) yes: inside = IN     no: inside = OUT, and the
 * flag
 *
 * and a thread that revokes, while it alone is DECIDING (nobody gets the flag meanwhile)
 *
 *     (a) bias = REVOKED    (b) membarrier    (c) reads inside until it is not TRYING: IN: busy.  OUT: bias = SETTLED,
 * flag = HELD
 *
 * membarrier makes every thread of the process pass a full barrier somewhere between its call and its return. For the
 * biased thread let that be point P. If P comes after (1), that store is visible at (c): what is read there is TRYING,
 * IN, or what came after. If P comes before (1), then (2) comes after P and hence after (a), and reads REVOKED. So a
 * biased thread that does get past (2) is seen at (c) until its OUT is, and with that, by release and acquire, all that
 * it did inside. Later ones fail at (2): after a membarrier that succeeded the bias never becomes the thread's number
 * again. The compiler keeps (1) and (2) in order because of the signal fence.
 *
 * Why BUSY is exact. TRYING and DECIDING are never taken for possession: who meets one waits until it is decided, which
 * is some instructions, and one system call, away. So BUSY means that somebody had the lock while the caller asked.
 *
 * Why a stale TRYING does no harm. A biased thread may stop before (1) for any time and go on when others have the lock
 * by the flag. It then writes TRYING and OUT, never IN; holders of the flag leave the lock through the flag unless
 * inside is IN; and once the bias is SETTLED nobody looks at inside to get in. For the same reason a bias is never
 * given twice: a stale TRYING over the IN of a second biased thread would undo it.
 *
 * Why the end of a thread does no harm. Numbers are drawn from a 64-bit counter and never come back, unlike addresses
 * and thread ids: the bias of a thread that is gone is nobody's, and is revoked like any other. A thread that ends
 * inside leaves the lock taken, as it would leave any lock.
 *
 * The child of a fork has the forking thread only. Nobody gets a bias there; what another thread of the parent left as
 * TRYING or DECIDING is never decided, and is BUSY. Its bias needs no barrier to be revoked, its owner being absent. No
 * signal handler takes the lock. Nested calls do not come here: a thread that has the instance finds that in its
 * frames.
 *
 * Where membarrier is missing or refused when the engine is created, and under ThreadSanitizer, which does not know it,
 * no bias is given. Where it fails only later (a seccomp filter installed meanwhile), the bias stays where it is, and
 * others get an error. */
#ifndef BULKHEAD_RUNTIME_OWNERSHIP_H
#define BULKHEAD_RUNTIME_OWNERSHIP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* What bias is besides a thread's number, which is neither 0 nor one of these. */
#define BH_BIAS_SETTLED UINT64_MAX       /* nobody's: the flag decides */
#define BH_BIAS_OFFERED (UINT64_MAX - 1) /* nobody's yet: the next call's thread may have it */
#define BH_BIAS_REVOKED (UINT64_MAX - 2) /* nobody's any more, but its last owner may be inside */

enum { BH_OUT, BH_TRYING, BH_IN }; /* inside; written by the biased thread, but for the first time */
enum { BH_FLAG_FREE, BH_FLAG_DECIDING, BH_FLAG_HELD }; /* flag */

struct bh_ownership {
    _Atomic uint64_t bias;
    _Atomic uint32_t inside;
    _Atomic uint32_t flag;
};

enum bh_ownership_result { BH_OWNERSHIP_TAKEN, BH_OWNERSHIP_BUSY, BH_OWNERSHIP_FAILED /* errno says why */ };

/* Once in a process or more often, before any lock is used: finds out whether biases can be revoked. Any thread. */
void bh_ownership_probe(void);
/* Whether new biases are given out. */
bool bh_ownership_biases(void);
/* A number for a thread that it has alone for ever. Any thread. */
uint64_t bh_ownership_number(void);

/* A free lock that nobody is biased to. */
static inline void bh_ownership_init(struct bh_ownership *lock) {
    atomic_init(&lock->bias, BH_BIAS_SETTLED);
    atomic_init(&lock->inside, BH_OUT);
    atomic_init(&lock->flag, BH_FLAG_FREE);
}

/* Offers the bias. At most once, before any other thread knows the lock. */
static inline void bh_ownership_offer(struct bh_ownership *lock) {
    atomic_store_explicit(&lock->bias, BH_BIAS_OFFERED, memory_order_relaxed);
}

/* Takes the lock if the calling thread, whose number is given (0: it has none), is biased to it; else nothing happens,
 * and bh_ownership_take says what is the matter. The thread does not have it already. */
static inline bool bh_ownership_take_biased(struct bh_ownership *lock, uint64_t thread) {
    if (__builtin_expect(atomic_load_explicit(&lock->bias, memory_order_relaxed) != thread, 0))
        return false;
    atomic_store_explicit(&lock->inside, BH_TRYING, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    if (__builtin_expect(atomic_load_explicit(&lock->bias, memory_order_relaxed) != thread, 0)) {
        atomic_store_explicit(&lock->inside, BH_OUT, memory_order_release);
        return false;
    }
    atomic_store_explicit(&lock->inside, BH_IN, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst);
    return true;
}

/* Takes the lock, whoever is biased to it. thread as above; call: a thread with a number may get the bias if it is on
 * offer. Does not wait for a holder. After BUSY and FAILED nothing is held. */
enum bh_ownership_result bh_ownership_take(struct bh_ownership *lock, uint64_t thread, bool call);

/* Gives it back, on the thread that took it. */
static inline void bh_ownership_give(struct bh_ownership *lock) {
    if (__builtin_expect(atomic_load_explicit(&lock->inside, memory_order_relaxed) == BH_IN, 1))
        atomic_store_explicit(&lock->inside, BH_OUT, memory_order_release);
    else
        atomic_store_explicit(&lock->flag, BH_FLAG_FREE, memory_order_release);
}

#endif
