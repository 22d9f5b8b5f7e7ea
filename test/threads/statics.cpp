// Statics of functions, templates and inline functions are initialised once however many threads come by at the same time, in
// two files and one within another; what compiled code would wait for for ever is an error.
// RUN: %bulkhead-clangxx -O2 -pthread %s -o %t && %bulkhead-verify %t && %bulkhead-run --threads 20 %t | FileCheck %s
// RUN: %bulkhead-clangxx -O0 -pthread -c -DOTHER %s -o %t.other.o
// RUN: %bulkhead-clangxx -O0 -pthread -DTWO %s %t.other.o -o %t && %bulkhead-run --threads 20 %t | FileCheck %s
// RUN: %bulkhead-clangxx -O2 -pthread -DITSELF %s -o %t && not %bulkhead-run --threads 20 %t 2>&1 | FileCheck %s --check-prefix=ITSELF
// RUN: %bulkhead-clangxx -O2 -fthreadsafe-statics -DITSELF %s -o %t
// RUN: not %bulkhead-run %t 2>&1 | FileCheck %s --check-prefix=ITSELF
// The same guards without threads.
// RUN: %bulkhead-clangxx -O2 -fthreadsafe-statics -DALONE %s -o %t && %bulkhead-run %t | FileCheck %s --check-prefix=ALONE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

int made();

struct Slow {
  Slow() {
    int before = errno;
    for (int i = 0; i < 20; i++)
      usleep(1000);
    errno = before;
    number = made();
  }
  int number;
};
struct Outer {
  // Waits for another static, which another thread may be making.
  Outer();
  int number;
};

template <typename T> T &single() {
  static T one;
  return one;
}
inline Slow &shared() {
  static Slow slow;
  return slow;
}

#ifndef OTHER
int made() {
  static int count; // no guard: a constant initialises it
  return __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST);
}
Outer::Outer() : number(single<Slow>().number * 10) {}
#endif

#if defined(TWO) || defined(OTHER)
void *other(void *);
#endif
#ifdef OTHER
void *other(void *) { return reinterpret_cast<void *>(single<Outer>().number * 100L + shared().number); }
#else
static void *here(void *) {
  errno = 77;
  long result = single<Outer>().number * 100L + shared().number;
  return reinterpret_cast<void *>(errno == 77 ? result : -1);
}

#ifdef ITSELF
struct Ring {
  Ring() { single<Ring>(); }
};
#endif

int main() {
#ifdef ITSELF
  single<Ring>();
#elif defined(ALONE)
  printf("%ld\n", reinterpret_cast<long>(here(nullptr)) + reinterpret_cast<long>(here(nullptr)));
#else
  struct sigaction action = {};
  action.sa_handler = [](int) {};
  sigaction(SIGUSR1, &action, nullptr);
  pthread_t threads[16];
  for (unsigned i = 0; i < 16; i++) {
#ifdef TWO
    if (pthread_create(&threads[i], nullptr, i % 2 ? other : here, nullptr))
      return 1;
#else
    if (pthread_create(&threads[i], nullptr, here, nullptr))
      return 1;
#endif
  }
  // Waiting goes on after a signal, and errno stays what it was.
  for (int i = 0; i < 3; i++) {
    usleep(3000);
    for (pthread_t thread : threads)
      pthread_kill(thread, SIGUSR1);
  }
  long first = 0;
  for (pthread_t thread : threads) {
    void *result;
    pthread_join(thread, &result);
    if (!first)
      first = reinterpret_cast<long>(result);
    if (reinterpret_cast<long>(result) != first)
      puts("threads saw different objects");
  }
  printf("%ld, made %d\n", first, made() - 1);
#endif
}
#endif
// CHECK: 1002, made 2
// ITSELF: __cxa_guard_acquire detected recursive initialization
// ALONE: 2004
