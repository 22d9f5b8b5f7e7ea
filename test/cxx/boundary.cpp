// Exceptions and the host: one that no frame of a call catches ends that call with an error that says why. The frames
// of a call around it, which lie above on the same stack, neither catch it nor are unwound. A reset leaves nothing of
// an exception.
// RUN: %bulkhead-clangxx -O2 --library -Wl,-u,malloc,-u,free %s -o %t && %bulkhead-verify %t
// RUN: %build/test/cxx/boundary-test %t
// RUN: %bulkhead-clangxx -O1 -pthread --library -Wl,-u,malloc,-u,free %s -o %t.threads && %bulkhead-verify %t.threads
// RUN: %build/test/cxx/boundary-test %t.threads threads
// What the host throws in a callback no handler of the host around the call gets: the process ends.
// RUN: not %build/test/cxx/host-throws %t | FileCheck %s
// CHECK: calling
// CHECK-NEXT: terminated
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>

int caught, destroyed;
struct Counted { ~Counted() { destroyed++; } };
template <typename T> struct Named { char unused; };
template <typename T> struct Twice : std::runtime_error {
  using std::runtime_error::runtime_error;
  T *unused = nullptr;
};
template <typename T, int n> struct Deep { using type = typename Deep<Named<std::pair<T, T>>, n - 1>::type; };
template <typename T> struct Deep<T, 0> { using type = T; };
struct Text : std::exception {
  const char *what() const noexcept override;
};
static std::string text;
const char *Text::what() const noexcept { return text.c_str(); }
struct Base {
  Base() { call(); }
  void call() { act(); }
  virtual void act() = 0;
};
struct Derived : Base { void act() override {} };
struct Without { virtual void act() = delete; };
static void keeps(void (*function)()) noexcept { function(); }
struct Failing { ~Failing() noexcept(false) { throw 2; } };
static void here(int what) { throw what; }
static void (*volatile host)(int) = here;

extern "C" {
void give(void (*callback)(int)) { host = callback; }

// Everything that an outer call could do to catch what an inner one throws.
__attribute__((noinline)) int outer(int what) {
  Counted counted;
  try {
    Counted also;
    host(what);
  } catch (const std::exception &) {
    caught++;
  } catch (...) {
    caught++;
  }
  return 1;
}
int inner(int what) {
  Counted counted;
  switch (what) {
  case 0: throw std::runtime_error("from within");
  case 1: throw 5;
  case 2: throw Twice<Deep<int, 8>::type>("after a long name");
  case 3: text = std::string(5000, 'y'); throw Text();
  case 4: text = "one\ntwo\033[2J\x9b"; throw Text();
  case 5: keeps([] { throw std::logic_error("not to leave"); }); return 0;
  case 6: std::terminate();
  case 7: { Derived derived; return 0; }
  case 8:
    std::set_terminate([] { std::fputs("the handler's own\n", stderr); std::abort(); });
    throw 6;
  case 9: try { Failing failing; throw 1; } catch (...) {}
  case 10: try { throw std::out_of_range("again"); } catch (...) { throw; }
  case 11: std::rethrow_exception(std::make_exception_ptr(std::domain_error("kept")));
  case 12: throw new std::runtime_error("pointer");
  case 13: text.clear(); throw Text();
  case 14: std::set_terminate([] {}); throw 7; // one that returns
  case 15: throw;
  case 16: throw static_cast<Text *>(nullptr);
  case 17: {
    Without without;
    auto table = *reinterpret_cast<void (***)(Without *)>(&without);
    (*table)(&without);
    return 0;
  }
  case 18: std::thread([] { throw std::runtime_error("in a thread"); }).join();
  }
  return 0;
}

// Ends in the middle of what exceptions do: in a handler, in a destructor of an unwinding, in a nested handler.
struct Ends {
  ~Ends() { host(-1); }
};
thread_local int own = 3;
thread_local struct Destroyed { int value = 4; ~Destroyed() { value = 0; } } also;
int half(int what) {
  own++;
  also.value++;
  try {
    if (what == 1) { Ends ends; throw std::runtime_error("in flight"); }
    throw 1;
  } catch (...) {
    if (what == 0) host(-1);
    try { throw std::string("second"); } catch (std::string &) {
      if (what == 2) __builtin_trap();
      if (what == 3) for (volatile int go = 1; go;) {}
    }
  }
  return 0;
}
// 0 if nothing of an exception is left.
int left() {
  if (std::uncaught_exceptions() || std::current_exception()) return 1;
  if (own != 3 || also.value != 4 || caught || destroyed) return 4;
  try { throw 5; } catch (int n) { if (std::uncaught_exceptions() || n != 5) return 2; }
  return std::current_exception() ? 3 : 0;
}
int many(int n) {
  int sum = 0;
  for (int i = 0; i < n; i++)
    try {
      if (i % 3 == 0) throw std::runtime_error("some text that does not fit into the object itself");
      if (i % 3 == 1) try { throw i; } catch (...) { std::throw_with_nested(std::string(100, 'x')); }
      throw Named<long>();
    } catch (...) {
      std::exception_ptr kept = std::current_exception();
      sum++;
    }
  return sum;
}
// With no memory left exceptions come from the emergency pool, as many as it holds, again and again.
static volatile bool empty;
int emergency(int n) {
  static void *blocks[100000];
  int count = 0, sum = 0;
  for (size_t size : {1 << 20, 1 << 12, 64, 16})
    while (count < 100000 && (blocks[count] = std::malloc(size))) count++;
  for (int i = 0; i < n; i++)
    try { throw i; } catch (int) { sum++; }
  for (int i = 0; i < n; i++)
    try { sum += operator new(1 << 20) != nullptr; } catch (const std::bad_alloc &) { sum++; }
  while (count) std::free(blocks[--count]);
  return sum;
}
}
