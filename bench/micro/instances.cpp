// Instances and modules: making, resetting and unmaking them, by one thread and by two.
#include "bench.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

double secondsSince(Clock::time_point Start) { return std::chrono::duration<double>(Clock::now() - Start).count(); }

// An engine that unmaps the slots of destroyed instances, so that each instance is made from nothing.
bh_module *unmappingGuest() {
  static bh_module *Guest = [] {
    bh_engine_options Options = {};
    Options.struct_size = sizeof(Options);
    Options.unmap_slots = true;
    bh_engine *Engine = nullptr;
    bh_module *Module = nullptr;
    bench::check(bh_engine_create(&Options, &Engine));
    bench::check(bh_module_load(Engine, BENCH_GUEST, nullptr, &Module));
    return Module;
  }();
  return Guest;
}

// With its start code: the C library initialises itself. Destroying is not counted.
template <bh_module *Guest()> void createOnly(benchmark::State &State) {
  bh_module *Module = Guest();
  for (auto _ : State) {
    auto Start = Clock::now();
    bh_instance *Instance = bench::create(Module);
    State.SetIterationTime(secondsSince(Start));
    bench::check(bh_instance_destroy(Instance));
  }
}
BENCHMARK(createOnly<bench::guest>)->Name("instance create, kept slot")->UseManualTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(createOnly<unmappingGuest>)
    ->Name("instance create, new slot")
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

template <bh_module *Guest()> void destroyOnly(benchmark::State &State) {
  bh_module *Module = Guest();
  for (auto _ : State) {
    bh_instance *Instance = bench::create(Module);
    auto Start = Clock::now();
    bench::check(bh_instance_destroy(Instance));
    State.SetIterationTime(secondsSince(Start));
  }
}
BENCHMARK(destroyOnly<bench::guest>)
    ->Name("instance destroy, slot kept")
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(destroyOnly<unmappingGuest>)
    ->Name("instance destroy, slot unmapped")
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

template <bh_module *Guest()> void createCallDestroy(benchmark::State &State) {
  bh_module *Module = Guest();
  for (auto _ : State) {
    bh_instance *Instance = bench::create(Module);
    bh_function Function = bench::function(Instance, "add", "i(ii)");
    bh_value Result;
    bench::check(bh_invoke(Instance, &Function, &Result, 1, 2));
    bench::check(bh_instance_destroy(Instance));
  }
  State.SetItemsProcessed(State.iterations());
}
BENCHMARK(createCallDestroy<bench::guest>)
    ->Name("instance create, call, destroy, kept slot")
    ->ThreadRange(1, 2)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(createCallDestroy<unmappingGuest>)
    ->Name("instance create, call, destroy, new slot")
    ->ThreadRange(1, 2)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

void resetOnly(benchmark::State &State) {
  bh_instance *Instance = bench::create(bench::guest());
  for (auto _ : State)
    bench::check(bh_instance_reset(Instance));
  State.SetItemsProcessed(State.iterations());
  bench::check(bh_instance_destroy(Instance));
}
BENCHMARK(resetOnly)->Name("instance reset")->ThreadRange(1, 2)->UseRealTime()->Unit(benchmark::kMicrosecond);

// What a host does that gives every request a new instance.
void callReset(benchmark::State &State) {
  bh_instance *Instance = bench::create(bench::guest());
  bh_function Function = bench::function(Instance, "add", "i(ii)");
  bh_value Result;
  for (auto _ : State) {
    bench::check(bh_invoke(Instance, &Function, &Result, 1, 2));
    bench::check(bh_instance_reset(Instance));
  }
  State.SetItemsProcessed(State.iterations());
  bench::check(bh_instance_destroy(Instance));
}
BENCHMARK(callReset)->Name("instance call and reset")->ThreadRange(1, 2)->UseRealTime()->Unit(benchmark::kMicrosecond);

