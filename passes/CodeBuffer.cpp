#include "CodeBuffer.h"
#include "BundleLayout.h"
#include "Options.h"
#include "Report.h"
#include "StackTouch.h"
#include "bulkhead/layout.h"
#include "verify.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCExpr.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/MCSymbol.h"
#include "llvm/MC/MCTargetOptions.h"
#include "llvm/Support/Casting.h"
#include "llvm/Support/ErrorHandling.h"

using namespace llvm;
using namespace bulkhead;

StringSet<> *bulkhead::LateAddressTaken;

DenseSet<const MCSymbol *> &bulkhead::functionsReturningThroughR11() {
  static thread_local DenseSet<const MCSymbol *> Set;
  return Set;
}

DenseSet<const MCSymbol *> &bulkhead::functionsCalledDirectly() {
  static thread_local DenseSet<const MCSymbol *> Set;
  return Set;
}

CodeBuffer::CodeBuffer(const Target &T, MCContext &Ctx, CodeSink &Sink)
    : T(T), X(X86Names::get(T)), Ctx(Ctx), Sink(Sink), Emitter(T.createMCCodeEmitter(*X.MII, Ctx)),
      Raw(X, Ctx, *Emitter) {}

//===----------------------------------------------------------------------===//
// Filling
//===----------------------------------------------------------------------===//

/// `.code32` and the like go on with a subtarget of their own.
bool CodeBuffer::is64Bit(const MCSubtargetInfo &STI) const {
  auto Features = STI.getAllProcessorFeatures();
  auto Mode = llvm::find_if(Features, [](const SubtargetFeatureKV &F) { return StringRef(F.Key) == "64bit-mode"; });
  if (Mode == Features.end())
    report_fatal_error("bulkhead: this LLVM has no X86 feature '64bit-mode'");
  return STI.hasFeature(Mode->Value);
}

void CodeBuffer::addInstruction(const MCInst &I, const MCSubtargetInfo &STI) {
  if (LastSTI != &STI && !is64Bit(STI))
    reportAt(Ctx, I.getLoc(), "only 64-bit code can be isolated; drop '.code32' or '.code16'");
  LastSTI = &STI;
  if (I.getLoc().isValid()) {
    Raw.noteOperands(I);
    if (WrittenAt)
      WrittenAt(I.getLoc());
  }
  Pending.push_back({{I, &STI}, Items.size()});
}

void CodeBuffer::addLabel(MCSymbol *S, SMLoc Loc, MCSection *Section) {
  if (S->isDefined() || S->isVariable()) {
    Ctx.reportError(Loc, "symbol '" + S->getName() + "' is already defined");
    return;
  }
  // A name that can be seen from outside may be called through a pointer. What is
  // written in assembly may be the entry, which the host demands to be aligned.
  if ((laysOutBundles() || Loc.isValid()) && !S->isTemporary() && !functionsCalledDirectly().contains(S)) {
    const Item *Last = nullptr;
    for (const Item &It : llvm::reverse(Items))
      if (It.K != Item::Action) {
        Last = &It;
        break;
      }
    bool Aligned = Last && Last->K == Item::Align && Last->Alignment.value() >= BH_BUNDLE_SIZE && !Last->MaxBytes &&
                   (Pending.empty() || Pending.back().Before < Items.size());
    if (!Aligned)
      addAlignment(Align(BH_BUNDLE_SIZE), 0);
  }
  Item &It = Items.emplace_back();
  It.K = Item::Label;
  It.Symbol = S;
  It.Loc = Loc;
  // The parser asks whether a label is defined, and folds differences of labels
  // in the same fragment. A fragment for each label answers both as it must be
  // while the distances are still open.
  LabelFragments.emplace_back().setParent(Section);
  S->setFragment(&LabelFragments.back());
}

void CodeBuffer::addAlignment(Align A, unsigned MaxBytes, SMLoc Loc) {
  Item &It = Items.emplace_back();
  It.K = Item::Align;
  It.Loc = Loc;
  It.Alignment = A;
  It.MaxBytes = MaxBytes;
}

