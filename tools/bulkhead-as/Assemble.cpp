#include "Assemble.h"
#include "CodeBuffer.h"
#include "Streamers.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/MC/MCAsmBackend.h"
#include "llvm/MC/MCAsmInfo.h"
#include "llvm/MC/MCCodeEmitter.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCInstrInfo.h"
#include "llvm/MC/MCObjectFileInfo.h"
#include "llvm/MC/MCObjectWriter.h"
#include "llvm/MC/MCParser/MCAsmParser.h"
#include "llvm/MC/MCParser/MCTargetAsmParser.h"
#include "llvm/MC/MCRegisterInfo.h"
#include "llvm/MC/MCStreamer.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/MCTargetOptions.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Support/VirtualFileSystem.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;

static const char TripleName[] = "x86_64-unknown-linux-musl";

/// The preprocessor leaves lines `# N "FILE"`: messages about the text name the place
/// that it came from.
static void printDiagnostic(const SMDiagnostic &D, const SourceMgr &Sources) {
  unsigned Buffer = Sources.FindBufferContainingLoc(D.getLoc());
  std::string File = D.getFilename().str();
  int Line = D.getLineNo();
  if (Buffer) {
    StringRef Before = Sources.getMemoryBuffer(Buffer)->getBuffer();
    Before = Before.take_front(D.getLoc().getPointer() - Before.data());
    int Here = 0, Marker = 0, From = 0;
    while (!Before.empty()) {
      StringRef Text;
      std::tie(Text, Before) = Before.split('\n');
      ++Here;
      if (!Text.consume_front("# ") || Text.consumeInteger(10, From) ||
          !Text.consume_front(" \""))
        continue;
      File = Text.take_until([](char C) { return C == '"'; }).str();
      Marker = Here;
      Line = D.getLineNo() - Marker - 1 + From;
    }
  }
  SMDiagnostic(Sources, D.getLoc(), File, Line, D.getColumnNo(), D.getKind(),
               D.getMessage(), D.getLineContents(), D.getRanges(), D.getFixIts())
      .print(nullptr, errs());
}

/// One pass over the text. The object goes to \p OS.
static bool run(const AssembleOptions &O, const Target &T, raw_pwrite_stream &OS) {
  auto Text = MemoryBuffer::getFileOrSTDIN(O.Input, /*IsText=*/true);
  if (!Text) {
    errs() << "bulkhead-as: error: cannot read '" << O.Input
           << "': " << Text.getError().message() << "\n";
    return false;
  }
  SourceMgr Sources;
  Sources.AddNewSourceBuffer(std::move(*Text), SMLoc());
  Sources.setIncludeDirs(O.IncludeDirs);
  Sources.setVirtualFileSystem(vfs::getRealFileSystem());

  Triple TT(TripleName);
  MCTargetOptions Options;
  Options.X86RelaxRelocations = false; // the linker must not rewrite what is laid out
  Options.MCNoWarn = O.NoWarn;
  Options.MCFatalWarnings = O.FatalWarnings;
  std::unique_ptr<MCRegisterInfo> MRI(T.createMCRegInfo(TT));
  std::unique_ptr<MCAsmInfo> MAI(T.createMCAsmInfo(*MRI, TT, Options));
  std::unique_ptr<MCInstrInfo> MII(T.createMCInstrInfo());
  std::unique_ptr<MCSubtargetInfo> STI(
      T.createMCSubtargetInfo(TT, O.CPU, O.Features));
  MCContext Ctx(TT, MAI.get(), MRI.get(), STI.get(), &Sources, &Options);
  std::unique_ptr<MCObjectFileInfo> MOFI(
      T.createMCObjectFileInfo(Ctx, /*PIC=*/true));
  Ctx.setObjectFileInfo(MOFI.get());
  Ctx.setDiagnosticHandler(
      [](const SMDiagnostic &D, bool, const SourceMgr &SM,
         std::vector<const MDNode *> &) { printDiagnostic(D, SM); });
  Ctx.setGenDwarfForAssembly(O.Debug);
  if (O.Debug) {
    Ctx.setDwarfVersion(5);
    Ctx.setMainFileName(O.Name);
    SmallString<128> Cwd;
    if (!sys::fs::current_path(Cwd))
      Ctx.setCompilationDir(Cwd);
    Ctx.setDwarfDebugProducer("bulkhead-as");
    Ctx.setGenDwarfRootFile(
        O.Name, Sources.getMemoryBuffer(Sources.getMainFileID())->getBuffer());
  }

  std::unique_ptr<MCAsmBackend> Backend(T.createMCAsmBackend(*STI, *MRI, Options));
  auto Writer = Backend->createObjectWriter(OS);
  std::unique_ptr<MCCodeEmitter> Emitter(T.createMCCodeEmitter(*MII, Ctx));
  std::unique_ptr<MCStreamer> Streamer(T.createMCObjectStreamer(
      TT, Ctx, std::move(Backend), std::move(Writer), std::move(Emitter), *STI));
  std::unique_ptr<MCAsmParser> Parser(
      createMCAsmParser(Sources, Ctx, *Streamer, *MAI));
  std::unique_ptr<MCTargetAsmParser> TargetParser(
      T.createMCAsmParser(*STI, *Parser, *MII, Options));
  Parser->setTargetParser(*TargetParser);
  bool Failed = Parser->Run(/*NoInitialTextSection=*/false, /*NoFinalize=*/true);
  // Leaving the section lays out what is still held back, and reports what is wrong
  // with that.
  Streamer->switchSection(Ctx.getObjectFileInfo()->getTextSection());
  if (Failed || Ctx.hadError())
    return false;
  Streamer->finish();
  return !Ctx.hadError();
}

int assemble(const AssembleOptions &O) {
  static const Target *T = [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmParser();
    std::string Error;
    const Target *X86 = TargetRegistry::lookupTarget(Triple(TripleName), Error);
    if (X86)
      bulkhead::installStreamers(const_cast<Target &>(*X86));
    else
      errs() << "bulkhead-as: error: " << Error << "\n";
    return X86;
  }();
  if (!T)
    return 1;
  // A table behind the code may hold the address of a label in it. Each pass
  // learns such labels; the pass that learns nothing new has aligned them all.
  StringSet<> Late;
  bulkhead::LateAddressTaken = &Late;
  SmallString<0> Object;
  for (;;) {
    size_t Known = Late.size();
    Object.clear();
    raw_svector_ostream OS(Object);
    if (!run(O, *T, OS))
      return 1;
    if (Late.size() == Known)
      break;
  }
  std::error_code EC;
  ToolOutputFile File(O.Output, EC, sys::fs::OF_None);
  if (EC) {
    errs() << "bulkhead-as: error: cannot write '" << O.Output
           << "': " << EC.message() << "\n";
    return 1;
  }
  File.os() << Object;
  File.os().close();
  if (File.os().has_error()) {
    errs() << "bulkhead-as: error: cannot write '" << O.Output
           << "': " << File.os().error().message() << "\n";
    File.os().clear_error();
    return 1;
  }
  File.keep();
  return 0;
}
