// thread_local objects: made when their thread first uses them, also from another file, and destroyed in reverse order when it ends,
// or when it ends the program, before anything static.
// RUN: %bulkhead-clangxx -O2 -c -DOTHER %s -o %t.other.o
// RUN: %bulkhead-clangxx -O2 -DALONE %s %t.other.o -o %t && %bulkhead-verify %t && %bulkhead-run %t | FileCheck %s --check-prefix=ALONE
// RUN: %bulkhead-clangxx -O0 -c -DOTHER %s -o %t.other.o
// RUN: %bulkhead-clangxx -O0 -DALONE %s %t.other.o -o %t && %bulkhead-run %t | FileCheck %s --check-prefix=ALONE
// RUN: %bulkhead-clangxx -O2 -pthread -c -DOTHER %s -o %t.other.o
// RUN: %bulkhead-clangxx -O2 -pthread %s %t.other.o -o %t && %bulkhead-verify %t && %bulkhead-run --threads 4 %t | FileCheck %s
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct Noisy {
  explicit Noisy(const char *name) : name(name) { printf("+%s\n", name); }
  ~Noisy() { printf("-%s\n", name); }
  const char *name;
};
extern thread_local Noisy elsewhere;
extern thread_local int number;

#ifdef OTHER
static int compute() { return 40 + (stdout != nullptr); }
thread_local Noisy elsewhere("elsewhere");
thread_local int number = compute();
#else
thread_local Noisy never("never used, but made with its file's");

static Noisy before("static");
// Made while others are destroyed.
struct Late {
  ~Late() {
    static thread_local Noisy last("late");
    puts("-maker of the late");
  }
};

static void use() {
  thread_local Late late;
  thread_local Noisy local("local");
  printf("%s %d %s %s\n", elsewhere.name, ++number, local.name, never.name[0] == 'n' ? "never" : "?");
}
static void *thread(void *) {
  use();
  return nullptr;
}

int main() {
  use();
  static Noisy after("static of main");
#ifndef ALONE
  pthread_t other;
  pthread_create(&other, nullptr, thread, nullptr);
  pthread_join(other, nullptr);
  puts("joined");
  pthread_create(&other, nullptr, [](void *) -> void * { use(); pthread_exit(nullptr); }, nullptr);
  pthread_join(other, nullptr);
  puts("joined");
  // Not main: main's objects are not destroyed.
  pthread_create(&other, nullptr, [](void *) -> void * { use(); exit(0); }, nullptr);
  pthread_join(other, nullptr);
#else
  (void)thread;
#endif
}
#endif
// ALONE: +static
// ALONE-NEXT: +local
// ALONE-NEXT: +elsewhere
// ALONE-NEXT: +never used, but made with its file's
// ALONE-NEXT: elsewhere 42 local never
// ALONE-NEXT: +static of main
// ALONE-NEXT: -never used
// ALONE-NEXT: -elsewhere
// ALONE-NEXT: -local
// ALONE-NEXT: +late
// ALONE-NEXT: -maker of the late
// ALONE-NEXT: -late
// ALONE-NEXT: -static of main
// ALONE-NEXT: -static
// ALONE-NOT: {{.}}

// CHECK: +static
// CHECK: elsewhere 42 local never
// CHECK-NEXT: +static of main
// CHECK-NEXT: +local
// CHECK-NEXT: +elsewhere
// CHECK-NEXT: +never used
// CHECK-NEXT: elsewhere 42 local never
// CHECK-NEXT: -never used
// CHECK-NEXT: -elsewhere
// CHECK-NEXT: -local
// CHECK-NEXT: +late
// CHECK-NEXT: -maker of the late
// CHECK-NEXT: -late
// CHECK-NEXT: joined
// CHECK-NEXT: +local
// CHECK: -late
// CHECK-NEXT: joined
// CHECK-NEXT: +local
// CHECK: elsewhere 42 local never
// CHECK-NEXT: -never used
// CHECK: -maker of the late
// CHECK-NEXT: -late
// CHECK-NEXT: -static of main
// CHECK-NEXT: -static
// CHECK-NOT: {{.}}
