// The verifier's rate on real code, beside a copy of the same bytes, which is the least that loading them costs, and
// beside an independent decoder that merely finds where the instructions are.
#include "bench.h"
#include "elf.h"
#include "verify.h"

#include <Zydis/Zydis.h>
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
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

/// This thread's processor time, so that what else runs on the machine is not counted.
double processorTime() {
  timespec Now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &Now);
  return double(Now.tv_sec) + double(Now.tv_nsec) / 1e9;
}

bool verifyOnce(Code &C, bool Statistics) {
  bh_verify_facts Facts;
  C.Input.statistics = Statistics;
  return bh_verify_code(&C.Input, &Facts) == BH_VERIFY_ACCEPTED;
}

void copyOnce(const Code &C, std::vector<uint8_t> &Copy) {
  std::memcpy(Copy.data(), C.Bytes.data(), Copy.size());
  benchmark::DoNotOptimize(Copy.data());
  benchmark::ClobberMemory();
}

/// Decodes every instruction, operands left out. Code that the verifier accepts decodes from one instruction to the
/// next.
bool decodeOnce(const ZydisDecoder &Decoder, const Code &C) {
  ZydisDecodedInstruction Insn;
  for (size_t At = 0; At < C.Bytes.size(); At += Insn.length)
    if (ZYAN_FAILED(ZydisDecoderDecodeInstruction(&Decoder, nullptr, C.Bytes.data() + At, C.Bytes.size() - At, &Insn)))
      return false;
  return true;
}

double median(std::vector<double> Values) {
  std::nth_element(Values.begin(), Values.begin() + Values.size() / 2, Values.end());
  return Values[Values.size() / 2];
}

void verify(benchmark::State &State, bool Statistics) {
  Code &C = code();
  for (auto _ : State)
    if (!verifyOnce(C, Statistics)) {
      State.SkipWithError("the code is refused");
      break;
    }
  State.SetBytesProcessed(State.iterations() * C.Bytes.size());
}
BENCHMARK_CAPTURE(verify, , false)->Name("verify")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(verify, , true)->Name("verify, with statistics")->Unit(benchmark::kMicrosecond);

void copy(benchmark::State &State) {
  Code &C = code();
  std::vector<uint8_t> Copy(C.Bytes.size());
  for (auto _ : State)
    copyOnce(C, Copy);
  State.SetBytesProcessed(State.iterations() * Copy.size());
}
BENCHMARK(copy)->Name("memcpy of the same bytes")->Unit(benchmark::kMicrosecond);

void decode(benchmark::State &State) {
  Code &C = code();
  ZydisDecoder Decoder;
  ZydisDecoderInit(&Decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  for (auto _ : State)
    if (!decodeOnce(Decoder, C)) {
      State.SkipWithError("Zydis does not know an instruction");
      break;
    }
  State.SetBytesProcessed(State.iterations() * C.Bytes.size());
}
BENCHMARK(decode)->Name("Zydis decoding the same bytes")->Unit(benchmark::kMicrosecond);

/// All three in turn, so that the ratios hold on a machine whose speed drifts: medians over the iterations.
void beside(benchmark::State &State) {
  Code &C = code();
  std::vector<uint8_t> Copy(C.Bytes.size());
  std::vector<double> ToCopy, ToZydis, Rate;
  ZydisDecoder Decoder;
  ZydisDecoderInit(&Decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  copyOnce(C, Copy); // touches its pages
  for (auto _ : State) {
    double Start = processorTime();
    decodeOnce(Decoder, C);
    double Decoded = processorTime();
    copyOnce(C, Copy);
    double Copied = processorTime();
    verifyOnce(C, false);
    double Zydis = Decoded - Start, Memcpy = Copied - Decoded, Verify = processorTime() - Copied;
    ToCopy.push_back(Verify / Memcpy);
    ToZydis.push_back(Zydis / Verify);
    Rate.push_back(double(C.Bytes.size()) / Verify / 1e6);
    State.SetIterationTime(Verify);
  }
  State.counters["MB/s"] = median(Rate);
  State.counters["memcpy=1"] = median(ToCopy);
  State.counters["faster_than_Zydis"] = median(ToZydis);
}
BENCHMARK(beside)->Name("verify, paired")->UseManualTime()->Unit(benchmark::kMicrosecond)->MinTime(2.0);

} // namespace
