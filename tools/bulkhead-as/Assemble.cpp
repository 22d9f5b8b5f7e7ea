#include "Assemble.h"
#include "CodeBuffer.h"
#include "Report.h"
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

namespace {
struct Place {
  std::string File;
  int Line;
};
} // namespace

/// The preprocessor leaves lines `# N "FILE"`: text comes from the place that they name.
static Place placeOf(SMLoc Loc, unsigned Buffer, const SourceMgr &Sources) {
  StringRef Text = Sources.getMemoryBuffer(Buffer)->getBuffer();
  Place P{Sources.getMemoryBuffer(Buffer)->getBufferIdentifier().str(), int(Sources.FindLineNumber(Loc, Buffer))};
  int Here = 0, Marker = 0, From = 0;
  for (StringRef Before = Text.take_front(Loc.getPointer() - Text.data()); !Before.empty();) {
    StringRef Line;
    std::tie(Line, Before) = Before.split('\n');
    ++Here;
    if (!Line.consume_front("# ") || Line.consumeInteger(10, From) || !Line.consume_front(" \""))
      continue;
    P.File = Line.take_until([](char C) { return C == '"'; }).str();
    Marker = Here + 1 - From;
  }
  P.Line -= Marker;
  return P;
}

static void printIncluders(unsigned Buffer, const SourceMgr &Sources) {
  for (;;) {
    SMLoc From = Sources.getBufferInfo(Buffer).IncludeLoc;
    if (!From.isValid())
      return;
    Buffer = Sources.FindBufferContainingLoc(From);
    // It is the first token behind the line of the directive.
    StringRef Text = Sources.getMemoryBuffer(Buffer)->getBuffer();
    Text = Text.take_front(From.getPointer() - Text.data()).rtrim(" \t");
    Text.consume_back("\n");
    Place P = placeOf(SMLoc::getFromPointer(Text.end()), Buffer, Sources);
    errs() << "In file included from " << P.File << ":" << P.Line << ":\n";
  }
}

/// The parser follows those lines itself, the streamer does not; so what a message says
/// about its place does not count.
static void printDiagnostic(const SMDiagnostic &D, const SourceMgr &Sources) {
  Place P{D.getFilename().str(), D.getLineNo()};
  if (unsigned Buffer = Sources.FindBufferContainingLoc(D.getLoc())) {
    P = placeOf(D.getLoc(), Buffer, Sources);
    printIncluders(Buffer, Sources);
  }
  SMDiagnostic(Sources, D.getLoc(), P.File, P.Line, D.getColumnNo(), D.getKind(), D.getMessage(), D.getLineContents(),
               D.getRanges(), D.getFixIts())
      .print(nullptr, errs());
}

namespace {
/// Which macros led to a place. Only the parser knows, and only while it is there.
class Expansions {
public:
  Expansions(SourceMgr &Sources) : Sources(Sources) {
    Sources.setDiagHandler([](const SMDiagnostic &D, void *Self) { static_cast<Expansions *>(Self)->take(D); }, this);
  }

  /// The parser is at \p Loc.
  void note(MCAsmParser &Parser, SMLoc Loc) {
    // Usually this is the newest text, or the one before.
    if (contains(Current, Loc))
      return;
    unsigned Newest = Sources.getNumBuffers();
    Current = contains(Newest, Loc) ? Newest : Sources.FindBufferContainingLoc(Loc);
    if (!Current || Uses.count(Current) || Sources.getMemoryBuffer(Current)->getBufferIdentifier() != "<instantiation>")
      return;
    // Its notes say from where macros are in use; the first is this one.
    Learning = &Uses[Current];
    Parser.Note(Loc, "");
    Learning->erase(Learning->begin());
    Learning = nullptr;
  }

  /// Prints the notes that the parser would have printed with an error at \p Loc.
  void print(SMLoc Loc) const {
    auto Use = Uses.find(Sources.FindBufferContainingLoc(Loc));
    if (Use == Uses.end())
      return;
    for (SMLoc From : Use->second)
      printDiagnostic(Sources.GetMessage(From, SourceMgr::DK_Note, "while in macro instantiation"), Sources);
  }

private:
  bool contains(unsigned Buffer, SMLoc Loc) const {
    if (!Buffer)
      return false;
    StringRef Text = Sources.getMemoryBuffer(Buffer)->getBuffer();
    return Loc.getPointer() >= Text.begin() && Loc.getPointer() <= Text.end();
  }
  void take(const SMDiagnostic &D) {
    if (Learning)
      Learning->push_back(D.getLoc());
    else
      printDiagnostic(D, Sources);
  }

  SourceMgr &Sources;
  unsigned Current = 0;
  DenseMap<unsigned, std::vector<SMLoc>> Uses;
  std::vector<SMLoc> *Learning = nullptr;
};
} // namespace

