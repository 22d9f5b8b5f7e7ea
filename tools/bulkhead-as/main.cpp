// bulkhead-as: assembles .s and .S files into isolated code. It takes the options
// of `clang -c` that mean something to an assembler.

#include "AssemblerOptions.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/StringSaver.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

static const char Help[] =
    R"(usage: bulkhead-as [options] FILE.s|FILE.S...

Assembles x86-64 text (AT&T or Intel syntax) through the same rewriter as the
compiler plugin. A .S file is preprocessed first.

  -o FILE              the object; by default FILE.o in the current folder
  -I DIR -D N[=V] -U N -include FILE   for the preprocessor, and .include
  -x assembler | -x assembler-with-cpp   what the inputs are, whatever their names
  -g                   line numbers of the source in the object
  -masm=att|intel      the syntax
  -march=CPU           checked and accepted; as in LLVM's assembler it forbids nothing
  -Wa,OPTION[,...] -Xassembler OPTION   options of GNU as; each works or is refused
  -pthread                 for modules built for threads
  -mllvm -bulkhead-isolate=full|stores
  -mllvm -bulkhead-padding=prefix|nop
  --help --version
Other options of clang -c (-c, -O2, -fPIE, -W..., -f..., -std=...) are accepted and ignored.
Flags: an indirect branch, a return and a write to rsp (other than adding a
small constant) leave the arithmetic flags undefined.
)";

namespace {

struct CommandLine {
  AssembleOptions Base;
  std::vector<std::string> Inputs, Preprocessor;
  std::vector<const char *> LLVMOptions{"bulkhead-as"};
  std::vector<StringRef> ForAssembler; ///< what stood between the commas of -Wa,
  std::string Output, Language;
};

} // namespace

bool fail(const Twine &Message) {
  errs() << "bulkhead-as: error: " << Message << "\n";
  return false;
}

static bool parse(ArrayRef<const char *> Args, CommandLine &C) {
  auto Value = [&](size_t &I, StringRef Flag, StringRef &V) {
    V = Args[I];
    V.consume_front(Flag);
    if (!V.empty())
      return true;
    if (++I == Args.size())
      return fail("option '" + Flag + "' needs a value");
    V = Args[I];
    return true;
  };
  for (size_t I = 0; I < Args.size(); ++I) {
    StringRef A = Args[I], V;
    if (A == "--help" || A == "-help") {
      outs() << Help;
      exit(0);
    }
    if (A == "--version") {
      outs() << "bulkhead-as " BULKHEAD_VERSION " (LLVM " LLVM_VERSION_STRING ")\n";
      exit(0);
    }
    if (A.starts_with("-o")) {
      if (!Value(I, "-o", V))
        return false;
      C.Output = V.str();
    } else if (A.starts_with("-I")) {
      if (!Value(I, "-I", V))
        return false;
      C.Base.IncludeDirs.push_back(V.str());
      C.Preprocessor.push_back("-I" + V.str());
    } else if (A.starts_with("-D") || A.starts_with("-U")) {
      StringRef Flag = A.take_front(2);
      if (!Value(I, Flag, V))
        return false;
      C.Preprocessor.push_back((Flag + V).str());
    } else if (A == "-include" || A == "-isystem" || A == "-idirafter" || A == "-iquote" || A == "-imacros") {
      if (!Value(I, A, V))
        return false;
      C.Preprocessor.push_back(A.str());
      C.Preprocessor.push_back(V.str());
    } else if (A.starts_with("--sysroot=") || A == "-nostdinc" || A.starts_with("-isystem")) {
      C.Preprocessor.push_back(A.str());
    } else if (A.starts_with("-x")) {
      if (!Value(I, "-x", V))
        return false;
      if (V != "assembler" && V != "assembler-with-cpp" && V != "none")
        return fail("-x " + V + " is not assembly; use bulkhead-clang");
      C.Language = V == "none" ? "" : V.str();
    } else if (A == "-mllvm") {
      if (!Value(I, A, V))
        return false;
      C.LLVMOptions.push_back(Args[I]);
    } else if (A == "-pthread") {
      C.LLVMOptions.push_back("-bulkhead-threads");
    } else if (A.starts_with("-march=")) {
      C.Base.CPU = A.substr(7).str();
      if (!checkCPU(C.Base.CPU, "-march="))
        return false;
    } else if (A.starts_with("-masm=")) {
      if (!setSyntax(A.substr(6), C.Base))
        return false;
    } else if (A.starts_with("-Wa,")) {
      SmallVector<StringRef, 4> Pieces;
      A.drop_front(4).split(Pieces, ',');
      C.ForAssembler.insert(C.ForAssembler.end(), Pieces.begin(), Pieces.end());
    } else if (A == "-Xassembler") {
      if (!Value(I, A, V))
        return false;
      C.ForAssembler.push_back(V);
    } else if (A == "-gz" || A.starts_with("-gz=")) {
      if (!compressDebug(A == "-gz" ? "" : A.substr(4), C.Base))
        return false;
    } else if (A.starts_with("-fdebug-prefix-map=") || A.starts_with("-ffile-prefix-map=")) {
      if (!mapPrefix(A.split('=').second, C.Base))
        return false;
    } else if (A == "-g0") {
      C.Base.Debug = false;
    } else if (A.starts_with("-g")) {
      if (!parseDebugOption(A, C.Base))
        C.Base.Debug = true;
    } else if (A == "-w") {
      C.Base.NoWarn = true;
    } else if (A == "-MF" || A == "-MT" || A == "-MQ" || A == "-target" || A == "-Xclang" || A == "-resource-dir" ||
               A == "-MJ") {
      if (!Value(I, A, V))
        return false;
    } else if (A == "-m32" || A == "-mx32" || A == "-m16") {
      return fail("only 64-bit code can be isolated, not " + A);
    } else if (A == "-S" || A == "-E" || A == "-M" || A == "-MM") {
      return fail(A + " writes no object; use clang-22 for that");
    } else if (A == "-" || !A.starts_with("-")) {
      C.Inputs.push_back(A.str());
    }
  }
  if (!parseAssemblerOptions(C.ForAssembler, C.Base))
    return false;
  if (C.Inputs.empty())
    return fail("no input file; see bulkhead-as --help");
  if (C.Inputs.size() > 1 && !C.Output.empty())
    return fail("-o names one object, but there are several inputs");
  return true;
}

