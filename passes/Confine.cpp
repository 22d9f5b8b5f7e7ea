#include "Confine.h"
#include "Options.h"
#include "Report.h"
#include "bulkhead/layout.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCExpr.h"
#include "llvm/Support/Casting.h"

using namespace llvm;
using namespace bulkhead;

static MCOperand reg(MCRegister R) { return MCOperand::createReg(R); }
static MCOperand imm(int64_t V) { return MCOperand::createImm(V); }

/// Scratch memory below the red zone: nothing else uses it, see
/// BH_STACK_SCRATCH_SIZE.
static constexpr int64_t ScratchSlot = -136;

MCInst Confine::inst(unsigned Opcode, std::initializer_list<MCOperand> Ops) const {
  MCInst I;
  I.setOpcode(Opcode);
  for (const MCOperand &Op : Ops)
    I.addOperand(Op);
  return I;
}

MCInst Confine::load(unsigned Opcode, MCRegister Dst, MCRegister Base, int64_t Disp, MCRegister Segment) const {
  return inst(Opcode, {reg(Dst), reg(Base), imm(1), reg(MCRegister()), imm(Disp), reg(Segment)});
}

MCInst Confine::store(unsigned Opcode, MCRegister Base, int64_t Disp, MCRegister Segment, MCRegister Src) const {
  return inst(Opcode, {reg(Base), imm(1), reg(MCRegister()), imm(Disp), reg(Segment), reg(Src)});
}

MCInst Confine::lea(unsigned Opcode, MCRegister Dst, MCRegister Base, MCRegister Index) const {
  return inst(Opcode, {reg(Dst), reg(Base), imm(1), reg(Index), imm(0), reg(MCRegister())});
}

void Confine::error(const MCInst &I, const Twine &Why) {
  reportAt(Ctx, I.getLoc(), "cannot isolate '" + X.MII->getName(I.getOpcode()) + "': " + Why, In);
}

Item &Confine::unit(const SourceInst &S, Insts List, bool Sequence) {
  Item &It = Out.emplace_back();
  It.STI = S.STI;
  It.Sequence = Sequence;
  for (MCInst &I : List) {
    I.setLoc(S.Inst.getLoc());
    It.Insts.push_back(std::move(I));
  }
  return It;
}

void Confine::one(const SourceInst &S, MCInst I) { unit(S, {std::move(I)}, /*Sequence=*/false); }

//===----------------------------------------------------------------------===//
// Memory operands
//===----------------------------------------------------------------------===//

/// `%gs:disp` without a register, disp not negative: M1 as it stands.
bool Confine::isConfinedAbsolute(const MCInst &I, unsigned M) const {
  return I.getOperand(M + 4).getReg() == X.GS && !I.getOperand(M).getReg() && !I.getOperand(M + 2).getReg() &&
         I.getOperand(M + 3).isImm() && I.getOperand(M + 3).getImm() >= 0;
}

bool Confine::isHostCall(const MCInst &I) const {
  if (!isConfinedAbsolute(I, 0))
    return false;
  int64_t Disp = I.getOperand(3).getImm();
  return Disp >= BH_HOSTCALL_TABLE && Disp < BH_HOSTCALL_TABLE_END && Disp % 8 == 0;
}

