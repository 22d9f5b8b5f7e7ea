#include "AssemblerOptions.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/Compression.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/X86TargetParser.h"

using namespace llvm;

// What GNU as does not act on either, or what is done here anyway.
static const char *const WithoutEffect[] = {"-D",
                                            "-J",
                                            "-K",
                                            "-O0",
                                            "-Qn",
                                            "-Qy",
                                            "-X",
                                            "-f",
                                            "-k",
                                            "-nocpp",
                                            "-q",
                                            "-s",
                                            "-w",
                                            "--64",
                                            "--no-info",
                                            "--traditional-format",
                                            "--reduce-memory-overheads",
                                            "--hash-size=*",
                                            "--elf-stt-common=no",
                                            "--size-check=error",
                                            "--generate-missing-build-notes=no",
                                            "--multibyte-handling=allow",
                                            "-mamd64",
                                            "-mshared",
                                            "-mmnemonic=att",
                                            "-mx86-used-note=no",
                                            "-mrelax-relocations=no",
                                            "-momit-lock-prefix=no",
                                            "-mfence-as-lock-add=no",
                                            "-mlfence-after-load=no",
                                            "-mlfence-before-indirect-branch=none",
                                            "-mlfence-before-ret=no",
                                            "-mlfence-before-ret=none",
                                            "-malign-branch-boundary=0",
                                            "-msse-check=none",
                                            "-moperand-check=none",
                                            "-mavxscalar=128",
                                            "-mvexwig=0",
                                            "-mevexlig=128",
                                            "-mevexwig=0",
                                            "-mevexrcig=rne"};

struct Refusal {
  const char *Option; ///< a trailing '*' matches any rest
  const char *Why;
};

static const Refusal Refusals[] = {
    {"--32", "only 64-bit code can be isolated"},
    {"--x32", "modules have 64-bit pointers"},
    {"-a*", "there are no listings; use llvm-objdump -d on the object"},
    {"--listing-*", "there are no listings; use llvm-objdump -d on the object"},
    {"--statistics", "there are no statistics; drop it"},
    {"--alternate", "write '.altmacro' into the file"},
    {"-M", "MRI syntax is not available"},
    {"--mri", "MRI syntax is not available"},
    {"--MD*", "let the preprocessor write dependencies: -MD or -MMD"},
    {"-R", "code and data have sections of their own in a module"},
    {"-Z", "an object is written only if there was no error"},
    {"-n", "padding is what bundles need, and cannot be chosen"},
    {"-O*", "the layout chooses encodings; drop it"},
    {"--execstack", "stacks of modules are never executable; drop it"},
    {"-no-pad-sections", "code sections are padded to whole bundles"},
    {"--elf-stt-common=*", "it is not available"},
    {"--size-check=*", "a wrong .size is always an error"},
    {"--strip-local-absolute", "it is not available; use llvm-strip"},
    {"--sectname-subst", "it is not available"},
    {"--gstabs*", "debug information is DWARF: -g"},
    {"--gdwarf-sections", "it is not available"},
    {"--gdwarf-cie-version=*", "it is not available"},
    {"--gsframe*", "it is not available"},
    {"--scfi=*", "it is not available; write .cfi directives"},
    {"--emulation=*", "the target is always x86-64 ELF"},
    {"--multibyte-handling=*", "it is not available"},
    {"--generate-missing-build-notes=*", "it is not available"},
    {"-mrelax-relocations=*", "the linker would rewrite what is laid out in bundles; drop it"},
    {"-mbranches-within-32B-boundaries",
     "bundles already keep instructions from crossing 32 bytes, and calls end there; drop it"},
    {"-malign-branch*", "the layout of bundles decides where branches are; drop it"},
    {"-mlfence-*", "it is not available; drop it"},
    {"-madd-bnd-prefix", "the verifier refuses MPX; drop it"},
    {"-mintel64", "it is not available; drop it"},
    {"-mx86-used-note=*", "it is not available; drop it"},
    {"-momit-lock-prefix=*", "it is not available; drop it"},
    {"-mfence-as-lock-add=*", "it is not available; drop it"},
    {"-mmnemonic=*", "AT&T syntax has AT&T's mnemonics here; use Intel syntax"},
    {"-mindex-reg", "eiz and riz are always known; drop it"},
    {"-msse-check=*", "it is not available; drop it"},
    {"-moperand-check=*", "it is not available; drop it"},
    {"-mavxscalar=*", "it is not available; drop it"},
    {"-mvexwig=*", "it is not available; drop it"},
    {"-mevex*", "AVX-512 is not accepted"},
    {"-muse-unaligned-vector-move", "it is not available; drop it"},
    {"-mtls-check=*", "it is not available; drop it"},
};

static bool matches(StringRef Pattern, StringRef Option) {
  return Pattern.consume_back("*") ? Option.starts_with(Pattern) : Option == Pattern;
}

bool checkCPU(StringRef Name, StringRef Option) {
  if (Name == "native")
    return fail(Option + "native names no fixed CPU; use x86-64-v3, for example");
  SmallVector<StringRef, 64> Known;
  X86::fillValidCPUArchList(Known, /*Only64Bit=*/true);
  if (!llvm::is_contained(Known, Name))
    return fail("unknown CPU '" + Name + "' in " + Option);
  return true;
}