/// Runs the compiler's preprocessor on \p Input into \p Output.
static bool preprocess(const CommandLine &C, StringRef Input, StringRef Output) {
  auto Clang = sys::findProgramByName(BULKHEAD_CLANG);
  if (!Clang)
    return fail("cannot find " BULKHEAD_CLANG " to preprocess '" + Input +
                "'; install it, or preprocess the file yourself");
  std::vector<StringRef> Args{*Clang, "--target=x86_64-linux-musl", "-E", "-x", "assembler-with-cpp"};
  for (const std::string &A : C.Preprocessor)
    Args.push_back(A);
  Args.insert(Args.end(), {Input, "-o", Output});
  std::string Error;
  int Status = sys::ExecuteAndWait(*Clang, Args, std::nullopt, {}, 0, 0, &Error);
  if (Status < 0)
    return fail("cannot run '" + *Clang + "': " + Error);
  return Status == 0; // it has printed what was wrong
}

static int assembleOne(const CommandLine &C, StringRef Input) {
  AssembleOptions O = C.Base;
  O.Name = Input.str();
  O.Input = Input.str();
  SmallString<128> Object(C.Output);
  if (Object.empty()) {
    Object = sys::path::filename(Input);
    sys::path::replace_extension(Object, "o");
  }
  O.Output = std::string(Object);
  StringRef Ext = sys::path::extension(Input);
  if (C.Language.empty() && Ext != ".s" && Ext != ".S" && Ext != ".sx" && Input != "-") {
    fail("'" + Input + "' is neither .s nor .S; say -x assembler if it is assembly");
    return 1;
  }
  bool Cpp = C.Language == "assembler-with-cpp" || (C.Language.empty() && (Ext == ".S" || Ext == ".sx"));
  if (!Cpp)
    return assemble(O);
  SmallString<128> Temporary;
  if (auto EC = sys::fs::createTemporaryFile("bulkhead", "s", Temporary)) {
    fail("cannot create a temporary file: " + EC.message());
    return 1;
  }
  O.Input = std::string(Temporary);
  int Status = preprocess(C, Input, Temporary) ? assemble(O) : 1;
  sys::fs::remove(Temporary);
  return Status;
}

int main(int argc, char **argv) {
  BumpPtrAllocator Alloc;
  StringSaver Saver(Alloc);
  SmallVector<const char *, 64> Args(argv + 1, argv + argc);
  cl::ExpandResponseFiles(Saver, cl::TokenizeGNUCommandLine, Args);
  CommandLine C;
  if (!parse(Args, C))
    return 1;
  cl::ParseCommandLineOptions(C.LLVMOptions.size(), C.LLVMOptions.data());
  for (const std::string &Input : C.Inputs)
    if (int Status = assembleOne(C, Input))
      return Status;
  return 0;
}