/// Makes the ModRM memory operand of \p I one of M1, M2, M3, a load's as well if it
/// \p WritesStackPointer. Returns false after reporting an error.
bool Confine::confineOperand(MCInst &I, bool WritesStackPointer) {
  int M = X.memoryOperand(I.getOpcode());
  if (M < 0 || X.classOf(I.getOpcode()) == OpClass::Nop)
    return true;
  MCOperand &Base = I.getOperand(M), &Index = I.getOperand(M + 2), &Segment = I.getOperand(M + 4);
  MCRegister B = Base.getReg(), N = Index.getReg(), G = Segment.getReg();
  if (X.isVector(N)) {
    error(I, "gathers and scatters are not accepted; use scalar loads, or "
             "compile with -mno-gather");
    return false;
  }
  if (G == X.FS) {
    error(I, "thread-local storage can be read through a plain mov only here");
    return false;
  }
  if (G == X.GS) {
    bool Confined =
        isConfinedAbsolute(I, M) || (B != X.RIP && X.to64(B) != X.RIP && !X.isGPR64(B) && !X.isGPR64(N) && (B || N));
    if (!Confined)
      error(I, "%gs belongs to the sandbox; only confined operands such as "
               "%gs:(%eax) may name it");
    return Confined;
  }
  const MCInstrDesc &D = X.MII->get(I.getOpcode());
  if (!confinesAddresses() ||
      (isolation() == Isolation::Stores && D.mayLoad() && !D.mayStore() && !WritesStackPointer)) {
    Segment.setReg(MCRegister());
    return true;
  }
  if (B == X.RIP) { // M2
    Segment.setReg(MCRegister());
    return true;
  }
  if (X.to64(B) == X.RIP) {
    error(I, "an eip-relative operand addresses the low 4 GiB; use rip");
    return false;
  }
  if (X.isNearStackPointer(I, M)) { // M3
    Segment.setReg(MCRegister());
    return true;
  }
  // M1. Without a register the 32-bit address size still needs asking for.
  Base.setReg(X.to32(B));
  Index.setReg(X.to32(N));
  if (!B && !N)
    Index.setReg(X.EIZ);
  Segment.setReg(X.GS);
  return true;
}

/// Accesses through %fs in a module built for threads: r14 becomes the base, or the
/// index of an operand that has a base.
void Confine::rewriteThroughR14(const SourceInst &S, unsigned M) {
  MCInst I = S.Inst;
  MCOperand &Base = I.getOperand(M), &Scale = I.getOperand(M + 1), &Index = I.getOperand(M + 2),
            &Disp = I.getOperand(M + 3), &Segment = I.getOperand(M + 4);
  bool Register = Base.getReg() || Index.getReg();
  Segment.setReg(MCRegister());
  if (I.getOpcode() == X.MOV64rm && !Register && Disp.isImm() && !Disp.getImm())
    return one(S, inst(X.MOV64rr, {I.getOperand(0), reg(X.R14)}));
  if (X.to64(Base.getReg()) == X.RIP)
    return error(I, "thread-local storage cannot be addressed relative to rip");
  MCRegister T;
  if (!Base.getReg()) {
    Base.setReg(X.R14);
  } else if (!Index.getReg() || Index.getReg() == X.EIZ) {
    Index.setReg(X.R14);
    Scale.setImm(1);
  } else {
    // Base and index are taken: their sum with r14 needs a register for a moment.
    const MCInstrDesc &D = X.MII->get(I.getOpcode());
    auto Uses = [&](MCRegister R) {
      auto Overlaps = [&](MCPhysReg P) { return X.overlaps(P, R); };
      return llvm::any_of(I, [&](const MCOperand &Op) { return Op.isReg() && X.overlaps(Op.getReg(), R); }) ||
             llvm::any_of(D.implicit_uses(), Overlaps) || llvm::any_of(D.implicit_defs(), Overlaps);
    };
    if (Uses(X.RSP))
      return error(I, "thread-local storage cannot be addressed together with rsp");
    for (MCRegister C : {X.R11, X.R10, X.RCX, X.RAX, X.RDI, X.RSI})
      if (!Uses(C)) {
        T = C;
        break;
      }
    one(S, store(X.MOV64mr, X.RSP, ScratchSlot, MCRegister(), T));
    one(S, lea(X.LEA64r, T, X.to64(Base.getReg()), X.R14));
    Base.setReg(T);
  }
  if (confineOperand(I))
    one(S, std::move(I));
  if (T)
    one(S, load(X.MOV64rm, T, X.RSP, ScratchSlot, MCRegister()));
}

/// Inline assembly that writes r14 without saying so. Files in assembly language may
/// use it as any register that is preserved over calls; the contract says when.
bool Confine::changesThreadPointer(const MCInst &I) const {
  if (!threads() || !I.getLoc().isValid() || !Ctx.getInlineSourceManager())
    return false;
  const MCInstrDesc &D = X.MII->get(I.getOpcode());
  for (unsigned K = 0; K < D.getNumDefs() && K < I.getNumOperands(); ++K)
    if (I.getOperand(K).isReg() && X.overlaps(I.getOperand(K).getReg(), X.R14))
      return true;
  return false;
}

