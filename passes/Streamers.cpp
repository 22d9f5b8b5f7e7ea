#include "Streamers.h"
#include "AsmForwarder.h"
#include "CodeBuffer.h"
#include "Options.h"
#include "Report.h"
#include "bulkhead/layout.h"
#include "llvm/BinaryFormat/Dwarf.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/MC/MCAsmBackend.h"
#include "llvm/MC/MCAsmInfo.h"
#include "llvm/MC/MCAssembler.h"
#include "llvm/MC/MCCodeEmitter.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCDwarf.h"
#include "llvm/MC/MCELFStreamer.h"
#include "llvm/MC/MCExpr.h"
#include "llvm/MC/MCInstPrinter.h"
#include "llvm/MC/MCObjectWriter.h"
#include "llvm/MC/MCSectionELF.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/Casting.h"
#include "llvm/Support/EndianStream.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/FormattedStream.h"
#include "llvm/Support/LEB128.h"
#include "llvm/Support/SaveAndRestore.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/TargetParser/Triple.h"

using namespace llvm;
using namespace bulkhead;

static Target *X86;

namespace {

/// Holds back everything that concerns a text section until the function ends,
/// then replays it confined and in bundles.
template <class Base> class BundleStreamer : public Base, CodeSink {
  static constexpr bool IsText = std::is_same_v<Base, AsmForwarder>;

public:
  template <typename... Args>
  BundleStreamer(MCContext &Ctx, Args &&...A) : Base(Ctx, std::forward<Args>(A)...), Buffer(*X86, Ctx, *this) {}

  using Base::emitFill;

  void emitInstruction(const MCInst &I, const MCSubtargetInfo &STI) override {
    if (!holding()) // in a section of data nobody executes it
      return Base::emitInstruction(I, STI);
    Buffer.addInstruction(I, STI);
  }

  void emitLabel(MCSymbol *S, SMLoc Loc) override {
    if (!holding())
      return Base::emitLabel(S, Loc);
    Buffer.addLabel(S, Loc, this->getCurrentSectionOnly());
  }

  void emitCodeAlignment(Align A, const MCSubtargetInfo *STI, unsigned Max) override {
    if (!holding())
      return Base::emitCodeAlignment(A, STI, Max);
    Buffer.addAlignment(A, Max, this->getStartTokLoc());
  }
  void emitValueToAlignment(Align A, int64_t V, uint8_t L, unsigned Max) override {
    if (!holding())
      return Base::emitValueToAlignment(A, V, L, Max);
    Buffer.addAlignment(A, Max, this->getStartTokLoc());
  }

  // What is written between code is decoded (RawCode.h), so its bytes must be known.
  void emitBytes(StringRef D) override {
    if (!holding())
      return Base::emitBytes(D);
    if (!D.empty())
      Buffer.addData(D.str(), this->getStartTokLoc());
  }
  void emitIntValue(uint64_t V, unsigned Size) override {
    if (!holding())
      return Base::emitIntValue(V, Size);
    emitBytes(littleEndian(V, Size));
  }
  void emitValueImpl(const MCExpr *V, unsigned Size, SMLoc Loc) override {
    if (!holding()) {
      noteReferences(V, Loc);
      return Base::emitValueImpl(V, Size, Loc);
    }
    int64_t Value;
    if (V->evaluateAsAbsolute(Value))
      return emitBytes(littleEndian(Value, Size));
    Buffer.addData({}, Loc.isValid() ? Loc : this->getStartTokLoc());
  }
  void emitFill(const MCExpr &N, uint64_t V, SMLoc Loc) override {
    if (!holding())
      return Base::emitFill(N, V, Loc);
    fill(N, 1, V, Loc);
  }
  void emitFill(const MCExpr &N, int64_t Size, int64_t V, SMLoc Loc) override {
    if (!holding())
      return Base::emitFill(N, Size, V, Loc);
    fill(N, Size, V, Loc);
  }
  void emitNops(int64_t N, int64_t Max, SMLoc Loc, const MCSubtargetInfo &STI) override {
    if (!holding())
      return Base::emitNops(N, Max, Loc, STI);
    if (N > LargestFill)
      return reportAt(this->getContext(), Loc, TooLarge);
    if (N > 0)
      Buffer.addNops(N, Max > 0 ? Max : N, STI, Loc);
  }
  void emitULEB128Value(const MCExpr *V) override {
    int64_t Value;
    if (holding() && V->evaluateAsAbsolute(Value))
      this->emitULEB128IntValue(Value);
    else if (!refuse({}, NoNumber))
      Base::emitULEB128Value(V);
  }
  void emitSLEB128Value(const MCExpr *V) override {
    int64_t Value;
    if (holding() && V->evaluateAsAbsolute(Value))
      this->emitSLEB128IntValue(Value);
    else if (!refuse({}, NoNumber))
      Base::emitSLEB128Value(V);
  }
  void emitValueToOffset(const MCExpr *O, unsigned char V, SMLoc Loc) override {
    if (!refuse(Loc, "code moves, so '.org' cannot say where; use '.p2align'"))
      Base::emitValueToOffset(O, V, Loc);
  }
  void emitRelocDirective(const MCExpr &Offset, StringRef Name, const MCExpr *Expr, SMLoc Loc) override {
    // This one only keeps a section from being discarded.
    if (holding() && (Name == "R_X86_64_NONE" || Name == "BFD_RELOC_NONE"))
      return act(
          [this, Offset = &Offset, N = Name.str(), Expr, Loc] { Base::emitRelocDirective(*Offset, N, Expr, Loc); });
    if (!refuse(Loc, "'.reloc' would change code after it was laid out; write the "
                     "instruction"))
      Base::emitRelocDirective(Offset, Name, Expr, Loc);
  }
  // Distances between labels that are still held back are not known yet.
  void emitAbsoluteSymbolDiff(const MCSymbol *Hi, const MCSymbol *Lo, unsigned Size) override {
    if (Buffer.empty())
      return Base::emitAbsoluteSymbolDiff(Hi, Lo, Size);
    MCContext &Ctx = this->getContext();
    this->emitValue(MCBinaryExpr::createSub(MCSymbolRefExpr::create(Hi, Ctx), MCSymbolRefExpr::create(Lo, Ctx), Ctx),
                    Size);
  }

  void emitELFSize(MCSymbol *S, const MCExpr *V) override {
    act([=] { Base::emitELFSize(S, V); });
  }
  void emitDwarfLocDirective(unsigned File, unsigned Line, unsigned Column, unsigned Flags, unsigned Isa,
                             unsigned Discriminator, StringRef Name, StringRef Comment) override {
    act([=, N = Name.str()] { Base::emitDwarfLocDirective(File, Line, Column, Flags, Isa, Discriminator, N, {}); });
  }
  // Comments belong to lines that are printed later, if at all.
  void AddComment(const Twine &T, bool EOL) override {
    if (!holding())
      Base::AddComment(T, EOL);
  }
  raw_ostream &getCommentOS() override { return holding() ? nulls() : Base::getCommentOS(); }
  void emitRawComment(const Twine &T, bool Tab) override {
    act([this, S = T.str(), Tab] { Base::emitRawComment(S, Tab); });
  }
  void addBlankLine() override {
    act([this] { Base::addBlankLine(); });
  }
  void addExplicitComment(const Twine &T) override {}
  void emitRawTextImpl(StringRef S) override {
    passBy();
    Base::emitRawTextImpl(S);
  }

  bool emitSymbolAttribute(MCSymbol *S, MCSymbolAttr A) override {
    if (A == MCSA_ELF_TypeIndFunction)
      reportAt(this->getContext(), this->getStartTokLoc(),
               "'" + S->getName() +
                   "' would be resolved by a loader that does not exist here; choose the "
                   "implementation at build time or through a function pointer");
    if (A == MCSA_ELF_TypeFunction)
      Buffer.note(*S, RawCode::Function);
    else if (A == MCSA_ELF_TypeObject || A == MCSA_ELF_TypeTLS)
      Buffer.note(*S, RawCode::Object);
    else if (A == MCSA_Global || A == MCSA_Weak)
      Buffer.note(*S, RawCode::Visible);
    return Base::emitSymbolAttribute(S, A);
  }

  // Sections.
  void switchSection(MCSection *S, uint32_t Sub) override {
    flush();
    // The code generator ends in this section. An object streamer's finishImpl is final,
    // and the hook that targets have in its place is taken by X86's own.
    if (S->getName() == ".note.GNU-stack")
      finishCode();
    Base::switchSection(S, Sub);
  }
  bool popSection() override {
    flush();
    return Base::popSection();
  }
  void changeSection(MCSection *S, uint32_t Sub) override {
    flush();
    unsigned Flags = static_cast<MCSectionELF *>(S)->getFlags();
    if (StringRef Why = whyNeverRun(S->getName()); !Why.empty() && !Replaying)
      reportAt(this->getContext(), this->getStartTokLoc(), "section '" + S->getName() + "': " + Why);
    if (Flags & ELF::SHF_EXECINSTR && Flags & ELF::SHF_WRITE && !Replaying)
      reportAt(this->getContext(), this->getStartTokLoc(),
               "section '" + S->getName() + "' is writable and executable, which nothing is in a module");
    Text = Flags & ELF::SHF_EXECINSTR;
    Alloc = static_cast<MCSectionELF *>(S)->getFlags() & ELF::SHF_ALLOC && S->getName() != ".eh_frame";
    Base::changeSection(S, Sub);
  }
  ~BundleStreamer() override {
    if (!Buffer.empty() && !this->getContext().hadError())
      report_fatal_error("bulkhead: code was left behind at the end of the file");
  }
  void reset() override {
    Text = false;
    Base::reset();
  }

  // Unwind information. The end of a frame closes it for good, so everything
  // inside must have been replayed by then.
  void emitCFIStartProcImpl(MCDwarfFrameInfo &Frame) override {
    if constexpr (IsText) {
      // The frame may move in memory when another one is opened.
      act([this, Simple = Frame.IsSimple] { this->inner().emitCFIStartProc(Simple); });
    } else { // the base class's version is private; it sets the frame's label
      Frame.Begin = this->getContext().createTempSymbol("func_begin", true);
      emitLabel(Frame.Begin, SMLoc());
    }
  }
  void emitCFIEndProcImpl(MCDwarfFrameInfo &Frame) override {
    flush();
    if constexpr (IsText) {
      Base::emitCFIEndProcImpl(Frame);
    } else {
      Frame.End = this->getContext().createTempSymbol("func_end", true);
      emitLabel(Frame.End, SMLoc());
      flush();
    }
  }
#define CFI1(NAME, T1)                                                                                                 \
  void NAME(T1 A) override {                                                                                           \
    act([=] { Base::NAME(A); });                                                                                       \
  }
#define CFI2(NAME, T1, T2)                                                                                             \
  void NAME(T1 A, T2 B) override {                                                                                     \
    act([=] { Base::NAME(A, B); });                                                                                    \
  }
#define CFI3(NAME, T1, T2, T3)                                                                                         \
  void NAME(T1 A, T2 B, T3 C) override {                                                                               \
    act([=] { Base::NAME(A, B, C); });                                                                                 \
  }
  CFI3(emitCFIDefCfa, int64_t, int64_t, SMLoc)
  CFI2(emitCFIDefCfaOffset, int64_t, SMLoc)
  CFI2(emitCFIDefCfaRegister, int64_t, SMLoc)
  CFI3(emitCFIOffset, int64_t, int64_t, SMLoc)
  CFI2(emitCFIPersonality, const MCSymbol *, unsigned)
  CFI2(emitCFILsda, const MCSymbol *, unsigned)
  CFI1(emitCFIRememberState, SMLoc)
  CFI1(emitCFIRestoreState, SMLoc)
  CFI2(emitCFISameValue, int64_t, SMLoc)
  CFI2(emitCFIRestore, int64_t, SMLoc)
  CFI3(emitCFIRelOffset, int64_t, int64_t, SMLoc)
  CFI2(emitCFIAdjustCfaOffset, int64_t, SMLoc)
  CFI1(emitCFIReturnColumn, int64_t)
  CFI2(emitCFIGnuArgsSize, int64_t, SMLoc)
  CFI2(emitCFIUndefined, int64_t, SMLoc)
  CFI3(emitCFIRegister, int64_t, int64_t, SMLoc)
  CFI3(emitCFIValOffset, int64_t, int64_t, SMLoc)
#undef CFI1
#undef CFI2
#undef CFI3
  void emitCFISignalFrame() override {
    act([this] { Base::emitCFISignalFrame(); });
  }
  void emitCFIEscape(StringRef V, SMLoc Loc) override {
    act([this, S = V.str(), Loc] { Base::emitCFIEscape(S, Loc); });
  }

  /// No code follows, so far as is known: what is held back goes out, and the ends of
  /// sections are padded.
  void finishCode() {
    flush();
    SaveAndRestore Guard(Replaying, true);
    MCSectionSubPair Here = this->getCurrentSection();
    Buffer.finish([this](MCSectionSubPair Place) { Base::switchSection(Place.first, Place.second); });
    emitTraits();
    if (Here.first)
      Base::switchSection(Here.first, Here.second);
  }

protected:
  void flush() {
    if (Replaying || Buffer.empty())
      return;
    SaveAndRestore Guard(Replaying, true);
    bool RelaxAll = false;
    if constexpr (!IsText)
      RelaxAll = this->getAssembler().getRelaxAll();
    Buffer.flush(this->getCurrentSection(), RelaxAll);
  }

private:
  bool holding() const { return Text && !Replaying; }
  void act(std::function<void()> F) {
    if (holding())
      Buffer.addAction(std::move(F));
    else
      F();
  }
  /// Something whose size is not known here goes into the section.
  void passBy() {
    if (!holding())
      return;
    flush();
    Buffer.forgetOffset(this->getCurrentSection());
  }
  /// What can stand among data, but not in code. Returns whether that was reported.
  bool refuse(SMLoc Loc, const char *Why) {
    if (holding())
      reportAt(this->getContext(), Loc.isValid() ? Loc : this->getStartTokLoc(), Why);
    return holding();
  }
  static constexpr const char *NoNumber = "a value that is not a plain number cannot be code; move data to .rodata";
  static constexpr int64_t LargestFill = 1 << 24;
  static constexpr const char *TooLarge = "code of more than 16 MiB in one directive is not accepted";
  static std::string littleEndian(uint64_t V, unsigned Size) {
    std::string Bytes;
    for (unsigned N = 0; N < Size; ++N)
      Bytes += char(N < 8 ? V >> 8 * N : int64_t(V) >> 63);
    return Bytes;
  }
  /// Holds back \p N times \p V of \p Size bytes.
  void fill(const MCExpr &N, int64_t Size, uint64_t V, SMLoc Loc) {
    int64_t Times;
    if (!N.evaluateAsAbsolute(Times)) {
      refuse(Loc, "a size that is not a plain number cannot be kept in code");
      return;
    }
    if (Times > LargestFill / std::max<int64_t>(Size, 1))
      return reportAt(this->getContext(), Loc, TooLarge);
    std::string Bytes, One = littleEndian(V, Size);
    for (; Times > 0; --Times)
      Bytes += One;
    emitBytes(Bytes);
  }

  /// A table of code addresses: `.quad label`, or `.long label - table`.
  void noteReferences(const MCExpr *V, SMLoc Loc) {
    if (Replaying || !Alloc || Text)
      return;
    const MCExpr *E = V;
    if (auto *B = dyn_cast<MCBinaryExpr>(V)) {
      auto *Minus = dyn_cast<MCSymbolRefExpr>(B->getRHS());
      if (Minus && Minus->getSymbol().isInSection() && Minus->getSymbol().getSection().isText())
        return; // a distance within code
      E = B->getLHS();
    }
    if (auto *Ref = dyn_cast<MCSymbolRefExpr>(E))
      Buffer.noteAddressTaken(Ref->getSymbol(), Loc);
  }

  /// What the linking front must know of an object; see BH_OBJECT_SECTION. More code may
  /// follow, in file-scope assembly say: then there is one more byte.
  void emitTraits() {
    unsigned New = Traits & ~EmittedTraits;
    if (!New)
      return;
    Base::switchSection(this->getContext().getELFSection(BH_OBJECT_SECTION, ELF::SHT_PROGBITS, ELF::SHF_EXCLUDE));
    Base::emitIntValue(New, 1);
    EmittedTraits |= New;
  }
  static unsigned traitsFromOptions() {
    unsigned Traits = BH_OBJECT_BUILT;
    if (threads())
      Traits |= BH_OBJECT_PTHREAD;
    if (isolation() == Isolation::Stores)
      Traits |= BH_OBJECT_STORES;
    return Traits;
  }
  /// r14, and the word of the context page that takes its place without threads.
  void noteThreadPointer(const MCInst &I) {
    const unsigned Needs = threads() ? BH_OBJECT_NEEDS_THREADS : BH_OBJECT_NEEDS_NO_THREADS;
    if (Traits & Needs)
      return;
    const X86Names &X = X86Names::get(*X86);
    for (const MCOperand &Op : I)
      if (Op.isReg() && X.overlaps(Op.getReg(), X.R14))
        Traits |= Needs;
    int M = X.memoryOperand(I.getOpcode());
    if (M >= 0 && I.getOperand(M + 4).getReg() == X.GS && I.getOperand(M + 3).isImm() &&
        I.getOperand(M + 3).getImm() == BH_CONTEXT_TP)
      Traits |= BH_OBJECT_NEEDS_NO_THREADS;
  }

  // CodeSink.
  void placeInstruction(const MCInst &I, const MCSubtargetInfo &STI) override {
    noteThreadPointer(I);
    if constexpr (IsText) {
      // The stock printer knows {disp8}, {disp32} and {vex3}, but not {rex}.
      if (I.getFlags() & UseRex)
        return this->emitRawText("\t{rex}" + printed(I, STI));
    }
    Base::emitInstruction(I, STI);
  }
  std::string printed(const MCInst &I, const MCSubtargetInfo &STI) {
    const X86Names &X = X86Names::get(*X86);
    const MCAsmInfo &MAI = *this->getContext().getAsmInfo();
    if (!Printer)
      Printer.reset(X86->createMCInstPrinter(STI.getTargetTriple(), MAI.getAssemblerDialect(), MAI, *X.MII, *X.MRI));
    std::string Text;
    raw_string_ostream OS(Text);
    Printer->printInst(&I, 0, "", STI, OS);
    return Text;
  }
  void placeLabel(MCSymbol *S, SMLoc Loc) override { Base::emitLabel(S, Loc); }
  void placeAlignment(Align A, bool Dead, const MCSubtargetInfo *STI) override {
    constexpr uint8_t Int3 = 0xCC;
    if (Dead || !STI)
      Base::emitValueToAlignment(A, Int3, 1, 0);
    else
      Base::emitCodeAlignment(A, STI, 0);
  }
  static constexpr unsigned DwarfRSP = 7, DwarfRIP = 16;
  /// The open frame if its frame address is relative to rsp.
  const MCDwarfFrameInfo *frameOnRSP() {
    MCStreamer *Frames = this;
    if constexpr (IsText)
      Frames = &this->inner();
    if (!this->hasUnfinishedDwarfFrameInfo())
      return nullptr;
    const MCDwarfFrameInfo &Frame = Frames->getDwarfFrameInfos().back();
    return Frame.CurrentCfaRegister == DwarfRSP ? &Frame : nullptr;
  }
  static int64_t frameOffset(const MCDwarfFrameInfo &Frame) {
    int64_t Sum = 0;
    for (const MCCFIInstruction &I : llvm::reverse(Frame.Instructions)) {
      if (I.getOperation() == MCCFIInstruction::OpAdjustCfaOffset)
        Sum += I.getOffset();
      else if (I.getOperation() == MCCFIInstruction::OpDefCfaOffset || I.getOperation() == MCCFIInstruction::OpDefCfa)
        return Sum + I.getOffset();
    }
    return Sum + 8; // at the function's first instruction
  }
  void adjustFrame(int Bytes) override {
    if (frameOnRSP())
      Base::emitCFIAdjustCfaOffset(Bytes, SMLoc());
  }
  void cutStackPointer(int64_t Bytes) override {
    const MCDwarfFrameInfo *Frame = frameOnRSP();
    if (!Frame)
      return;
    // The upper half of any address in the slot will do, rip's for example:
    // (rip & ~0xffffffff) + esp + offset.
    SmallString<32> Expression;
    raw_svector_ostream E(Expression);
    E << char(dwarf::DW_OP_breg0 + DwarfRIP) << char(0);
    E << char(dwarf::DW_OP_const8s);
    support::endian::write<int64_t>(E, -(int64_t(1) << 32), endianness::little);
    E << char(dwarf::DW_OP_and) << char(dwarf::DW_OP_breg0 + DwarfRSP);
    encodeSLEB128(Bytes + frameOffset(*Frame), E);
    E << char(dwarf::DW_OP_plus);
    SmallString<48> Escape;
    raw_svector_ostream OS(Escape);
    OS << char(dwarf::DW_CFA_def_cfa_expression);
    encodeULEB128(Expression.size(), OS);
    OS << Expression;
    Base::emitCFIEscape(Escape, SMLoc());
  }
  void restoreStackPointer() override {
    if (const MCDwarfFrameInfo *Frame = frameOnRSP())
      Base::emitCFIDefCfa(DwarfRSP, frameOffset(*Frame), SMLoc());
  }

  CodeBuffer Buffer;
  std::unique_ptr<MCInstPrinter> Printer;
  bool Text = false, Alloc = false, Replaying = false;
  unsigned Traits = traitsFromOptions(), EmittedTraits = 0; ///< BH_OBJECT_...
};

using BundleELFStreamer = BundleStreamer<MCELFStreamer>;
class BundleAsmStreamer final : public BundleStreamer<AsmForwarder> {
public:
  using BundleStreamer::BundleStreamer;
  void finishImpl() override {
    finishCode();
    AsmForwarder::finishImpl();
  }
};

} // namespace