void CodeBuffer::addData(std::string Bytes, SMLoc Loc) {
  if (WrittenAt)
    WrittenAt(Loc);
  Raw.add(Items.size(), std::move(Bytes), Loc);
  Items.emplace_back().K = Item::Data;
}

void CodeBuffer::addNops(uint64_t Bytes, uint64_t Longest, const MCSubtargetInfo &STI, SMLoc Loc) {
  while (Bytes) {
    unsigned N = std::min({Bytes, Longest, uint64_t(9)});
    MCInst I = nop(N == 2 ? 1 : N); // two bytes would need a prefix
    I.setLoc(Loc);
    addInstruction(I, STI);
    Bytes -= N == 2 ? 1 : N;
  }
}

void CodeBuffer::addAction(std::function<void()> Replay) {
  Item &It = Items.emplace_back();
  It.K = Item::Action;
  It.Replay = std::move(Replay);
}

void CodeBuffer::noteAddressTaken(const MCSymbol &S, SMLoc Loc) {
  if (!S.isTemporary())
    return;
  if (!laysOutBundles() || !Unaligned.contains(&S)) {
    AddressTaken.insert(&S);
    return;
  }
  if (LateAddressTaken)
    LateAddressTaken->insert(S.getName());
  else
    reportAt(Ctx, Loc,
             "the address of label '" + S.getName() +
                 "' is taken after its code "
                 "was laid out; put '.p2align 5' before the label");
}

//===----------------------------------------------------------------------===//
// Confining
//===----------------------------------------------------------------------===//

FlagLiveness CodeBuffer::flagLiveness() const {
  FlagLiveness Flags;
  size_t Next = 0;
  auto AddItemsBefore = [&](size_t End) {
    for (; Next < End; ++Next)
      if (Items[Next].K == Item::Label)
        Flags.addLabel(Items[Next].Symbol);
  };
  for (const BufferedInst &S : Pending) {
    AddItemsBefore(S.Before);
    Flags.add(X, S.Inst);
  }
  AddItemsBefore(Items.size());
  Flags.solve();
  return Flags;
}

/// Bytes that were written into code become instructions.
void CodeBuffer::decodeBytes(MCSectionSubPair Place) {
  if (Raw.empty())
    return;
  if (!LastSTI)
    LastSTI = Ctx.getSubtargetInfo();
  auto P = Positions.find(Place);
  bool Start = P == Positions.end() || !P->second.Offset;
  Raw.decode(Items, Pending, *LastSTI, Start || !P->second.Dead, Start);
}

void CodeBuffer::confine(bool &ReturnsKeepRCX) {
  ItemList Result;
  Result.reserve(Items.size() + Pending.size() * 5 / 4);
  Confine Rewriter(X, Ctx, Result);
  std::optional<FlagLiveness> Flags; // most functions have nothing that asks
  auto FlagsLive = [&](size_t N) {
    if (!Flags)
      Flags = flagLiveness();
    return Flags->liveAfter(N);
  };
  size_t Next = 0, Index = 0;
  while (Next < Items.size() || Index < Pending.size()) {
    if (Index == Pending.size() || Pending[Index].Before > Next) {
      Item &It = Items[Next++];
      if (It.K == Item::Label && !It.Symbol->isTemporary()) {
        ReturnsKeepRCX = functionsReturningThroughR11().contains(It.Symbol);
        Rewriter.In = functionsBySymbol().lookup(It.Symbol);
      }
      Result.push_back(std::move(It));
      continue;
    }
    // Instructions up to the next label or data belong together, whatever line
    // tables and unwind directives stand between them.
    SmallVector<const SourceInst *, 8> Run;
    constexpr size_t LongestSequence = 8;
    for (size_t I = Index, N = Next; I < Pending.size() && Run.size() < LongestSequence; ++I) {
      bool Broken = false;
      for (; N < Pending[I].Before; ++N)
        Broken |= Items[N].K != Item::Action;
      if (Broken)
        break;
      Run.push_back(&Pending[I]);
    }
    Rewriter.ReturnsThroughR11 = ReturnsKeepRCX;
    Index += Rewriter.rewrite(Run, [&](unsigned N) { return FlagsLive(Index + N); });
  }
  Items = std::move(Result);
  Pending.clear();
}