/// Reads through %fs. `movq %fs:0, %R` asks for the thread pointer itself, which
/// the context page holds; anything else gets it into a register first.
void Confine::rewriteThreadPointer(const SourceInst &S, unsigned M) {
  if (threads())
    return rewriteThroughR14(S, M);
  MCInst I = S.Inst;
  MCOperand &Base = I.getOperand(M), &Index = I.getOperand(M + 2), &Disp = I.getOperand(M + 3),
            &Segment = I.getOperand(M + 4);
  const MCInstrDesc &D = X.MII->get(I.getOpcode());
  bool Register = Base.getReg() || Index.getReg();
  if (I.getOpcode() == X.MOV64rm && !Register && Disp.isImm() && !Disp.getImm()) {
    Disp.setImm(BH_CONTEXT_TP);
    Segment.setReg(X.GS);
    return one(S, std::move(I));
  }
  auto Uses = [&](MCRegister R) {
    for (const MCOperand &Op : I)
      if (Op.isReg() && X.overlaps(Op.getReg(), R))
        return true;
    for (MCPhysReg P : D.implicit_uses())
      if (X.overlaps(P, R))
        return true;
    for (MCPhysReg P : D.implicit_defs())
      if (X.overlaps(P, R))
        return true;
    return false;
  };
  if (Base.getReg() == X.RSP || Uses(X.RSP))
    return error(I, "thread-local storage cannot be addressed together with rsp");
  // A load into a general register can compute its address there.
  MCRegister T = I.getOperand(0).isReg() && D.getNumDefs() == 1 ? X.to64(I.getOperand(0).getReg()) : MCRegister();
  bool Spill = false;
  if (!(X.isGPR64(T) && M == 1 && !X.overlaps(T, Base.getReg()) && !X.overlaps(T, Index.getReg()))) {
    Spill = true;
    for (MCRegister C : {X.R11, X.R10, X.RCX, X.RAX, X.RDI, X.RSI})
      if (!Uses(C)) {
        T = C;
        break;
      }
    one(S, store(X.MOV64mr, X.RSP, ScratchSlot, MCRegister(), T));
  }
  one(S, load(X.MOV64rm, T, MCRegister(), BH_CONTEXT_TP, X.GS));
  if (Base.getReg())
    one(S, lea(X.LEA64r, T, T, X.to64(Base.getReg())));
  Base.setReg(T);
  Segment.setReg(MCRegister());
  if (confineOperand(I))
    one(S, std::move(I));
  if (Spill)
    one(S, load(X.MOV64rm, T, X.RSP, ScratchSlot, MCRegister()));
}

//===----------------------------------------------------------------------===//
// Control flow
//===----------------------------------------------------------------------===//

void Confine::appendMask(Insts &List, MCRegister R) const {
  MCRegister R32 = X.to32(R);
  List.push_back(inst(X.AND32ri8, {reg(R32), reg(R32), imm(-BH_BUNDLE_SIZE)}));
  List.push_back(
      inst(X.ADD64rm, {reg(R), reg(R), reg(MCRegister()), imm(1), reg(MCRegister()), imm(BH_CONTEXT_BASE), reg(X.GS)}));
}

/// Without bundles a return or an indirect branch stays what it was; only the operand
/// through which it may go is confined.
void Confine::leaveBranch(const SourceInst &S, OpClass Class) {
  MCInst I = S.Inst;
  if (!confineOperand(I))
    return;
  one(S, std::move(I));
  if (Class != OpClass::CallReg && Class != OpClass::CallMem)
    Out.back().F = Item::NeverReturns;
}

void Confine::rewriteReturn(const SourceInst &S) {
  // rcx carries nothing at a return of the C calling convention, and its
  // encodings are three bytes shorter than those of r11.
  MCRegister R = ReturnsThroughR11 ? X.R11 : X.RCX;
  if (S.Inst.getOpcode() == X.RETI64) { // `ret $N` takes arguments off the stack
    const MCOperand &N = S.Inst.getOperand(0);
    if (!N.isImm() || N.getImm() < 0 || N.getImm() > BH_STACK_DISP_MAX)
      return error(S.Inst, "a return takes at most " + Twine(BH_STACK_DISP_MAX) + " bytes off the stack");
    one(S, inst(X.POP64r, {reg(R)}));
    one(S, inst(X.LEA64r, {reg(X.RSP), reg(X.RSP), imm(1), reg(MCRegister()), N, reg(MCRegister())}));
    return rewriteIndirect(S, /*Call=*/false, R);
  }
  Insts List;
  List.push_back(inst(X.POP64r, {reg(R)}));
  appendMask(List, R);
  List.push_back(inst(X.JMP64r, {reg(R)}));
  Item &It = unit(S, std::move(List), true);
  It.F = Item::NeverReturns;
  It.PopsReturnAddress = 0;
}

