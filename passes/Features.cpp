#include "Features.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/IR/Function.h"

using namespace llvm;
using namespace bulkhead;

// What the compiler chooses by itself where the processor has it. Without AVX-512's
// foundation goes all that builds on it, AVX10 included. The rest is VEX, XOP and
// REX2 encodings and read-modify-writes that the table of instructions does not have;
// and gathers, which no operand of one address confines.
static constexpr StringRef Dropped =
    "-avx512f,-fast-gather,+prefer-no-gather,+prefer-no-scatter,"
    "-avxvnni,-avxvnniint8,-avxvnniint16,-avxifma,-avxneconvert,-gfni,-sha512,-sm3,-sm4,"
    "-fma4,-xop,-tbm,-lwp,-sse4a,-cmpccxadd,-raoint,-movrs,-prefetchi,-cldemote,"
    "-egpr,-push2pop2,-ppx,-ndd,-ccmp,-nf,-cf,-zu";

void bulkhead::dropFeatures(Function &F) {
  constexpr StringRef Attribute = "target-features";
  StringRef Old = F.getFnAttribute(Attribute).getValueAsString();
  if (Old.ends_with(Dropped))
    return;
  F.addFnAttr(Attribute, Old.empty() ? Dropped.str() : (Old + "," + Dropped).str());
}

bool bulkhead::acceptsIntrinsic(const Function &F) {
  StringRef Name = F.getName();
  if (!F.isIntrinsic() || !Name.consume_front("llvm.x86."))
    return true;
  for (StringRef Not :
       {"avx2.gather", "avx2.vpdp", "sse2.maskmov.dqu", "mmx.maskmovq", "sse3.monitor", "sse3.mwait", "flags.write"})
    if (Name.starts_with(Not))
      return false;
  static constexpr StringRef Families[] = {
      "addcarry",   "aesni",       "atomic",    "avx",      "avx2",      "bmi",       "cast",      "clflushopt",
      "clwb",       "flags",       "fma",       "mmx",      "pclmulqdq", "rdpid",     "rdrand",    "rdseed",
      "rdtsc",      "rdtscp",      "seh",       "sha1msg1", "sha1msg2",  "sha1nexte", "sha1rnds4", "sha256msg1",
      "sha256msg2", "sha256rnds2", "sse",       "sse2",     "sse3",      "sse41",     "sse42",     "ssse3",
      "subborrow",  "vcvtph2ps",   "vcvtps2ph", "xgetbv"};
  return llvm::is_contained(Families, Name.split('.').first);
}