/// The compiler is asked to put a trap behind every call that does not return. Such
/// a call needs no aligned return address, and then no trap either.
void CodeBuffer::freeNoReturnCalls() {
  Item *Call = nullptr;
  for (Item &It : Items) {
    if (It.K == Item::Action)
      continue;
    if (It.K == Item::Unit && Call && It.F == Item::NeverReturns && It.Insts.size() == 1 &&
        It.Insts[0].getOpcode() == X.TRAP && !It.Insts[0].getLoc().isValid()) {
      Call->AlignEnd = false;
      Call->F = Item::NeverReturns;
      It.K = Item::Action;
      It.Replay = [] {};
    }
    Call = It.K == Item::Unit && It.AlignEnd ? &It : nullptr;
  }
}

/// Labels that code or data of this stretch takes the address of may become the
/// target of an indirect branch, so they start a bundle.
void CodeBuffer::alignTakenLabels() {
  std::function<void(const MCExpr *)> Visit = [&](const MCExpr *E) {
    if (auto *Ref = dyn_cast<MCSymbolRefExpr>(E))
      AddressTaken.insert(&Ref->getSymbol());
    else if (auto *B = dyn_cast<MCBinaryExpr>(E)) {
      Visit(B->getLHS());
      Visit(B->getRHS());
    } else if (auto *U = dyn_cast<MCUnaryExpr>(E))
      Visit(U->getSubExpr());
    else if (auto *S = dyn_cast<MCSpecifierExpr>(E))
      Visit(S->getSubExpr());
  };
  for (const Item &It : Items) {
    if (It.K != Item::Unit)
      continue;
    for (const MCInst &I : It.Insts) {
      OpClass C = X.classOf(I.getOpcode());
      if (C == OpClass::JumpDirect || C == OpClass::JumpCond || C == OpClass::JumpShort || C == OpClass::CallDirect)
        continue;
      for (const MCOperand &Op : I)
        if (Op.isExpr())
          Visit(Op.getExpr());
    }
  }
  ItemList Result;
  bool Any = false;
  auto Taken = [&](const MCSymbol *S) {
    return AddressTaken.contains(S) || (LateAddressTaken && LateAddressTaken->contains(S->getName()));
  };
  for (const Item &It : Items)
    Any |= It.K == Item::Label && It.Symbol->isTemporary() && Taken(It.Symbol);
  if (!Any)
    return;
  Result.reserve(Items.size() + 16);
  for (Item &It : Items) {
    if (It.K == Item::Label && Taken(It.Symbol)) {
      Item &A = Result.emplace_back();
      A.K = Item::Align;
      A.Alignment = Align(BH_BUNDLE_SIZE);
    }
    Result.push_back(std::move(It));
  }
  Items = std::move(Result);
}

//===----------------------------------------------------------------------===//
// Sizes
//===----------------------------------------------------------------------===//

unsigned CodeBuffer::encodedSize(const MCInst &I, const MCSubtargetInfo &STI) {
  SmallVector<char, 16> Code;
  SmallVector<MCFixup, 2> Fixups;
  Emitter->encodeInstruction(I, Code, Fixups, STI);
  return Code.size();
}