void Confine::rewriteIndirect(const SourceInst &S, bool Call, MCRegister R) {
  if (R == X.RSP)
    return error(S.Inst, "the target of an indirect branch cannot be rsp");
  Insts List;
  appendMask(List, R);
  List.push_back(inst(Call ? X.CALL64r : X.JMP64r, {reg(R)}));
  Item &It = unit(S, std::move(List), true);
  It.AlignEnd = Call;
  It.F = Call ? Item::Falls : Item::NeverReturns;
}

void Confine::rewriteIndirectMem(const SourceInst &S, bool Call) {
  if (isHostCall(S.Inst)) {
    Item &It = unit(S, {S.Inst}, true);
    It.AlignEnd = Call;
    It.F = Call ? Item::Falls : Item::NeverReturns;
    return;
  }
  // r11 is dead at a call of the C calling convention; AlignTargets has replaced
  // the jumps of compiled functions where it is not.
  MCInst L = inst(X.MOV64rm, {reg(X.R11)});
  for (unsigned I = 0; I < 5; ++I)
    L.addOperand(S.Inst.getOperand(I));
  L.setLoc(S.Inst.getLoc());
  if (!confineOperand(L))
    return;
  one(S, std::move(L));
  rewriteIndirect(S, Call, X.R11);
}

void Confine::rewriteSyscall(const SourceInst &S) {
  // The instruction may stand in a leaf function with a red zone, so nothing may
  // be pushed: the return address travels in r11, which syscall clobbers anyway.
  MCSymbol *After = Ctx.createTempSymbol("bulkhead_syscall");
  const MCExpr *Ref = MCSymbolRefExpr::create(After, Ctx);
  one(S, inst(X.LEA64r,
              {reg(X.R11), reg(X.RIP), imm(1), reg(MCRegister()), MCOperand::createExpr(Ref), reg(MCRegister())}));
  Item &Jump = unit(S,
                    {inst(X.JMP64m, {reg(MCRegister()), imm(1), reg(MCRegister()),
                                     imm(BH_HOSTCALL_TABLE + 8 * BH_HOSTCALL_SYSCALL), reg(X.GS)})},
                    true);
  Jump.F = Item::NeverReturns;
  Item &A = Out.emplace_back();
  A.K = Item::Align;
  A.Alignment = Align(BH_BUNDLE_SIZE);
  Item &L = Out.emplace_back();
  L.K = Item::Label;
  L.Symbol = After;
}

//===----------------------------------------------------------------------===//
// String instructions and the stack pointer
//===----------------------------------------------------------------------===//

void Confine::rewriteString(ArrayRef<MCInst> Prefixes, const SourceInst &S, bool FlagsLive) {
  MCInst I = S.Inst;
  for (MCOperand &Op : I) {
    if (!Op.isReg() || !Op.getReg())
      continue;
    if (X.isGPR32(Op.getReg()))
      return error(I, "string instructions with 32-bit addresses are not accepted");
    if (Op.getReg() == X.FS || Op.getReg() == X.GS)
      return error(I, "string instructions cannot have a segment");
    if (!X.isGPR64(Op.getReg()))
      Op.setReg(MCRegister()); // ds, es, cs, ss: without effect
  }
  if (X.MII->getName(I.getOpcode()).ends_with("_32"))
    return error(I, "string instructions with 32-bit addresses are not accepted");
  unsigned Regs = X.stringRegs(I.getOpcode());
  Insts List;
  if (FlagsLive)
    List.push_back(load(X.MOV64rm, X.R11, MCRegister(), BH_CONTEXT_BASE, X.GS));
  for (auto [Bit, R] : {std::pair(1u, X.RDI), std::pair(2u, X.RSI)}) {
    if (!(Regs & Bit))
      continue;
    List.push_back(inst(X.MOV32rr, {reg(X.to32(R)), reg(X.to32(R))}));
    if (FlagsLive)
      List.push_back(lea(X.LEA64r, R, X.R11, R));
    else
      List.push_back(inst(
          X.ADD64rm, {reg(R), reg(R), reg(MCRegister()), imm(1), reg(MCRegister()), imm(BH_CONTEXT_BASE), reg(X.GS)}));
  }
  List.append(Prefixes.begin(), Prefixes.end());
  List.push_back(std::move(I));
  if (FlagsLive) // r11 may be live as well: keep it below the red zone
    one(S, store(X.MOV64mr, X.RSP, ScratchSlot, MCRegister(), X.R11));
  unit(S, std::move(List), true);
  if (FlagsLive)
    one(S, load(X.MOV64rm, X.R11, X.RSP, ScratchSlot, MCRegister()));
}