/// `generic64+aes`: a name, and what GNU as allows behind it.
static bool checkGNUCPU(StringRef Text, StringRef Option) {
  SmallVector<StringRef, 4> Extensions;
  Text.split(Extensions, '+');
  for (StringRef One : llvm::drop_begin(Extensions))
    if (One.starts_with("no"))
      return fail("'+" + One + "' in " + Option + ": no instructions can be forbidden");
  return Extensions[0] == "generic64" || checkCPU(Extensions[0], Option);
}

bool compressDebug(StringRef How, AssembleOptions &O) {
  O.Compression = StringSwitch<DebugCompressionType>(How)
                      .Cases({"", "zlib", "zlib-gabi"}, DebugCompressionType::Zlib)
                      .Case("zstd", DebugCompressionType::Zstd)
                      .Default(DebugCompressionType::None);
  if (How == "none" || O.Compression != DebugCompressionType::None) {
    const char *Unavailable = compression::getReasonIfUnsupported(compression::formatFor(O.Compression));
    if (O.Compression != DebugCompressionType::None && Unavailable)
      return fail("--compress-debug-sections: " + Twine(Unavailable));
    return true;
  }
  return fail("--compress-debug-sections: by '" + How + "' is not possible, only by zlib or zstd");
}

static bool define(StringRef Text, AssembleOptions &O) {
  auto [Name, Value] = Text.split('=');
  int64_t Number = 0;
  if (Name.empty() || Value.getAsInteger(0, Number))
    return fail("--defsym needs NAME=NUMBER, not '" + Text + "'");
  O.Symbols.push_back({Name.str(), Number});
  return true;
}

bool mapPrefix(StringRef Text, AssembleOptions &O) {
  if (!Text.contains('='))
    return fail("--debug-prefix-map needs OLD=NEW, not '" + Text + "'");
  O.PrefixMap.push_back({Text.split('=').first.str(), Text.split('=').second.str()});
  return true;
}

bool setSyntax(StringRef Name, AssembleOptions &O) {
  if (Name != "att" && Name != "intel")
    return fail("unknown syntax '" + Name + "' in -masm= or -msyntax=; it is att or intel");
  O.Intel = Name == "intel";
  return true;
}

bool parseDebugOption(StringRef A, AssembleOptions &O) {
  if (A.consume_front("--gdwarf-") || A.consume_front("-gdwarf-")) {
    if (A.size() != 1 || A[0] < '2' || A[0] > '5')
      return false;
    O.DwarfVersion = A[0] - '0';
  } else if (A != "-g" && A != "--gen-debug")
    return false;
  O.Debug = true;
  return true;
}

static bool parseOne(StringRef A, AssembleOptions &O) {
  StringRef V = A;
  if (V.consume_front("-I"))
    O.IncludeDirs.push_back(V.str());
  else if (V.consume_front("--defsym=") || V.consume_front("-defsym="))
    return define(V, O);
  else if (V.consume_front("--debug-prefix-map="))
    return mapPrefix(V, O);
  else if (A == "-W" || A == "--no-warn" || A == "-no-warn")
    O.NoWarn = true;
  else if (A == "--warn")
    O.NoWarn = O.FatalWarnings = false;
  else if (A == "--fatal-warnings" || A == "-fatal-warnings")
    O.FatalWarnings = true;
  else if (A == "-L" || A == "--keep-locals")
    O.KeepLocals = true;
  else if (A == "--noexecstack")
    O.NoExecStack = true;
  else if (A == "--nocompress-debug-sections")
    O.Compression = DebugCompressionType::None;
  else if (A == "--compress-debug-sections")
    return compressDebug("", O);
  else if (V.consume_front("--compress-debug-sections="))
    return compressDebug(V, O);
  else if (V.consume_front("-msyntax="))
    return setSyntax(V, O);
  else if (A == "-mnaked-reg")
    O.NakedRegisters = true;
  else if (A == "-msse2avx")
    O.SSE2AVX = true;
  else if (V.consume_front("-march=") || V.consume_front("-mtune="))
    return checkGNUCPU(V, A.drop_back(V.size()));
  else if (A == "-v" || A == "-V" || A == "--version")
    errs() << "bulkhead-as " BULKHEAD_VERSION " (LLVM " LLVM_VERSION_STRING ")\n";
  else if (!parseDebugOption(A, O)) {
    if (llvm::any_of(WithoutEffect, [&](const char *P) { return matches(P, A); }))
      return true;
    for (const Refusal &R : Refusals)
      if (matches(R.Option, A))
        return fail("assembler option " + A + ": " + R.Why);
    return fail("unknown assembler option '" + A + "'");
  }
  return true;
}

bool parseAssemblerOptions(ArrayRef<StringRef> Pieces, AssembleOptions &O) {
  for (size_t I = 0; I < Pieces.size(); ++I) {
    StringRef A = Pieces[I];
    bool Value = A == "-I" || A == "-o" || A == "--defsym" || A == "-defsym" || A == "--debug-prefix-map";
    if (!Value) {
      if (!parseOne(A, O))
        return false;
      continue;
    }
    if (++I == Pieces.size())
      return fail("assembler option " + A + " needs a value");
    StringRef V = Pieces[I];
    if (A == "-I")
      O.IncludeDirs.push_back(V.str());
    else if (A == "-o")
      return fail("assembler option -o: name the object by -o alone");
    else if (!(A == "--debug-prefix-map" ? mapPrefix(V, O) : define(V, O)))
      return false;
  }
  if (O.NakedRegisters && !O.Intel)
    return fail("assembler option -mnaked-reg: registers have '%' in AT&T syntax here; "
                "use -msyntax=intel");
  return true;
}