/// Asks the verifier about one unit, so that what it would refuse in the finished
/// program is reported here, with the line. Written code is always asked about;
/// compiled code once for each opcode, for its operands are confined above.
void CodeBuffer::checkAccepted(const Item &It) {
  // The targets of branches are not known yet; their shapes are the rewriter's own.
  const MCInst &Last = It.Insts.back();
  OpClass C = X.classOf(Last.getOpcode());
  if (!confinesAddresses() || !laysOutBundles())
    return; // for measurements: it would refuse
  if (It.F == Item::Branches || C == OpClass::CallDirect || C == OpClass::CallReg || C == OpClass::CallMem ||
      C == OpClass::JumpReg || C == OpClass::JumpMem)
    return;
  if (!Last.getLoc().isValid()) {
    Accepted.resize(X.MII->getNumOpcodes());
    if (Accepted.test(Last.getOpcode()))
      return;
    Accepted.set(Last.getOpcode());
  }
  SmallVector<char, 64> Code;
  SmallVector<MCFixup, 2> Fixups;
  for (const MCInst &I : It.Insts)
    Emitter->encodeInstruction(I, Code, Fixups, *It.STI);
  if (Code.size() > BH_BUNDLE_SIZE)
    return;
  constexpr char PushRax = 0x50, Hlt = char(0xF4);
  Code.push_back(PushRax); // a move of rsp before it is then settled
  Code.resize(2 * BH_BUNDLE_SIZE, Hlt);

  alignas(8) uint8_t Scratch[512];
  auto Report = [](void *Context, const bh_verify_refusal *R) {
    auto &[Self, Item] = *static_cast<std::pair<CodeBuffer *, const bulkhead::Item *> *>(Context);
    const MCInst &I = Item->Insts.back();
    reportAt(Self->Ctx, I.getLoc(),
             "'" + Self->X.MII->getName(I.getOpcode()) + "' would be refused by the verifier (" + R->rule +
                 "): " + R->reason,
             Self->In);
  };
  std::pair<CodeBuffer *, const bulkhead::Item *> Context(this, &It);
  bh_verify_input Input = {};
  Input.code = reinterpret_cast<const uint8_t *>(Code.data());
  Input.size = Code.size();
  // Displacements that the linker will fill in are zero here: put the code in the
  // middle of an image that contains whatever they name.
  Input.address = 0x40000000;
  Input.image_hi = 0x80000000;
  Input.isolation = isolation() == Isolation::Stores ? BH_ISOLATE_STORES : BH_ISOLATE_FULL;
  Input.scratch = Scratch;
  Input.scratch_size = sizeof Scratch;
  Input.report = Report;
  Input.report_context = &Context;
  Input.limit = 1;
  if (bh_verify_scratch_size(Code.size()) > sizeof Scratch || bh_verify_code(&Input, nullptr) == BH_VERIFY_BAD_ARGUMENT)
    report_fatal_error("bulkhead: the verifier's interface changed under the plugin");
}

/// The ways to make one instruction longer, each with its number of bytes.
static const std::pair<unsigned, unsigned> LongerForms[] = {
    {UseDisp8, 0},      {UseDisp32, 0},      {UseRex, 0},         {UseVex3, 0},
    {UseDisp8, UseRex}, {UseDisp32, UseRex}, {UseDisp32, UseVex3}};

/// What the length of \p I depends on: the opcode, the registers, and how many bytes
/// the displacement needs. Null: too much for a number, measure it.
std::optional<uint64_t> CodeBuffer::shapeOf(const MCInst &I, int M) const {
  constexpr unsigned RegisterBits = 9, MostRegisters = 5;
  constexpr uint64_t Opcodes = 1 << 16;
  if (I.getFlags() || I.getOpcode() >= Opcodes)
    return std::nullopt;
  uint64_t Shape = 0, Displacement = 0, Segment = 0;
  unsigned Registers = 0;
  for (auto [N, Op] : enumerate(I)) {
    bool Memory = M >= 0 && N >= unsigned(M) && N < unsigned(M) + 5;
    if (Op.isReg() && Memory && N == unsigned(M) + 4) {
      Segment = Op.getReg() == X.GS;
      if (Op.getReg() && !Segment)
        return std::nullopt;
    } else if (Op.isReg()) {
      if (++Registers > MostRegisters || Op.getReg().id() >> RegisterBits)
        return std::nullopt;
      Shape = Shape << RegisterBits | Op.getReg().id();
    } else if (Memory && N == unsigned(M) + 3) {
      Displacement = Op.isExpr() ? 3 : !isInt<8>(Op.getImm()) ? 2 : Op.getImm() != 0;
    }
  }
  return ((Shape * 4 + Displacement) * 2 + Segment) * Opcodes + I.getOpcode();
}