bool Confine::writesStackPointer(const MCInst &I) const {
  const MCInstrDesc &D = X.MII->get(I.getOpcode());
  for (unsigned K = 0; K < D.getNumDefs() && K < I.getNumOperands(); ++K)
    if (I.getOperand(K).isReg() && X.overlaps(I.getOperand(K).getReg(), X.RSP))
      return true;
  return false;
}

void Confine::appendStackPointerSequence(Insts &List, MCInst Narrow) const {
  List.push_back(std::move(Narrow));
  List.push_back(inst(X.ADD64rm, {reg(X.RSP), reg(X.RSP), reg(MCRegister()), imm(1), reg(MCRegister()),
                                  imm(BH_CONTEXT_BASE), reg(X.GS)}));
}

/// Writes to rsp other than push, pop and call. Returns false if \p S is none.
bool Confine::rewriteStackPointer(const SourceInst &S, function_ref<bool()> FlagsLive) {
  const MCInst &I = S.Inst;
  unsigned Op = I.getOpcode();
  if (!writesStackPointer(I))
    return false;
  if (Op == X.POP64r) { // what is popped replaces what popping adds
    SourceInst Load = {load(X.MOV64rm, X.RSP, X.RSP, 0, MCRegister()), S.STI};
    Load.Inst.setLoc(I.getLoc());
    return rewriteStackPointer(Load, FlagsLive);
  }
  // S1: a small constant stays as it is.
  auto Small = [](const MCOperand &V) {
    return V.isImm() && V.getImm() >= -BH_STACK_DISP_MAX && V.getImm() <= BH_STACK_DISP_MAX;
  };
  bool AddSub = Op == X.ADD64ri8 || Op == X.ADD64ri32 || Op == X.SUB64ri8 || Op == X.SUB64ri32;
  if (AddSub && Small(I.getOperand(2))) {
    one(S, I);
    return true;
  }
  if (Op == X.LEA64r && I.getOperand(1).getReg() == X.RSP && !I.getOperand(3).getReg() && Small(I.getOperand(4))) {
    one(S, I);
    return true;
  }
  unsigned NarrowOp = X.narrowed(Op);
  if (!NarrowOp) {
    error(I, "this way of writing rsp is not accepted; compute the value in "
             "another register and move it to rsp");
    return true;
  }
  MCInst Narrow = I;
  Narrow.setOpcode(NarrowOp);
  bool Lea = Op == X.LEA64r, Load = Op == X.MOV64rm;
  for (unsigned K = 0; K < Narrow.getNumOperands(); ++K) {
    MCOperand &O = Narrow.getOperand(K);
    if (O.isReg() && (K == 0 || !(Lea || Load))) // addresses stay 64-bit
      O.setReg(X.to32(O.getReg()));
  }
  if (Load) {
    int M = X.memoryOperand(Op);
    if (Narrow.getOperand(M + 4).getReg() == X.FS) {
      error(I, "rsp cannot be loaded from thread-local storage");
      return true;
    }
    if (!confineOperand(Narrow, /*WritesStackPointer=*/true))
      return true;
  }
  Insts List;
  if (!FlagsLive()) {
    appendStackPointerSequence(List, std::move(Narrow));
    Item &It = unit(S, std::move(List), true);
    if (AddSub && I.getOperand(2).isImm()) {
      bool Sub = Op == X.SUB64ri8 || Op == X.SUB64ri32;
      It.CutsStackPointer = Sub ? I.getOperand(2).getImm() : -I.getOperand(2).getImm();
    } else if (Lea && I.getOperand(1).getReg() == X.RSP && !I.getOperand(3).getReg() && I.getOperand(4).isImm())
      It.CutsStackPointer = -I.getOperand(4).getImm();
    return true;
  }
  if (Op != X.MOV64rr && Op != X.MOV64rr_REV && !Lea && !Load) {
    error(I, "the flags are still needed after this write to rsp; move the value "
             "to rsp with mov");
    return true;
  }
  keepFlags(S, std::move(Narrow), Lea || Load);
  return true;
}

