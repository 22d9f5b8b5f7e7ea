// The way into a guest and back, beside the calls that a host would make instead.
#include "bench.h"

#include <benchmark/benchmark.h>

#include <sys/syscall.h>
#include <unistd.h>

namespace {

bh_instance *instance() {
  static bh_instance *Instance = [] {
    bh_instance *New = nullptr;
    bench::check(bh_instance_create(bench::guest(), nullptr, &New));
    return New;
  }();
  return Instance;
}

bh_function function(const char *Name, const char *Signature) {
  bh_function F;
  bench::check(bh_instance_function(instance(), Name, Signature, &F));
  return F;
}

void callNothing(benchmark::State &State) {
  bh_function F = function("nothing", "v()");
  for (auto _ : State)
    bench::check(bh_call(instance(), &F, nullptr, nullptr));
}
BENCHMARK(callNothing)->Name("guest call, no arguments");

void callAdd(benchmark::State &State) {
  bh_function F = function("add", "i(ii)");
  bh_value Arguments[2] = {}, Result;
  Arguments[0].type = Arguments[1].type = 'i';
  for (auto _ : State) {
    Arguments[0].as.i++;
    bench::check(bh_call(instance(), &F, Arguments, &Result));
    benchmark::DoNotOptimize(Result.as.i);
  }
}
BENCHMARK(callAdd)->Name("guest call, two integers");

void callDoubles(benchmark::State &State) {
  bh_function F = function("add_doubles", "d(dd)");
  bh_value Arguments[2] = {}, Result;
  Arguments[0].type = Arguments[1].type = 'd';
  for (auto _ : State) {
    Arguments[0].as.d++;
    bench::check(bh_call(instance(), &F, Arguments, &Result));
    benchmark::DoNotOptimize(Result.as.d);
  }
}
BENCHMARK(callDoubles)->Name("guest call, two doubles");

void invokeAdd(benchmark::State &State) {
  bh_function F = function("add", "i(ii)");
  bh_value Result;
  for (auto _ : State) {
    bench::check(bh_invoke(instance(), &F, &Result, 1, 2));
    benchmark::DoNotOptimize(Result.as.i);
  }
}
BENCHMARK(invokeAdd)->Name("guest call, bh_invoke");

__attribute__((noinline)) int add(int A, int B) { return A + B; }

void plainCall(benchmark::State &State) {
  int (*volatile F)(int, int) = add;
  int Sum = 0;
  for (auto _ : State) {
    Sum = F(Sum, 1);
    benchmark::DoNotOptimize(Sum);
  }
}
BENCHMARK(plainCall)->Name("indirect call");

void systemCall(benchmark::State &State) {
  for (auto _ : State)
    benchmark::DoNotOptimize(syscall(SYS_getppid));
}
BENCHMARK(systemCall)->Name("getppid");

} // namespace