CodeBuffer::Lengths CodeBuffer::measureForms(MCInst &I, int M, const MCSubtargetInfo &STI) {
  Lengths L;
  L.Size = encodedSize(I, STI);
  OpClass C = X.classOf(I.getOpcode());
  // Without size: a mark of the compiler's, such as EH_SjLj_Setup.
  if (!L.Size || C == OpClass::Nop || C == OpClass::StringOp || I.getFlags() || X.printsPrefix(I.getOpcode()))
    return L;
  if (M < 0) {
    L.GrowthOptions = (2u << BH_PADDING_PREFIX_MAX) - 1;
    return L;
  }
  bool Displacement =
      I.getOperand(M + 3).isImm() && I.getOperand(M).getReg() && X.to64(I.getOperand(M).getReg()) != X.RIP;
  bool HighByte = false;
  for (const MCOperand &Op : I)
    HighByte |= Op.isReg() && Op.getReg() && X.isHighByte(Op.getReg());
  for (auto [N, Form] : enumerate(LongerForms)) {
    unsigned Flags = Form.first | Form.second;
    if ((Flags & (UseDisp8 | UseDisp32)) && !Displacement)
      continue;
    if ((Flags & UseRex) && HighByte)
      continue;
    I.setFlags(Flags);
    unsigned Extra = encodedSize(I, STI) - L.Size;
    I.setFlags(0);
    if (Extra >= std::size(L.Form) || (L.GrowthOptions >> Extra & 1))
      continue;
    L.GrowthOptions |= 1u << Extra;
    L.Form[Extra] = Flags;
  }
  return L;
}

/// Instructions of one shape come up again and again, and encoding takes long.
const CodeBuffer::Lengths &CodeBuffer::lengthsOf(MCInst &I, const MCSubtargetInfo &STI) {
  if (MeasuredFor != &STI)
    Measured.clear();
  MeasuredFor = &STI;
  int M = X.classOf(I.getOpcode()) == OpClass::Lea ? 1 : X.memoryOperand(I.getOpcode());
  std::optional<uint64_t> Shape = shapeOf(I, M);
  if (!Shape)
    return Unusual = measureForms(I, M, STI);
  auto [It, Fresh] = Measured.try_emplace(*Shape);
  if (Fresh)
    It->second = measureForms(I, M, STI);
  return It->second;
}

void CodeBuffer::measure(Item &It) {
  const MCSubtargetInfo &STI = *It.STI;
  if (It.F == Item::Branches)
    return; // the layout chooses between the two forms
  It.Size = 0;
  for (MCInst &I : It.Insts) {
    if (!Backend) {
      MCTargetOptions Options;
      Backend.reset(T.createMCAsmBackend(STI, *X.MRI, Options));
    }
    bool Symbolic = llvm::any_of(I, [](const MCOperand &Op) { return Op.isExpr(); });
    // An assembler never chooses the accumulator's short form for a symbol, and
    // text must come out the same size.
    if (unsigned General = Symbolic ? X.generalForm(I.getOpcode()) : 0) {
      MCRegister R = X.MII->getName(General).contains("64") ? X.RAX : X.EAX;
      MCOperand Value = I.getOperand(0);
      I.clear();
      for (unsigned N = 1; N < X.MII->get(General).getNumOperands(); ++N)
        I.addOperand(MCOperand::createReg(R));
      I.addOperand(Value);
      I.setOpcode(General);
    }
    // A symbolic immediate may turn out large: take the large form at once.
    if (Symbolic && X.classOf(I.getOpcode()) == OpClass::Plain &&
        Backend->mayNeedRelaxation(I.getOpcode(), I.getOperands(), STI))
      Backend->relaxInstruction(I, STI);
    It.Size += lengthsOf(I, STI).Size;
  }
  if (It.Size > BH_BUNDLE_SIZE && laysOutBundles()) {
    reportAt(Ctx, It.Insts[0].getLoc(),
             "this instruction and what confines it do not fit "
             "into a bundle");
    It.Size = BH_BUNDLE_SIZE;
  }
  It.GrowthOptions = 1;
  if (padding() == Padding::Nop || !laysOutBundles() || It.Sequence || It.Insts.size() != 1 ||
      It.F == Item::NeverReturns)
    return;
  It.GrowthOptions = lengthsOf(It.Insts[0], STI).GrowthOptions;
}