/// The flags must survive a write to rsp: B then comes through a register, which
/// waits for its old value just below the new stack pointer's red zone; and so does
/// the register that a loaded or computed value needs first.
void Confine::keepFlags(const SourceInst &S, MCInst Narrow, bool Computed) {
  auto Used = [&](MCRegister R) {
    return llvm::any_of(Narrow, [&](const MCOperand &Op) { return Op.isReg() && X.overlaps(Op.getReg(), R); });
  };
  SmallVector<MCRegister, 2> Free;
  for (MCRegister R : {X.R11, X.R10, X.RAX, X.RCX})
    if (!Used(R) && Free.size() < 2)
      Free.push_back(R);
  MCRegister T = Free[0], Src = X.to64(Narrow.getOperand(1).isReg() ? Narrow.getOperand(1).getReg() : MCRegister());
  constexpr int64_t SecondSlot = ScratchSlot - 8;
  if (Computed) {
    Src = Free[1];
    one(S, store(X.MOV64mr, X.RSP, ScratchSlot, MCRegister(), T));
    one(S, store(X.MOV64mr, X.RSP, SecondSlot, MCRegister(), Src));
    Narrow.getOperand(0).setReg(X.to32(Src));
    one(S, std::move(Narrow));
    for (int64_t Slot : {ScratchSlot, SecondSlot}) {
      one(S, load(X.MOV64rm, T, X.RSP, Slot, MCRegister()));
      one(S, store(X.MOV64mr, X.to32(Src), Slot, X.GS, T));
    }
  } else
    one(S, store(X.MOV64mr, X.to32(Src), ScratchSlot, X.GS, T));
  Insts List;
  List.push_back(load(X.MOV64rm, T, MCRegister(), BH_CONTEXT_BASE, X.GS));
  List.push_back(inst(X.MOV32rr, {reg(X.ESP), reg(X.to32(Src))}));
  List.push_back(lea(X.LEA64r, X.RSP, X.RSP, T));
  unit(S, std::move(List), true);
  one(S, load(X.MOV64rm, T, X.RSP, ScratchSlot, MCRegister()));
  if (Computed)
    one(S, load(X.MOV64rm, Src, X.RSP, SecondSlot, MCRegister()));
}

//===----------------------------------------------------------------------===//
// Sequences that are confined already
//===----------------------------------------------------------------------===//

bool Confine::isMask(const MCInst &I, MCRegister &R) const {
  if (I.getOpcode() != X.AND32ri8 || !I.getOperand(2).isImm() || I.getOperand(2).getImm() != -BH_BUNDLE_SIZE)
    return false;
  R = X.to64(I.getOperand(0).getReg());
  return R != X.RSP;
}

bool Confine::isAddBase(const MCInst &I, MCRegister R) const {
  return I.getOpcode() == X.ADD64rm && I.getOperand(0).getReg() == R && isConfinedAbsolute(I, 2) &&
         I.getOperand(5).getImm() == BH_CONTEXT_BASE;
}

bool Confine::isLoadBase(const MCInst &I, MCRegister &R) const {
  if (I.getOpcode() != X.MOV64rm || !isConfinedAbsolute(I, 1) || I.getOperand(4).getImm() != BH_CONTEXT_BASE)
    return false;
  R = I.getOperand(0).getReg();
  return true;
}

bool Confine::isSelfMove(const MCInst &I, MCRegister R64) const {
  return I.getOpcode() == X.MOV32rr && I.getOperand(0).getReg() == X.to32(R64) &&
         I.getOperand(1).getReg() == X.to32(R64);
}

