#include "StackTouch.h"
#include "bulkhead/layout.h"

using namespace llvm;
using namespace bulkhead;

namespace {

enum class Effect { None, Moves, Touches, Resets };

class StackTouch {
public:
  StackTouch(const X86Names &X) : X(X) {}

  /// The effect of one unit; for Moves, \p Amount is the constant.
  Effect effectOf(const Item &It, int64_t &Amount) const {
    const MCInst &First = It.Insts.front();
    unsigned Op = First.getOpcode();
    // C4 begins with a pop, calls push, S3 puts rsp into the slot.
    OpClass C = X.classOf(It.Insts.back().getOpcode());
    if (It.PopsReturnAddress >= 0 || C == OpClass::CallDirect || C == OpClass::CallReg || C == OpClass::CallMem)
      return Effect::Touches;
    if (It.Insts.size() > 1 && writesRSP(It.Insts.back()))
      return Effect::Resets;
    if (It.Sequence)
      return Effect::None;
    if (Op == X.PUSH64r || Op == X.POP64r)
      return Effect::Touches;
    if (First.getNumOperands() && First.getOperand(0).isReg() && First.getOperand(0).getReg() == X.RSP &&
        writesRSP(First)) {
      Amount = Op == X.LEA64r ? First.getOperand(4).getImm() : First.getOperand(2).getImm();
      return Effect::Moves;
    }
    int M = X.memoryOperand(Op);
    // Loads that are not isolated may name rsp in other ways; those do not count.
    bool M3 = M >= 0 && X.isNearStackPointer(First, M);
    return M3 && X.isCertainAccess(Op) ? Effect::Touches : Effect::None;
  }

  /// `testb %al, (%rsp)` reads one byte and spoils flags that the move itself
  /// has spoiled; after lea, a store to the scratch area keeps them.
  Item touchAfter(const Item &Move) const {
    bool KeepsFlags = Move.Insts.front().getOpcode() == X.LEA64r;
    Item It;
    It.STI = Move.STI;
    MCInst &I = It.Insts.emplace_back();
    I.setOpcode(KeepsFlags ? X.MOV32mr : X.TEST8mr);
    I.setLoc(Move.Insts.front().getLoc());
    I.addOperand(MCOperand::createReg(X.RSP));
    I.addOperand(MCOperand::createImm(1));
    I.addOperand(MCOperand::createReg(MCRegister()));
    I.addOperand(MCOperand::createImm(KeepsFlags ? -136 : 0));
    I.addOperand(MCOperand::createReg(MCRegister()));
    I.addOperand(MCOperand::createReg(KeepsFlags ? X.EAX : X.AL));
    return It;
  }

private:
  bool writesRSP(const MCInst &I) const {
    unsigned Op = I.getOpcode();
    return (Op == X.ADD64ri8 || Op == X.ADD64ri32 || Op == X.SUB64ri8 || Op == X.SUB64ri32 || Op == X.LEA64r ||
            Op == X.ADD64rm) &&
           I.getOperand(0).getReg() == X.RSP;
  }

  const X86Names &X;
};

} // namespace

void bulkhead::touchStack(const X86Names &X, ItemList &Items) {
  StackTouch Rule(X);
  int64_t Owed = 0;           // constants added since the last touch
  size_t LastMove = SIZE_MAX; // the move that a touch would follow
  std::vector<size_t> TouchAfter;
  for (size_t I = 0; I < Items.size(); ++I) {
    Item &It = Items[I];
    if (It.K != Item::Unit)
      continue;
    int64_t Amount = 0;
    Effect E = Rule.effectOf(It, Amount);
    bool Owes = LastMove != SIZE_MAX;
    if (E == Effect::Moves) {
      Amount = std::abs(Amount);
      if (Owes && Owed + Amount > BH_STACK_DISP_MAX) {
        TouchAfter.push_back(LastMove);
        Owed = 0;
      }
      Owed += Amount;
      LastMove = I;
      continue;
    }
    if (E == Effect::Touches || E == Effect::Resets) {
      LastMove = SIZE_MAX;
      Owed = 0;
      continue;
    }
    bool Leaves = It.F != Item::Falls || X.classOf(It.Insts.back().getOpcode()) == OpClass::JumpShort;
    if (Leaves && Owes) {
      TouchAfter.push_back(LastMove);
      LastMove = SIZE_MAX;
      Owed = 0;
    }
  }
  if (LastMove != SIZE_MAX) // the stretch may go on elsewhere
    TouchAfter.push_back(LastMove);
  if (TouchAfter.empty())
    return;
  ItemList Result;
  Result.reserve(Items.size() + TouchAfter.size());
  size_t Next = 0;
  for (size_t I = 0; I < Items.size(); ++I) {
    Result.push_back(std::move(Items[I]));
    if (Next == TouchAfter.size() || TouchAfter[Next] != I)
      continue;
    ++Next;
    // The unwind directives that describe the move belong right behind it, so the
    // touch follows them.
    Item Touch = Rule.touchAfter(Result.back());
    while (I + 1 < Items.size() && Items[I + 1].K == Item::Action)
      Result.push_back(std::move(Items[++I]));
    Result.push_back(std::move(Touch));
  }
  Items = std::move(Result);
}