//===----------------------------------------------------------------------===//
// Replay
//===----------------------------------------------------------------------===//

MCInst CodeBuffer::nop(unsigned Bytes) const {
  MCInst I;
  if (Bytes == 1) {
    I.setOpcode(X.NOOP);
    return I;
  }
  // 0F 1F /0 with the operand form that has the wanted length; 3 to 9 bytes.
  bool Wide = Bytes == 6 || Bytes == 9;
  unsigned Rest = Bytes - Wide;
  I.setOpcode(Wide ? X.NOOPW : X.NOOPL);
  bool Index = Rest == 5 || Rest == 8;
  I.addOperand(MCOperand::createReg(X.RAX));
  I.addOperand(MCOperand::createImm(1));
  I.addOperand(MCOperand::createReg(Index ? X.RAX : MCRegister()));
  I.addOperand(MCOperand::createImm(0));
  I.addOperand(MCOperand::createReg(MCRegister()));
  I.setFlags(Rest == 4 || Rest == 5 ? UseDisp8 : Rest >= 7 ? UseDisp32 : 0);
  return I;
}

void CodeBuffer::emitPadding(unsigned Bytes, uint64_t At, bool Dead, const MCSubtargetInfo &STI) {
  MCInst Trap;
  Trap.setOpcode(X.INT3);
  MCInst Wide;
  Wide.setOpcode(X.DATA16_PREFIX);
  while (Bytes) {
    if (Dead) {
      Sink.placeInstruction(Trap, STI);
      --Bytes;
      continue;
    }
    unsigned Room = BH_BUNDLE_SIZE - At % BH_BUNDLE_SIZE;
    unsigned N = std::min({Bytes, Room, 9u});
    if (N == 2) { // 66 90
      Sink.placeInstruction(Wide, STI);
      Sink.placeInstruction(nop(1), STI);
    } else
      Sink.placeInstruction(nop(N), STI);
    Bytes -= N;
    At += N;
  }
}

void CodeBuffer::emitUnit(Item &It) {
  MCInst &First = It.Insts[0];
  if (It.F == Item::Branches && It.Long) {
    First.setOpcode(It.Conditional ? X.JCC_4 : X.JMP_4);
    // As text, the form must be spelled out, or the assembler would choose.
    First.setFlags(UseDisp32);
  } else if (It.Growth) {
    OpClass C = X.classOf(First.getOpcode());
    if (C != OpClass::Lea && X.memoryOperand(First.getOpcode()) < 0) {
      MCInst Prefix;
      Prefix.setOpcode(X.CS_PREFIX);
      for (unsigned N = 0; N < It.Growth; ++N)
        Sink.placeInstruction(Prefix, *It.STI);
    } else
      First.setFlags(lengthsOf(First, *It.STI).Form[It.Growth]);
  }
  for (auto [N, I] : enumerate(It.Insts)) {
    Sink.placeInstruction(I, *It.STI);
    if (int(N) == It.PopsReturnAddress)
      Sink.adjustFrame(-8);
    if (N == 0 && It.CutsStackPointer)
      Sink.cutStackPointer(*It.CutsStackPointer);
  }
  if (It.CutsStackPointer)
    Sink.restoreStackPointer();
  if (It.PopsReturnAddress >= 0)
    Sink.adjustFrame(8);
}

