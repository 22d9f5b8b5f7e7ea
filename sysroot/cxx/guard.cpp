// Function statics and static members of templates are initialised once, by the first thread that comes by; others wait for it.
// Compiled code calls this with -fthreadsafe-statics, the default of -pthread, when the first byte of the guard is still zero.
#include "fail.h"
#include <errno.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {
struct Guard {
  unsigned state; // a futex
  unsigned owner; // while it runs: the low half of pthread_self(), which is never 0 and all that differs in 4 GiB
};
// `done` is the byte that compiled code looks at.
enum : unsigned { done = 1, running = 1 << 8, waited = 1 << 9 };
constexpr int futex_wait_private = 128, futex_wake_private = 129;

unsigned self() { return static_cast<unsigned>(reinterpret_cast<unsigned long>(pthread_self())); }

void wait_while(Guard *guard, unsigned state) {
  int error = errno;
  syscall(SYS_futex, &guard->state, futex_wait_private, state, nullptr);
  errno = error;
}

void leave(Guard *guard, unsigned state) {
  __atomic_store_n(&guard->owner, 0, __ATOMIC_RELAXED);
  if (!(__atomic_exchange_n(&guard->state, state, __ATOMIC_ACQ_REL) & waited))
    return;
  int error = errno;
  syscall(SYS_futex, &guard->state, futex_wake_private, __INT_MAX__);
  errno = error;
}
} // namespace

extern "C" {
// 1: the caller initialises, and then releases or aborts. 0: it is done.
int __cxa_guard_acquire(Guard *guard) {
  for (;;) {
    unsigned state = 0;
    if (__atomic_compare_exchange_n(&guard->state, &state, running, false, __ATOMIC_ACQUIRE, __ATOMIC_ACQUIRE)) {
      __atomic_store_n(&guard->owner, self(), __ATOMIC_RELAXED);
      return 1;
    }
    if (state & done)
      return 0;
    if (__atomic_load_n(&guard->owner, __ATOMIC_RELAXED) == self())
      fail("the initialisation of a static object needs that object\n");
    if ((state & waited) ||
        __atomic_compare_exchange_n(&guard->state, &state, state | waited, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
      wait_while(guard, running | waited);
  }
}
void __cxa_guard_release(Guard *guard) { leave(guard, done); }
void __cxa_guard_abort(Guard *guard) { leave(guard, 0); }
}
