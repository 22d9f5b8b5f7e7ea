// Instances and modules: making and unmaking them.
#include "bench.h"

#include <benchmark/benchmark.h>

namespace {

// With its start code: the C library initialises itself.
void createDestroy(benchmark::State &State) {
  bh_module *Guest = bench::guest();
  for (auto _ : State) {
    bh_instance *Instance = nullptr;
    bench::check(bh_instance_create(Guest, nullptr, &Instance));
    bench::check(bh_instance_destroy(Instance));
  }
}
BENCHMARK(createDestroy)->Name("instance create and destroy")->Unit(benchmark::kMicrosecond);

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
  for (auto _ : State) {
    bh_engine *Engine = nullptr;
    bench::check(bh_engine_create(nullptr, &Engine));
    bench::check(bh_engine_destroy(Engine));
  }
}
BENCHMARK(engineCreateDestroy)->Name("engine create and destroy")->Unit(benchmark::kMicrosecond);

} // namespace
