#include "FlagLiveness.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/MC/MCExpr.h"
#include "llvm/MC/MCSymbol.h"
#include "llvm/Support/Casting.h"

using namespace llvm;
using namespace bulkhead;

void FlagLiveness::add(const X86Names &X, const MCInst &I) {
  const MCInstrDesc &D = X.MII->get(I.getOpcode());
  OpClass C = X.classOf(I.getOpcode());
  Kind K = Passes;
  switch (C) {
  case OpClass::Return:
  case OpClass::CallDirect:
  case OpClass::CallMem:
  case OpClass::CallReg:
  case OpClass::JumpMem:
  case OpClass::JumpReg:
  case OpClass::Trap:
    K = Ends; // across functions flags carry nothing
    break;
  case OpClass::JumpDirect: K = Jumps; break;
  default:
    if (D.hasImplicitUseOfPhysReg(X.EFLAGS))
      K = Reads;
    else if (D.hasImplicitDefOfPhysReg(X.EFLAGS))
      K = Ends;
    else if (C == OpClass::JumpShort)
      K = Forks;
  }
  if (K == Jumps || K == Forks) {
    const MCOperand &Target = I.getOperand(0);
    auto *Ref = Target.isExpr() ? dyn_cast<MCSymbolRefExpr>(Target.getExpr()) : nullptr;
    JumpList.push_back({Kinds.size(), Ref ? &Ref->getSymbol() : nullptr});
  }
  Kinds.push_back(K);
}

void FlagLiveness::solve() {
  size_t End = Kinds.size();
  Live.resize(End + 1);
  std::vector<size_t> Work;
  auto Mark = [&](size_t I) {
    if (Live.test(I))
      return;
    Live.set(I);
    Work.push_back(I);
  };
  // Backwards from each reader, along what passes flags on.
  std::vector<std::pair<size_t, size_t>> Edges; // target, jump
  for (const Jump &J : JumpList) {
    auto Label = Labels.find(J.To);
    if (Label != Labels.end())
      Edges.push_back({Label->second, J.From});
    else if (J.To && J.To->isTemporary())
      Mark(J.From); // elsewhere in the function
  }
  llvm::sort(Edges);
  for (size_t I = 0; I < End; ++I)
    if (Kinds[I] == Reads)
      Mark(I);
  Mark(End);
  while (!Work.empty()) {
    size_t I = Work.back();
    Work.pop_back();
    if (I && (Kinds[I - 1] == Passes || Kinds[I - 1] == Forks))
      Mark(I - 1);
    auto E = llvm::lower_bound(Edges, std::pair(I, size_t(0)));
    for (; E != Edges.end() && E->first == I; ++E)
      Mark(E->second);
  }
}