/// One pass over the text. The object goes to \p OS.
static bool run(const AssembleOptions &O, const Target &T, raw_pwrite_stream &OS) {
  auto Text = MemoryBuffer::getFileOrSTDIN(O.Input, /*IsText=*/true);
  if (!Text) {
    errs() << "bulkhead-as: error: cannot read '" << O.Input << "': " << Text.getError().message() << "\n";
    return false;
  }
  SourceMgr Sources;
  Sources.AddNewSourceBuffer(std::move(*Text), SMLoc());
  Sources.setIncludeDirs(O.IncludeDirs);
  Sources.setVirtualFileSystem(vfs::getRealFileSystem());
  Expansions Macros(Sources);

  Triple TT(TripleName);
  MCTargetOptions Options;
  Options.X86RelaxRelocations = false; // the linker must not rewrite what is laid out
  Options.MCNoWarn = O.NoWarn;
  Options.MCFatalWarnings = O.FatalWarnings;
  Options.MCSaveTempLabels = O.KeepLocals;
  Options.X86Sse2Avx = O.SSE2AVX;
  Options.CompressDebugSections = O.Compression;
  std::unique_ptr<MCRegisterInfo> MRI(T.createMCRegInfo(TT));
  std::unique_ptr<MCAsmInfo> MAI(T.createMCAsmInfo(*MRI, TT, Options));
  std::unique_ptr<MCInstrInfo> MII(T.createMCInstrInfo());
  std::unique_ptr<MCSubtargetInfo> STI(T.createMCSubtargetInfo(TT, O.CPU, O.Features));
  MCContext Ctx(TT, MAI.get(), MRI.get(), STI.get(), &Sources, &Options);
  std::unique_ptr<MCObjectFileInfo> MOFI(T.createMCObjectFileInfo(Ctx, /*PIC=*/true));
  Ctx.setObjectFileInfo(MOFI.get());
  Ctx.setDiagnosticHandler([&](const SMDiagnostic &D, bool, const SourceMgr &SM, std::vector<const MDNode *> &) {
    printDiagnostic(D, SM);
    Macros.print(D.getLoc());
  });
  Ctx.setGenDwarfForAssembly(O.Debug);
  if (O.Debug) {
    Ctx.setDwarfVersion(O.DwarfVersion);
    for (const auto &[Old, New] : O.PrefixMap)
      Ctx.addDebugPrefixMapEntry(Old, New);
    Ctx.setMainFileName(O.Name);
    SmallString<128> Cwd;
    if (!sys::fs::current_path(Cwd))
      Ctx.setCompilationDir(Cwd);
    Ctx.setDwarfDebugProducer("bulkhead-as");
    Ctx.setGenDwarfRootFile(O.Name, Sources.getMemoryBuffer(Sources.getMainFileID())->getBuffer());
  }

  std::unique_ptr<MCAsmBackend> Backend(T.createMCAsmBackend(*STI, *MRI, Options));
  auto Writer = Backend->createObjectWriter(OS);
  std::unique_ptr<MCCodeEmitter> Emitter(T.createMCCodeEmitter(*MII, Ctx));
  std::unique_ptr<MCStreamer> Streamer(
      T.createMCObjectStreamer(TT, Ctx, std::move(Backend), std::move(Writer), std::move(Emitter), *STI));
  std::unique_ptr<MCAsmParser> Parser(createMCAsmParser(Sources, Ctx, *Streamer, *MAI));
  std::unique_ptr<MCTargetAsmParser> TargetParser(T.createMCAsmParser(*STI, *Parser, *MII, Options));
  Parser->setTargetParser(*TargetParser);
  Parser->setAssemblerDialect(O.Intel);
  for (const auto &[Name, Value] : O.Symbols)
    Ctx.setSymbolValue(*Streamer, Name, Value);
  auto Note = [&](SMLoc Loc) { Macros.note(*Parser, Loc); };
  bulkhead::WrittenAt = Note;
  bool Failed = Parser->Run(/*NoInitialTextSection=*/false, /*NoFinalize=*/true);
  bulkhead::WrittenAt = nullptr;
  // Lays out what is still held back, and reports what is wrong with that.
  bulkhead::finishCode(*Streamer);
  if (O.NoExecStack)
    Streamer->switchSection(MAI->getStackSection(Ctx, /*Exec=*/false));
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
    errs() << "bulkhead-as: error: cannot write '" << O.Output << "': " << EC.message() << "\n";
    return 1;
  }
  File.os() << Object;
  File.os().close();
  if (File.os().has_error()) {
    errs() << "bulkhead-as: error: cannot write '" << O.Output << "': " << File.os().error().message() << "\n";
    File.os().clear_error();
    return 1;
  }
  File.keep();
  return 0;
}
