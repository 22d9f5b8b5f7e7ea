// bench-micro: the cost of single operations, by Google Benchmark. tools/bench runs it; by itself it takes the options of
// Google Benchmark and --module FILE, the module whose code the verifier's benchmark works on.
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

bh_module *bench::guest() {
  static bh_module *Guest = [] {
    bh_module *New = nullptr;
    check(bh_module_load(engine(), BENCH_GUEST, nullptr, &New));
    return New;
  }();
  return Guest;
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