// The same for a guest that used its heap: memory that it mapped is given back, and mapped again by the next call.
void heapReset(benchmark::State &State) {
  bh_instance *Instance = bench::create(bench::guest());
  bh_function Function = bench::function(Instance, "use_heap", "i()");
  bh_value Result;
  for (auto _ : State) {
    bench::check(bh_invoke(Instance, &Function, &Result));
    bench::check(bh_instance_reset(Instance));
  }
  State.SetItemsProcessed(State.iterations());
  bench::check(bh_instance_destroy(Instance));
}
// The reset alone.
void resetAfterHeap(benchmark::State &State) {
  bh_instance *Instance = bench::create(bench::guest());
  bh_function Function = bench::function(Instance, "use_heap", "i()");
  bh_value Result;
  for (auto _ : State) {
    bench::check(bh_invoke(Instance, &Function, &Result));
    auto Start = Clock::now();
    bench::check(bh_instance_reset(Instance));
    State.SetIterationTime(secondsSince(Start));
  }
  bench::check(bh_instance_destroy(Instance));
}
BENCHMARK(resetAfterHeap)->Name("instance reset after malloc")->UseManualTime()->Unit(benchmark::kMicrosecond);

BENCHMARK(heapReset)
    ->Name("instance call with malloc, and reset")
    ->ThreadRange(1, 2)
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

// How much later than its deadline a loop ends.
void deadline(benchmark::State &State) {
  constexpr double Allowed = 0.020;
  bh_instance *Instance = bench::create(bench::guest());
  bh_function Function = bench::function(Instance, "forever", "v()");
  bench::check(bh_instance_set_deadline(Instance, Allowed * 1e9));
  std::vector<double> Late;
  for (auto _ : State) {
    auto Start = Clock::now();
    if (bh_invoke(Instance, &Function, nullptr) != BH_ERROR_DEADLINE)
      State.SkipWithError("the loop did not end by its deadline");
    Late.push_back(secondsSince(Start) - Allowed);
    State.SetIterationTime(Late.back());
    bench::check(bh_instance_reset(Instance));
    // With real-time priority the kernel would else stop this thread, which runs all the time, for 50 ms in each
    // second.
    std::this_thread::sleep_for(std::chrono::milliseconds(6));
  }
  std::sort(Late.begin(), Late.end());
  State.counters["median_us"] = Late[Late.size() / 2] * 1e6;
  State.counters["most_us"] = Late.back() * 1e6;
  bench::check(bh_instance_destroy(Instance));
}
BENCHMARK(deadline)
    ->Name("instance deadline of 20 ms, late by")
    ->Iterations(200)
    ->UseManualTime()
    ->Unit(benchmark::kMicrosecond);

void shareUnshare(benchmark::State &State) {
  bh_instance *Instance = bench::create(bench::guest());
  void *Memory = nullptr;
  bench::check(bh_shared_create(65536, &Memory));
  for (auto _ : State) {
    bh_address At;
    bench::check(bh_share(Instance, Memory, 65536, BH_READ_ONLY, &At));
    bench::check(bh_unshare(Instance, At));
  }
  bench::check(bh_instance_destroy(Instance));
  bench::check(bh_shared_destroy(Memory));
}
BENCHMARK(shareUnshare)->Name("share and unshare 64 KiB")->Unit(benchmark::kMicrosecond);

// Reading, verifying and sealing the module of --module.
void loadModule(benchmark::State &State) {
  for (auto _ : State) {
    bh_module *Module = nullptr;
    bench::check(bh_module_load(bench::engine(), bench::moduleFile().c_str(), nullptr, &Module));
    bench::check(bh_module_destroy(Module));
  }
}
BENCHMARK(loadModule)->Name("module load and destroy")->Unit(benchmark::kMicrosecond);

void engineCreateDestroy(benchmark::State &State) {
  bh_engine_options Options = {};
  Options.struct_size = sizeof(Options);
  Options.slots = State.range(0);
  for (auto _ : State) {
    bh_engine *Engine = nullptr;
    bench::check(bh_engine_create(&Options, &Engine));
    bench::check(bh_engine_destroy(Engine));
  }
}
BENCHMARK(engineCreateDestroy)
    ->Name("engine create and destroy, slots")
    ->Arg(16)
    ->Arg(30000)
    ->Unit(benchmark::kMicrosecond);

} // namespace
