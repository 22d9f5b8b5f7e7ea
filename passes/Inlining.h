//===- Inlining.h - What a call is worth ------------------------------------===//
#ifndef BULKHEAD_PASSES_INLINING_H
#define BULKHEAD_PASSES_INLINING_H

#include "llvm/IR/PassManager.h"

namespace bulkhead {

/// Tells LLVM's inliner what calls cost. In isolated code every call is padded, and so is
/// each copy of one: a call counts against the body that it is in. Returns are slow, and
/// a short body that can return without a call is *quick*: inlined, it saves a call and
/// a return most of the time. Its calls do not count, and stay out of line where what
/// they call always calls on. What the programmer declared `inline` is inlined as LLVM
/// does it, and options that the user gave for the inliner stand. Belongs before
/// anything is inlined.
class WeighCallsPass : public llvm::PassInfoMixin<WeighCallsPass> {
public:
  llvm::PreservedAnalyses run(llvm::Module &M, llvm::ModuleAnalysisManager &);
};

} // namespace bulkhead

#endif
