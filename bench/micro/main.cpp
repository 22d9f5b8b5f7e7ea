// bench-micro: the cost of single operations, by Google Benchmark. tools/bench runs it; by itself it takes the options
// of Google Benchmark and --module FILE, the module whose code the verifier's benchmark works on.
#include "bench.h"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

static std::string Module = BENCH_GUEST;

void bench::check(bh_error Error) {
  if (Error == BH_OK)
    return;
  std::fprintf(stderr, "bench-micro: %s\n", bh_last_error()->text);
  std::exit(1);
}

bh_engine *bench::engine() {
  static bh_engine *Engine = [] {
    bh_engine *New = nullptr;
    check(bh_engine_create(nullptr, &New));
    return New;
  }();
  return Engine;
}

static bh_module *load(bh_engine *Engine, const char *File) {
  bh_module *Module = nullptr;
  bench::check(bh_module_load(Engine, File, nullptr, &Module));
  return Module;
}

bh_module *bench::guest() {
  static bh_module *Guest = load(engine(), BENCH_GUEST);
  return Guest;
}

bh_module *bench::guestFloat() {
  static bh_module *Guest = load(engine(), BENCH_GUEST_FLOAT);
  return Guest;
}

bh_module *bench::guestWithoutFsgsbase() {
  static bh_module *Guest = [] {
    bh_engine_options Options = {};
    Options.struct_size = sizeof(Options);
    Options.no_fsgsbase = true;
    bh_engine *Engine = nullptr;
    check(bh_engine_create(&Options, &Engine));
    return load(Engine, BENCH_GUEST);
  }();
  return Guest;
}

bh_instance *bench::create(bh_module *Module) {
  bh_instance *New = nullptr;
  check(bh_instance_create(Module, nullptr, &New));
  return New;
}

bh_function bench::function(bh_instance *Instance, const char *Name, const char *Signature) {
  bh_function Found;
  check(bh_instance_function(Instance, Name, Signature, &Found));
  return Found;
}

const std::string &bench::moduleFile() { return Module; }

/// The processor's name, for the report's head.
static std::string processor() {
  std::ifstream Info("/proc/cpuinfo");
  for (std::string Line; std::getline(Info, Line);)
    if (Line.rfind("model name", 0) == 0 && Line.find(": ") != std::string::npos)
      return Line.substr(Line.find(": ") + 2);
  return "unknown";
}

int main(int Argc, char **Argv) {
  int Kept = 1;
  for (int I = 1; I < Argc; ++I) {
    if (!std::strcmp(Argv[I], "--module") && I + 1 < Argc)
      Module = Argv[++I];
    else
      Argv[Kept++] = Argv[I];
  }
  Argv[Kept] = nullptr;
  Argc = Kept;
  benchmark::Initialize(&Argc, Argv);
  benchmark::AddCustomContext("processor", processor());
  if (benchmark::ReportUnrecognizedArguments(Argc, Argv))
    return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