/// Returns whether control cannot fall out of the end.
bool CodeBuffer::emitAll(bool Dead) {
  size_t PaddedUpTo = 0;
  for (size_t I = 0; I < Items.size(); ++I) {
    Item &It = Items[I];
    switch (It.K) {
    case Item::Label: {
      // The padding of the unit behind a run of labels stands before the first.
      if (It.Padded && I >= PaddedUpTo) {
        size_t U = I;
        while (Items[U].K == Item::Label || Items[U].K == Item::Action)
          ++U;
        emitPadding(Items[U].Pad, Items[U].Offset - Items[U].Pad, Dead, *LastSTI);
        Items[U].Pad = 0;
        PaddedUpTo = U;
      }
      Dead = false;
      if (It.Offset % BH_BUNDLE_SIZE)
        Unaligned.insert(It.Symbol);
      It.Symbol->setFragment(nullptr);
      Sink.placeLabel(It.Symbol, It.Loc);
      continue;
    }
    case Item::Action: It.Replay(); continue;
    case Item::Align:
      if (!Dead)
        emitPadding(It.Pad, It.Offset, Dead, *LastSTI);
      // The directive fills what nothing falls into; elsewhere it adds nothing,
      // but keeps the text in step if somebody edits it.
      if (It.Alignment.value() >= BH_BUNDLE_SIZE && !It.MaxBytes)
        Sink.placeAlignment(It.Alignment, Dead, LastSTI);
      else if (Dead)
        emitPadding(It.Pad, It.Offset, Dead, *LastSTI);
      continue;
    case Item::Data: llvm_unreachable("data was decoded");
    case Item::Unit:
      emitPadding(It.Pad, It.Offset - It.Pad, Dead, *It.STI);
      emitUnit(It);
      Dead = It.F == Item::NeverReturns || (It.F == Item::Branches && !It.Conditional);
      continue;
    }
  }
  return Dead;
}

void CodeBuffer::flush(MCSectionSubPair Place, bool RelaxAll) {
  MCSection *Section = Place.first;
  decodeBytes(Place);
  confine(KeepsRCX[Place]);
  bool Code = llvm::any_of(Items, [](const Item &It) { return It.K == Item::Unit || It.K == Item::Align; });
  if (Code && LastSTI) {
    if (laysOutBundles()) {
      alignTakenLabels();
      freeNoReturnCalls();
    }
    if (confinesAddresses())
      touchStack(X, Items);
    auto [It, Fresh] = Positions.try_emplace(Place);
    if (Fresh) { // unknown, or the section is still empty: start a bundle
      Item A;
      A.K = Item::Align;
      A.Alignment = Align(BH_BUNDLE_SIZE);
      Items.insert(Items.begin(), std::move(A));
    }
    Align Strictest(BH_BUNDLE_SIZE);
    for (Item &I : Items) {
      if (I.K == Item::Unit) {
        measure(I);
        checkAccepted(I);
      } else if (I.K == Item::Label && !I.Symbol->isTemporary())
        In = functionsBySymbol().lookup(I.Symbol);
      else if (I.K == Item::Align && I.Alignment > Strictest)
        Strictest = I.Alignment;
      // Only at the end is it known how much lies before a subsection.
      if (Place.second && I.K == Item::Align && I.Alignment.value() > BH_BUNDLE_SIZE)
        reportAt(Ctx, I.Loc,
                 "a subsection starts at a bundle and cannot be aligned to more "
                 "than 32; use a section of its own");
    }
    Section->ensureMinAlignment(Strictest);
    Position &P = It->second;
    P.Offset += layOut(Items, P.Offset, P.Dead, RelaxAll, laysOutBundles());
    P.Dead = emitAll(P.Dead);
    P.STI = LastSTI;
  } else {
    for (Item &It : Items) {
      if (It.K == Item::Label) {
        It.Symbol->setFragment(nullptr);
        Sink.placeLabel(It.Symbol, It.Loc);
        if (auto P = Positions.find(Place); P != Positions.end()) {
          P->second.Dead = false; // what follows is reached through the label
          if (P->second.Offset % BH_BUNDLE_SIZE)
            Unaligned.insert(It.Symbol);
        }
      } else if (It.K == Item::Action)
        It.Replay();
      else
        Sink.placeAlignment(It.Alignment, false, nullptr);
    }
  }
  Items.clear();
  LabelFragments.clear();
}

void CodeBuffer::finish(function_ref<void(MCSectionSubPair)> Enter) {
  Raw.checkReads();
  if (!laysOutBundles())
    return;
  for (auto &[Place, P] : Positions)
    if (P.Offset % BH_BUNDLE_SIZE) {
      Enter(Place);
      Sink.placeAlignment(Align(BH_BUNDLE_SIZE), P.Dead, P.STI);
      P.Offset = alignTo(P.Offset, BH_BUNDLE_SIZE);
    }
}