static MCStreamer *createELF(const Triple &, MCContext &Ctx, std::unique_ptr<MCAsmBackend> &&TAB,
                             std::unique_ptr<MCObjectWriter> &&OW, std::unique_ptr<MCCodeEmitter> &&CE) {
  return new BundleELFStreamer(Ctx, std::move(TAB), std::move(OW), std::move(CE));
}

static MCStreamer *createAsm(MCContext &Ctx, std::unique_ptr<formatted_raw_ostream> OS,
                             std::unique_ptr<MCInstPrinter> IP, std::unique_ptr<MCCodeEmitter> CE,
                             std::unique_ptr<MCAsmBackend> TAB) {
  std::unique_ptr<MCStreamer> Inner(
      createAsmStreamer(Ctx, std::move(OS), std::move(IP), std::move(CE), std::move(TAB)));
  return new BundleAsmStreamer(Ctx, std::move(Inner));
}

StringRef bulkhead::whyNeverRun(StringRef Section) {
  auto Is = [&](StringRef Name, StringRef Priorities) {
    return Section == Name || (!Priorities.empty() && Section.starts_with(Priorities));
  };
  if (Is(".init", "") || Is(".ctors", ".ctors.") || Is(".preinit_array", ".preinit_array."))
    return "never runs in a module; use .init_array, or __attribute__((constructor))";
  if (Is(".fini", "") || Is(".dtors", ".dtors."))
    return "never runs in a module; use .fini_array, or __attribute__((destructor))";
  return {};
}

void bulkhead::finishCode(MCStreamer &S) { static_cast<BundleELFStreamer &>(S).finishCode(); }

void bulkhead::installStreamers(Target &T) {
  X86 = &T;
  X86Names::get(T);
  LLVMInitializeX86Disassembler();
  TargetRegistry::RegisterELFStreamer(T, createELF);
  TargetRegistry::RegisterAsmStreamer(T, createAsm);
}
