//===- FlagLiveness.h - Where the arithmetic flags are still needed ---------===//
//
// Confining an instruction may spoil the flags. Whether somebody reads them
// afterwards is decided for all instructions of a stretch at once, in time and
// memory proportional to its length.
//
//===----------------------------------------------------------------------===//
#ifndef BULKHEAD_PASSES_FLAGLIVENESS_H
#define BULKHEAD_PASSES_FLAGLIVENESS_H

#include "X86Names.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/DenseMap.h"

namespace llvm {
class MCSymbol;
} // namespace llvm

namespace bulkhead {

class FlagLiveness {
public:
  /// Adds the next instruction of the stretch. Calls in the order of the code.
  void add(const X86Names &X, const llvm::MCInst &I);
  /// \p S stands before the next instruction.
  void addLabel(const llvm::MCSymbol *S) { Labels[S] = Kinds.size(); }
  /// All was added.
  void solve();

  /// Whether an instruction after number \p N may read the flags that it leaves.
  /// What follows the stretch may.
  bool liveAfter(size_t N) const { return Live.test(N + 1); }

private:
  enum Kind : uint8_t {
    Reads,  ///< the flags that the instruction before it left
    Ends,   ///< nothing after it sees them: written, or lost at a call or a return
    Passes, ///< to the next instruction
    Jumps,  ///< to the target alone
    Forks,  ///< to both
  };
  struct Jump {
    size_t From;
    const llvm::MCSymbol *To; ///< null: not a label
  };

  std::vector<Kind> Kinds;
  std::vector<Jump> JumpList;
  llvm::DenseMap<const llvm::MCSymbol *, size_t> Labels;
  llvm::BitVector Live; ///< before each instruction, and at the end
};

} // namespace bulkhead

#endif
