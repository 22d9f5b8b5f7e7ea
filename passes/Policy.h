//===- Policy.h - What the IR must look like --------------------------------===//
#ifndef BULKHEAD_PASSES_POLICY_H
#define BULKHEAD_PASSES_POLICY_H

#include "llvm/IR/PassManager.h"

namespace bulkhead {

/// Steers code generation to what can be confined (local-exec thread-local
/// storage, no linker-relaxed references), and reports, with source locations,
/// what cannot. It guarantees nothing: that is the verifier's part.
class PolicyPass : public llvm::PassInfoMixin<PolicyPass> {
public:
  /// \p First: nothing has been optimised yet. What optimisations do not change is
  /// looked at only then.
  explicit PolicyPass(bool First) : First(First) {}
  llvm::PreservedAnalyses run(llvm::Module &M, llvm::ModuleAnalysisManager &);
  static bool isRequired() { return true; }

private:
  bool First;
};

} // namespace bulkhead

#endif