bool Confine::isLeaSum(const MCInst &I, MCRegister R, MCRegister String) const {
  return I.getOpcode() == X.LEA64r && I.getOperand(0).getReg() == String && I.getOperand(1).getReg() == R &&
         I.getOperand(3).getReg() == String && I.getOperand(4).isImm() && I.getOperand(4).getImm() == 0;
}

/// Output of the plugin may come back as text. Returns the length of the
/// confining sequence at the start of \p Rest after adding it as one unit; 0: none.
unsigned Confine::matchSequence(ArrayRef<const SourceInst *> Rest) {
  auto At = [&](unsigned K) -> const MCInst * { return K < Rest.size() ? &Rest[K]->Inst : nullptr; };
  auto Take = [&](unsigned N) -> Item & {
    Insts List;
    for (unsigned K = 0; K < N; ++K)
      List.push_back(Rest[K]->Inst);
    return unit(*Rest[0], std::move(List), true);
  };
  MCRegister R;
  // C3 and C4.
  unsigned Pop = At(0)->getOpcode() == X.POP64r ? 1 : 0;
  if (At(Pop) && At(Pop + 1) && At(Pop + 2) && isMask(*At(Pop), R) && isAddBase(*At(Pop + 1), R) &&
      (!Pop || At(0)->getOperand(0).getReg() == R)) {
    OpClass C = X.classOf(At(Pop + 2)->getOpcode());
    bool Call = C == OpClass::CallReg && !Pop;
    if ((Call || C == OpClass::JumpReg) && At(Pop + 2)->getOperand(0).getReg() == R) {
      Item &It = Take(Pop + 3);
      It.AlignEnd = Call;
      It.F = Call ? Item::Falls : Item::NeverReturns;
      It.PopsReturnAddress = Pop ? 0 : -1;
      return Pop + 3;
    }
  }
  // S3.
  unsigned First = isLoadBase(*At(0), R) ? 1 : 0;
  if (At(First) && At(First + 1)) {
    const MCInst &W = *At(First), &A = *At(First + 1);
    bool WritesEsp =
        W.getNumOperands() && W.getOperand(0).isReg() && W.getOperand(0).getReg() == X.ESP && writesStackPointer(W);
    bool Ends = First ? A.getOpcode() == X.LEA64r && A.getOperand(0).getReg() == X.RSP &&
                            A.getOperand(1).getReg() == X.RSP && A.getOperand(3).getReg() == R
                      : isAddBase(A, X.RSP);
    if (WritesEsp && Ends) {
      Take(First + 2);
      return First + 2;
    }
  }
  // M4.
  unsigned K = First;
  unsigned Regs = 0;
  for (auto [Bit, String] : {std::pair(1u, X.RDI), std::pair(2u, X.RSI)})
    if (At(K) && At(K + 1) && isSelfMove(*At(K), String) &&
        (First ? isLeaSum(*At(K + 1), R, String) : isAddBase(*At(K + 1), String))) {
      Regs |= Bit;
      K += 2;
    }
  while (Regs && At(K) && X.classOf(At(K)->getOpcode()) == OpClass::Prefix)
    ++K;
  if (Regs && At(K) && X.stringRegs(At(K)->getOpcode()) == Regs) {
    Take(K + 1);
    return K + 1;
  }
  return 0;
}

//===----------------------------------------------------------------------===//
// The rewriter
//===----------------------------------------------------------------------===//

