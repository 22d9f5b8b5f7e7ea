// The way into a guest and back, beside the calls that a host would make instead.
#include "bench.h"

#include <benchmark/benchmark.h>

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

bh_instance *instance() {
  static bh_instance *Instance = bench::create(bench::guest());
  return Instance;
}

bh_instance *instanceFloat() {
  static bh_instance *Instance = bench::create(bench::guestFloat());
  return Instance;
}

bh_instance *instanceWithoutFsgsbase() {
  static bh_instance *Instance = bench::create(bench::guestWithoutFsgsbase());
  return Instance;
}

// Registers in, registers out: the least that a call into a guest costs.
void callRegisters(benchmark::State &State, bh_instance *(*Instance)()) {
  bh_function F = bench::function(Instance(), "nothing", "v()");
  bh_registers Registers = {};
  for (auto _ : State)
    bench::check(bh_call_registers(Instance(), F.address, &Registers));
}
BENCHMARK_CAPTURE(callRegisters, plain, instance)->Name("guest call, registers");
BENCHMARK_CAPTURE(callRegisters, floats, instanceFloat)->Name("guest call, registers, module with x87 and MXCSR");
BENCHMARK_CAPTURE(callRegisters, prctl, instanceWithoutFsgsbase)->Name("guest call, registers, GS by arch_prctl");

void callTwo(benchmark::State &State) {
  bh_instance *Instances[2] = {instance(), bench::create(bench::guest())};
  bh_address Address[2];
  for (int I = 0; I < 2; ++I)
    Address[I] = bench::function(Instances[I], "nothing", "v()").address;
  bh_registers Registers = {};
  unsigned I = 0;
  for (auto _ : State) {
    bench::check(bh_call_registers(Instances[I], Address[I], &Registers));
    I ^= 1;
  }
  bench::check(bh_instance_destroy(Instances[1]));
}
BENCHMARK(callTwo)->Name("guest call, registers, two instances in turn");

void callNothing(benchmark::State &State) {
  bh_function F = bench::function(instance(), "nothing", "v()");
  for (auto _ : State)
    bench::check(bh_call(instance(), &F, nullptr, nullptr));
}
BENCHMARK(callNothing)->Name("guest call, no arguments");

void callAdd(benchmark::State &State) {
  bh_function F = bench::function(instance(), "add", "i(ii)");
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
  bh_function F = bench::function(instance(), "add_doubles", "d(dd)");
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
  bh_function F = bench::function(instance(), "add", "i(ii)");
  bh_value Result;
  for (auto _ : State) {
    bench::check(bh_invoke(instance(), &F, &Result, 1, 2));
    benchmark::DoNotOptimize(Result.as.i);
  }
}
BENCHMARK(invokeAdd)->Name("guest call, bh_invoke");

// From the guest to the host and back. One iteration is so many callbacks in one call; a loop in the guest makes them,
// whose own share is that of "indirect call".
constexpr int Callbacks = 1000;

int addRaw(void *, bh_instance *, bh_registers *Registers) {
  Registers->rax = Registers->integer[0] + 1;
  return 0;
}

int addTyped(void *, bh_instance *, const bh_value *Arguments, bh_value *Result) {
  Result->as.i = Arguments[0].as.i + 1;
  return 0;
}

void callBack(benchmark::State &State, bh_instance *(*Instance)(), bool Raw) {
  bh_function F = bench::function(Instance(), "repeat", "v(pi)");
  bh_address Address;
  if (Raw)
    bench::check(bh_callback_create_raw(Instance(), addRaw, nullptr, &Address));
  else
    bench::check(bh_callback_create(Instance(), "i(i)", addTyped, nullptr, &Address));
  for (auto _ : State)
    bench::check(bh_invoke(Instance(), &F, nullptr, Address, Callbacks));
  State.SetItemsProcessed(State.iterations() * Callbacks);
  State.counters["ns_each"] =
      benchmark::Counter(Callbacks * 1e-9, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  bench::check(bh_callback_destroy(Instance(), Address));
}
BENCHMARK_CAPTURE(callBack, raw, instance, true)->Name("1000 callbacks, registers");
BENCHMARK_CAPTURE(callBack, typed, instance, false)->Name("1000 callbacks, one integer");
BENCHMARK_CAPTURE(callBack, floats, instanceFloat, true)->Name("1000 callbacks, registers, module with x87 and MXCSR");

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

// What isolation by a process costs: a byte there and a byte back.
void pipeRoundTrip(benchmark::State &State) {
  int There[2], Back[2];
  if (pipe(There) || pipe(Back)) {
    State.SkipWithError("no pipe");
    return;
  }
  char Byte = 0;
  pid_t Child = fork();
  if (Child == 0) {
    close(There[1]);
    while (read(There[0], &Byte, 1) == 1 && write(Back[1], &Byte, 1) == 1)
      ;
    _exit(0);
  }
  for (auto _ : State)
    if (write(There[1], &Byte, 1) != 1 || read(Back[0], &Byte, 1) != 1)
      State.SkipWithError("the other process is gone");
  for (int Descriptor : {There[0], There[1], Back[0], Back[1]})
    close(Descriptor);
  waitpid(Child, nullptr, 0);
}
BENCHMARK(pipeRoundTrip)->Name("pipe round trip")->UseRealTime();

} // namespace
