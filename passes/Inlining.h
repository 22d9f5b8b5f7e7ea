//===- Inlining.h - What a call is worth ------------------------------------===//
#ifndef BULKHEAD_PASSES_INLINING_H
#define BULKHEAD_PASSES_INLINING_H

#include "llvm/IR/PassManager.h"

namespace bulkhead {

/// Tells LLVM's inliner what the calls of a function cost where its body is copied:
/// in isolated code every call is padded, and so is each copy. What calls nothing, and
/// what the programmer declared `inline`, is inlined as LLVM does it. Options that the
/// user gave for the inliner stand. Belongs before anything is inlined.
class WeighCallsPass : public llvm::PassInfoMixin<WeighCallsPass> {
public:
  llvm::PreservedAnalyses run(llvm::Module &M, llvm::ModuleAnalysisManager &);
};

} // namespace bulkhead

#endif
