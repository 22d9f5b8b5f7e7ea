// Each of C++'s allocation functions can be replaced alone, and those that are defined by it then use it. What else plain C++ needs:
// arrays with cookies, alignment, sizes, placement, the order that init_priority asks for.
// RUN: %bulkhead-clangxx -std=c++17 -Werror -O0 %s -o %t && %bulkhead-run %t | FileCheck %s
// RUN: %bulkhead-clangxx -std=c++17 -Werror -O2 -fno-builtin %s -o %t && %bulkhead-verify %t && %bulkhead-run %t | FileCheck %s
// RUN: %bulkhead-clangxx -std=c++17 -DHUGE %s -o %t && not %bulkhead-run %t huge 2>&1 | FileCheck %s --check-prefix=HUGE
// RUN: not %bulkhead-run %t aligned 2>&1 | FileCheck %s --check-prefix=HUGE
// RUN: %bulkhead-run %t nothrow | FileCheck %s --check-prefix=NULL
// RUN: not %bulkhead-run %t pure 2>&1 | FileCheck %s --check-prefix=PURE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

namespace std {
struct nothrow_t;
extern const nothrow_t nothrow;
enum class align_val_t : size_t;
} // namespace std
void *operator new[](size_t, const std::nothrow_t &) noexcept;
void *operator new[](size_t, std::align_val_t, const std::nothrow_t &) noexcept;
void operator delete(void *, const std::nothrow_t &) noexcept;
inline void *operator new(size_t, void *place) noexcept { return place; }

struct First {
  explicit First(int n) { printf("constructed %d\n", n); }
};
__attribute__((init_priority(300))) First third(3);
__attribute__((init_priority(200))) First second(2);
First fourth(4);
__attribute__((init_priority(101))) First first(1);

struct Counted {
  ~Counted() { puts("~Counted"); }
  int value = 7;
};
struct alignas(128) Wide {
  ~Wide() { puts("~Wide"); }
  char bytes[128];
};

#ifdef HUGE
struct Base {
  Base() { call(); }
  void call() { act(); }
  virtual void act() = 0;
};
struct Derived : Base {
  void act() override {}
};
int main(int, char **argv) {
  volatile size_t many = ~(size_t)0 / 128;
  if (argv[1][0] == 'p')
    delete new Derived;
  else if (argv[1][0] == 'n')
    puts(new (std::nothrow) char[many * 31] ? "memory" : "null");
  else
    printf("%p\n", argv[1][0] == 'h' ? static_cast<void *>(new int[many * 31]) : new Wide[many]);
}
// HUGE: terminating due to uncaught exception of type std::bad_alloc
// NULL: null
// PURE: Pure virtual function called!
#else
void *operator new(size_t size) {
  printf("new %zu\n", size);
  return malloc(size);
}
void operator delete(void *memory) noexcept {
  printf("delete\n");
  free(memory);
}

int main() {
  int *volatile one = new int(5);
  delete one;
  Counted *volatile many = new Counted[2];
  printf("%d\n", many[1].value);
  delete[] many;
  Wide *volatile wide = new Wide;
  printf("%zu\n", (size_t)wide % 128);
  delete wide;
  Wide *volatile wides = new Wide[2];
  printf("%zu\n", (size_t)wides % 128);
  delete[] wides;
  alignas(Counted) char room[sizeof(Counted)];
  (new (room) Counted)->~Counted();
  char *volatile none = new (std::nothrow) char[10];
  printf("%d\n", none != nullptr);
  operator delete(none, std::nothrow);
  void *volatile aligned = operator new[](100, std::align_val_t(4096), std::nothrow);
  printf("%zu\n", (size_t)aligned % 4096);
  free(aligned);
  volatile size_t much = ~(size_t)0 - 4200;
  printf("%d\n", operator new[](much, std::align_val_t(4096), std::nothrow) == nullptr);
}
#endif
// CHECK: constructed 1
// CHECK-NEXT: constructed 2
// CHECK-NEXT: constructed 3
// CHECK-NEXT: constructed 4
// CHECK-NEXT: new 4
// CHECK-NEXT: delete
// CHECK-NEXT: new 16
// CHECK-NEXT: 7
// CHECK-NEXT: ~Counted
// CHECK-NEXT: ~Counted
// CHECK-NEXT: delete
// CHECK-NEXT: 0
// CHECK-NEXT: ~Wide
// CHECK-NEXT: 0
// CHECK-NEXT: ~Wide
// CHECK-NEXT: ~Wide
// CHECK-NEXT: ~Counted
// CHECK-NEXT: new 10
// CHECK-NEXT: 1
// CHECK-NEXT: delete
// CHECK-NEXT: 0
// CHECK-NEXT: 1
