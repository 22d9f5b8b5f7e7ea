#include "Inlining.h"
#include "Options.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/IR/Attributes.h"
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

/// Whoever sets one of these knows what is to be inlined.
constexpr StringLiteral InlinerOptions[] = {"inline-call-penalty", "inline-threshold",
                                            "inlinehint-threshold"};

bool userDecides() {
  auto &Options = cl::getRegisteredOptions();
  return llvm::any_of(InlinerOptions, [&](StringRef Name) {
    cl::Option *O = Options.lookup(Name);
    return O && O->getNumOccurrences();
  });
}

} // namespace

static void weighCalls(Function &F) {
  for (Instruction &I : instructions(F))
    if (auto *Call = dyn_cast<CallBase>(&I))
      if (!isa<IntrinsicInst>(Call) && !Call->isInlineAsm())
        Call->addFnAttr(Attribute::get(F.getContext(), BonusAttribute, Bonus));
}

PreservedAnalyses WeighCallsPass::run(Module &M, ModuleAnalysisManager &) {
  if (!laysOutBundles() || userDecides())
    return PreservedAnalyses::all();
  for (Function &F : M)
    if (!F.hasFnAttribute(Attribute::InlineHint))
      weighCalls(F);
  return PreservedAnalyses::none();
}
