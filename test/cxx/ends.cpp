// How C++ ends a program that cannot go on: with a text that says why, and a fault that is contained.
// RUN: %bulkhead-clangxx -O2 -pthread %s -o %t && %bulkhead-verify %t
// RUN: not %bulkhead-run %t uncaught 2>&1 | FileCheck %s --check-prefixes=UNCAUGHT,ABORT
// RUN: not %bulkhead-run %t number 2>&1 | FileCheck %s --check-prefixes=NUMBER,ABORT
// RUN: not %bulkhead-run %t noexcept 2>&1 | FileCheck %s --check-prefixes=UNCAUGHT,ABORT
// RUN: not %bulkhead-run %t destructor 2>&1 | FileCheck %s --check-prefixes=UNCAUGHT,ABORT
// RUN: not %bulkhead-run --threads 2 %t thread 2>&1 | FileCheck %s --check-prefixes=UNCAUGHT,ABORT
// RUN: not %bulkhead-run %t atexit 2>&1 | FileCheck %s --check-prefixes=UNCAUGHT,ABORT
// RUN: not %bulkhead-run %t C 2>&1 | FileCheck %s --check-prefixes=UNCAUGHT,ABORT
// RUN: not %bulkhead-run %t terminate 2>&1 | FileCheck %s --check-prefixes=TERMINATE,ABORT
// RUN: not %bulkhead-run %t pure 2>&1 | FileCheck %s --check-prefixes=PURE,ABORT
// RUN: not %bulkhead-run %t deleted 2>&1 | FileCheck %s --check-prefixes=DELETED,ABORT
// RUN: not %bulkhead-run %t itself 2>&1 | FileCheck %s --check-prefixes=ITSELF,ABORT
// RUN: not %bulkhead-run %t handler 2>&1 | FileCheck %s --check-prefixes=HANDLER,ABORT
// UNCAUGHT: libc++abi: terminating due to uncaught exception of type std::runtime_error: what it says
// NUMBER: libc++abi: terminating due to uncaught exception of type int
// TERMINATE: libc++abi: terminating
// PURE: libc++abi: Pure virtual function called!
// DELETED: libc++abi: Deleted virtual function called!
// ITSELF: libc++abi: __cxa_guard_acquire detected recursive initialization
// HANDLER: handler of the program
// ABORT: bulkhead-run: fault (SIGABRT): ended by its own signal: Aborted
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <thread>

[[noreturn]] static void fail() { throw std::runtime_error("what it says"); }
struct Failing { ~Failing() { fail(); } };
struct Base {
  Base() { call(); }
  void call() { act(); }
  virtual void act() = 0;
};
struct Derived : Base { void act() override {} };
struct Without { virtual void act() = delete; };
static int itself(int n) { static int one = itself(n + 1); return one; }
static const char *what;

int main(int, char **argv) {
  what = argv[1];
  auto is = [](const char *name) { return !std::strcmp(what, name); };
  if (is("uncaught")) fail();
  if (is("number")) throw 5;
  if (is("noexcept")) try { []() noexcept { fail(); }(); } catch (...) {}
  if (is("destructor")) try { Failing failing; } catch (...) {}
  if (is("thread")) { std::thread thread(fail); thread.join(); }
  if (is("atexit")) { std::atexit([] { fail(); }); return 0; }
  if (is("C")) try { pthread_once_t once = PTHREAD_ONCE_INIT; pthread_once(&once, fail); } catch (...) {}
  if (is("terminate")) std::terminate();
  if (is("pure")) { Derived derived; }
  if (is("deleted")) { Without without; (**reinterpret_cast<void (***)(Without *)>(&without))(&without); }
  if (is("itself")) return itself(0);
  if (is("handler")) { std::set_terminate([] { std::fputs("handler of the program\n", stderr); std::abort(); }); fail(); }
}