unsigned Confine::rewrite(ArrayRef<const SourceInst *> Rest, function_ref<bool(unsigned)> FlagsLive) {
  if (unsigned N = matchSequence(Rest))
    return N;

  SmallVector<MCInst, 2> Prefixes;
  unsigned N = 0;
  while (N + 1 < Rest.size() && X.classOf(Rest[N]->Inst.getOpcode()) == OpClass::Prefix)
    Prefixes.push_back(Rest[N++]->Inst);
  const SourceInst &S = *Rest[N];
  const MCInst &I = S.Inst;
  OpClass Class = X.classOf(I.getOpcode());
  if (changesThreadPointer(I))
    error(I, "r14 holds the thread pointer of a module built with -pthread; use "
             "another register");
  bool Branch = Class == OpClass::Return || Class == OpClass::CallReg || Class == OpClass::CallMem ||
                Class == OpClass::JumpReg || Class == OpClass::JumpMem || Class == OpClass::JumpDirect ||
                Class == OpClass::JumpCond || Class == OpClass::CallDirect;
  if (Branch) // `rep ret`, branch hints, notrack: without effect here
    Prefixes.clear();
  ++N;

  switch (Class) {
  case OpClass::Prefix: error(I, "a prefix must be followed by its instruction"); return N;
  case OpClass::Return:
    if (!laysOutBundles())
      leaveBranch(S, Class);
    else
      rewriteReturn(S);
    return N;
  case OpClass::CallReg:
  case OpClass::JumpReg:
    if (!laysOutBundles()) {
      leaveBranch(S, Class);
      return N;
    }
    rewriteIndirect(S, Class == OpClass::CallReg, I.getOperand(0).getReg());
    return N;
  case OpClass::CallMem:
  case OpClass::JumpMem:
    if (!laysOutBundles() && !isHostCall(I)) {
      leaveBranch(S, Class);
      return N;
    }
    rewriteIndirectMem(S, Class == OpClass::CallMem);
    return N;
  case OpClass::CallDirect:
    one(S, I);
    Out.back().AlignEnd = laysOutBundles();
    Out.back().Sequence = true;
    return N;
  case OpClass::JumpDirect:
  case OpClass::JumpCond: {
    MCInst Short = I;
    Short.setOpcode(Class == OpClass::JumpCond ? X.JCC_1 : X.JMP_1);
    Short.setFlags(I.getFlags() & ~unsigned(UseDisp32 | UseDisp8));
    one(S, std::move(Short));
    Item &It = Out.back();
    It.F = Item::Branches;
    It.Conditional = Class == OpClass::JumpCond;
    if (I.getOperand(0).isExpr())
      if (auto *Ref = dyn_cast<MCSymbolRefExpr>(I.getOperand(0).getExpr()))
        if (!Ref->getSpecifier())
          It.Target = &Ref->getSymbol();
    return N;
  }
  case OpClass::JumpShort:
    one(S, I);
    Out.back().Sequence = true;
    return N;
  case OpClass::Syscall: rewriteSyscall(S); return N;
  case OpClass::Leave: {
    if (!confinesAddresses()) {
      one(S, I);
      return N;
    }
    Insts List;
    appendStackPointerSequence(List, inst(X.MOV32rr, {reg(X.ESP), reg(X.to32(X.RBP))}));
    unit(S, std::move(List), true);
    one(S, inst(X.POP64r, {reg(X.RBP)}));
    return N;
  }
  case OpClass::StringOp:
    if (!confinesAddresses())
      break;
    rewriteString(Prefixes, S, FlagsLive(N - 1));
    return N;
  case OpClass::BitTestMem:
    error(I, "the bit offset in a register reaches any address; load the word and "
             "test it in a register, or use a constant offset");
    return N;
  case OpClass::Gather:
    error(I, "gathers and scatters are not accepted; use scalar loads, or compile "
             "with -mno-gather");
    return N;
  case OpClass::Trap: { // the operand of ud1 is only a number for the handler
    MCInst Trap = I;
    if (int M = X.memoryOperand(I.getOpcode()); M >= 0)
      Trap.getOperand(M + 4).setReg(MCRegister());
    one(S, std::move(Trap));
    Out.back().F = Item::NeverReturns;
    return N;
  }
  case OpClass::Lea:
  case OpClass::Nop:
  case OpClass::Plain: break;
  }

  if (confinesAddresses() && rewriteStackPointer(S, [&] { return FlagsLive(N - 1); }))
    return N;
  int M = X.memoryOperand(I.getOpcode());
  if (M >= 0 && I.getOperand(M + 4).isReg() && I.getOperand(M + 4).getReg() == X.FS) {
    if (!Prefixes.empty())
      error(I, "a prefixed access to thread-local storage is not accepted");
    else
      rewriteThreadPointer(S, M);
    return N;
  }
  MCInst Plain = I;
  if (Class == OpClass::Lea)
    Plain.getOperand(5).setReg(MCRegister()); // a segment has no effect on lea
  if (!confineOperand(Plain))
    return N;
  Insts List(Prefixes.begin(), Prefixes.end());
  List.push_back(std::move(Plain));
  unit(S, std::move(List), /*Sequence=*/!Prefixes.empty());
  return N;
}
