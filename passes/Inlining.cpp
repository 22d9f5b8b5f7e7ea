#include "Inlining.h"
#include "Options.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Analysis/InlineAdvisor.h"
#include "llvm/Analysis/InlineCost.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/CommandLine.h"

using namespace llvm;
using namespace bulkhead;

namespace {

/// In LLVM's unit, a fifth of an instruction: what is saved where a call disappears,
/// and spent for each call in the body that is inlined.
constexpr int LLVMPenalty = 25;
constexpr int CallPenalty = 100;
/// By how much more than LLVM inlines it, a body may be longer that calls nothing.
constexpr int LeafBonus = 25;

constexpr StringLiteral PenaltyOption = "inline-call-penalty";
constexpr StringLiteral InlinerOptions[] = {PenaltyOption, "inline-threshold",
                                            "inlinehint-threshold"};

/// What the higher penalty credits to every call is taken off the thresholds again,
/// so that only the calls in a body make the difference.
InlineAdvisor *advise(Module &M, FunctionAnalysisManager &FAM, InlineParams Params,
                      InlineContext Context) {
  constexpr int Credit = CallPenalty - LLVMPenalty;
  auto Lower = [](std::optional<int> &Threshold, int By) {
    if (Threshold)
      *Threshold -= By;
  };
  Params.DefaultThreshold -= Credit - LeafBonus;
  Lower(Params.HintThreshold, Credit - LeafBonus);
  for (std::optional<int> *Threshold :
       {&Params.ColdThreshold, &Params.OptSizeThreshold, &Params.OptMinSizeThreshold,
        &Params.HotCallSiteThreshold, &Params.LocallyHotCallSiteThreshold,
        &Params.ColdCallSiteThreshold})
    Lower(*Threshold, Credit);
  return new DefaultInlineAdvisor(M, FAM, Params, Context);
}

} // namespace

void bulkhead::tuneInlining(PassBuilder &PB) {
  auto &Options = cl::getRegisteredOptions();
  bool Untouched = llvm::all_of(InlinerOptions, [&](StringRef Name) {
    cl::Option *O = Options.lookup(Name);
    return O && !O->getNumOccurrences();
  });
  if (!laysOutBundles() || !Untouched)
    return;
  static_cast<cl::opt<int> *>(Options.lookup(PenaltyOption))->setValue(CallPenalty);
  PB.registerAnalysisRegistrationCallback([](ModuleAnalysisManager &MAM) {
    MAM.registerPass([] { return PluginInlineAdvisorAnalysis(advise); });
  });
}
