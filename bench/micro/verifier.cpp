// The verifier's rate on real code, beside a copy of the same bytes, which is the least that loading them costs.
#include "bench.h"
#include "elf.h"
#include "verify.h"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

namespace {

struct Code {
  std::vector<char> File;
  bh_elf Elf;
  std::vector<uint8_t> Bytes;
  std::vector<uint64_t> Scratch;
  bh_verify_input Input = {};
};

Code &code() {
  static Code *Loaded = [] {
    Code *C = new Code;
    std::ifstream Stream(bench::moduleFile(), std::ios::binary);
    C->File.assign(std::istreambuf_iterator<char>(Stream), {});
    bh_elf_error Error;
    if (bh_elf_parse(&C->Elf, C->File.data(), C->File.size(), &Error) != BH_ELF_OK) {
      std::fprintf(stderr, "bench-micro: %s is not a module\n", bench::moduleFile().c_str());
      std::exit(1);
    }
    C->Bytes.resize(C->Elf.code_size);
    bh_elf_fill_code(&C->Elf, C->Bytes.data());
    size_t Size = bh_verify_scratch_size(C->Bytes.size());
    C->Scratch.resize((Size + 7) / 8);
    bh_elf_verify_input(&C->Elf, C->Bytes.data(), &C->Input);
    C->Input.scratch = C->Scratch.data();
    C->Input.scratch_size = Size;
    return C;
  }();
  return *Loaded;
}

void verify(benchmark::State &State) {
  Code &C = code();
  for (auto _ : State) {
    bh_verify_facts Facts;
    if (bh_verify_code(&C.Input, &Facts) != BH_VERIFY_ACCEPTED) {
      State.SkipWithError("the code is refused");
      break;
    }
  }
  State.SetBytesProcessed(State.iterations() * C.Bytes.size());
}
BENCHMARK(verify)->Name("verify")->Unit(benchmark::kMicrosecond);

void copy(benchmark::State &State) {
  Code &C = code();
  std::vector<uint8_t> Copy(C.Bytes.size());
  for (auto _ : State) {
    std::memcpy(Copy.data(), C.Bytes.data(), Copy.size());
    benchmark::DoNotOptimize(Copy.data());
    benchmark::ClobberMemory();
  }
  State.SetBytesProcessed(State.iterations() * Copy.size());
}
BENCHMARK(copy)->Name("memcpy of the same bytes")->Unit(benchmark::kMicrosecond);

} // namespace
