#include "Inlining.h"
#include "Options.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/IR/Attributes.h"
#include "llvm/IR/CFG.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/InstrTypes.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/CommandLine.h"

using namespace llvm;
using namespace bulkhead;

namespace {

/// By how much each call in a body lowers the threshold for inlining that body. The
/// unit is a fifth of an instruction; the threshold is 225, and a call costs 25 by itself.
constexpr StringLiteral BonusAttribute = "call-threshold-bonus", Bonus = "-50";

/// The threshold at a call that is to stay one. (The only call of a local function is
/// inlined all the same: LLVM takes more off its cost than any body has.)
constexpr StringLiteral ThresholdAttribute = "function-inline-threshold", Stay = "0";

/// The longest quick body, counted before anything is optimised.
constexpr int QuickLength = 60;

/// Whoever sets one of these knows what is to be inlined.
constexpr StringLiteral InlinerOptions[] = {"inline-call-penalty", "inline-threshold", "inlinehint-threshold"};

bool userDecides() {
  auto &Options = cl::getRegisteredOptions();
  return llvm::any_of(InlinerOptions, [&](StringRef Name) {
    cl::Option *O = Options.lookup(Name);
    return O && O->getNumOccurrences();
  });
}

bool isCall(const Instruction &I) {
  auto *Call = dyn_cast<CallBase>(&I);
  return Call && !isa<IntrinsicInst>(Call) && !Call->isInlineAsm();
}

bool isDeclaredInline(const Function &F) {
  return F.hasFnAttribute(Attribute::InlineHint) || F.hasFnAttribute(Attribute::AlwaysInline);
}

/// Whether some path from the entry to a return has no call.
bool returnsWithoutCall(const Function &F) {
  SmallVector<const BasicBlock *> Work{&F.getEntryBlock()};
  SmallPtrSet<const BasicBlock *, 16> Seen;
  while (!Work.empty()) {
    const BasicBlock *B = Work.pop_back_val();
    if (!Seen.insert(B).second || llvm::any_of(*B, isCall))
      continue;
    if (isa<ReturnInst>(B->getTerminator()))
      return true;
    llvm::append_range(Work, successors(B));
  }
  return false;
}

bool isShort(const Function &F) {
  return llvm::count_if(instructions(F), [](const Instruction &I) {
           return !isa<AllocaInst>(I) && !isa<IntrinsicInst>(I);
         }) <= QuickLength;
}

} // namespace

PreservedAnalyses WeighCallsPass::run(Module &M, ModuleAnalysisManager &) {
  if (!laysOutBundles() || userDecides())
    return PreservedAnalyses::all();
  SmallPtrSet<const Function *, 32> AlwaysCall;
  for (const Function &F : M)
    if (!F.isDeclaration() && !isDeclaredInline(F) && !returnsWithoutCall(F))
      AlwaysCall.insert(&F);

  for (Function &F : M) {
    if (isDeclaredInline(F))
      continue;
    bool Quick = !AlwaysCall.contains(&F) && isShort(F);
    for (Instruction &I : instructions(F)) {
      if (!isCall(I))
        continue;
      auto &Call = cast<CallBase>(I);
      if (!Quick)
        Call.addFnAttr(Attribute::get(F.getContext(), BonusAttribute, Bonus));
      // The rare way out must not grow a quick body until it is not inlined itself.
      else if (AlwaysCall.contains(Call.getCalledFunction()))
        Call.addFnAttr(Attribute::get(F.getContext(), ThresholdAttribute, Stay));
    }
  }
  return PreservedAnalyses::none();
}
