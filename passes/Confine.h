//===- Confine.h - Turns instructions into confined ones --------------------===//
//
// One MCInst in, one or more units out: memory operands become M1, returns and
// indirect branches become masked sequences, system calls become host calls.
// Compiler output, inline assembly and .s files all come through here. An
// instruction that cannot be confined is reported at its source location.
//
//===----------------------------------------------------------------------===//
#ifndef BULKHEAD_PASSES_CONFINE_H
#define BULKHEAD_PASSES_CONFINE_H

#include "Items.h"
#include "X86Names.h"

namespace llvm {
class Function;
class MCContext;
} // namespace llvm

namespace bulkhead {

/// An instruction as the compiler or the assembler's parser delivered it.
struct SourceInst {
  llvm::MCInst Inst;
  const llvm::MCSubtargetInfo *STI;
};

/// One in a stretch of code, among its items.
struct BufferedInst : SourceInst {
  size_t Before; ///< number of items that precede it
};

class Confine {
public:
  /// \p ReturnsThroughR11: the function keeps rcx at its returns.
  Confine(const X86Names &X, llvm::MCContext &Ctx, ItemList &Out) : X(X), Ctx(Ctx), Out(Out) {}

  bool ReturnsThroughR11 = false;
  const llvm::Function *In = nullptr; ///< for messages; null in assembly

  /// Rewrites the first instruction of \p Rest, or the already confined sequence
  /// that starts there, and returns how many instructions it consumed.
  /// \p Rest is a run of instructions without a label between them;
  /// \p FlagsLive tells whether the flags after the n-th of them may be read.
  unsigned rewrite(llvm::ArrayRef<const SourceInst *> Rest, llvm::function_ref<bool(unsigned)> FlagsLive);

private:
  using Insts = llvm::SmallVector<llvm::MCInst, 6>;

  void one(const SourceInst &S, llvm::MCInst I);
  Item &unit(const SourceInst &S, Insts List, bool Sequence);
  void error(const llvm::MCInst &I, const llvm::Twine &Why);

  bool confineOperand(llvm::MCInst &I, bool WritesStackPointer = false);
  bool isConfinedAbsolute(const llvm::MCInst &I, unsigned M) const;
  bool isHostCall(const llvm::MCInst &I) const;
  void appendMask(Insts &List, llvm::MCRegister R) const;

  void leaveBranch(const SourceInst &S, OpClass Class);
  void rewriteReturn(const SourceInst &S);
  void rewriteIndirect(const SourceInst &S, bool Call, llvm::MCRegister R);
  void rewriteIndirectMem(const SourceInst &S, bool Call);
  void rewriteSyscall(const SourceInst &S);
  void rewriteString(llvm::ArrayRef<llvm::MCInst> Prefixes, const SourceInst &S, bool FlagsLive);
  bool rewriteStackPointer(const SourceInst &S, llvm::function_ref<bool()> FlagsLive);
  void keepFlags(const SourceInst &S, llvm::MCInst Narrow, bool Computed);
  void rewriteThroughR14(const SourceInst &S, unsigned M);
  bool changesThreadPointer(const llvm::MCInst &I) const;
  void rewriteThreadPointer(const SourceInst &S, unsigned M);
  void appendStackPointerSequence(Insts &List, llvm::MCInst Narrow) const;
  unsigned matchSequence(llvm::ArrayRef<const SourceInst *> Rest);
  bool isMask(const llvm::MCInst &I, llvm::MCRegister &R) const;
  bool isAddBase(const llvm::MCInst &I, llvm::MCRegister R) const;
  bool isLoadBase(const llvm::MCInst &I, llvm::MCRegister &R) const;
  bool isSelfMove(const llvm::MCInst &I, llvm::MCRegister R64) const;
  bool isLeaSum(const llvm::MCInst &I, llvm::MCRegister R, llvm::MCRegister String) const;
  bool writesStackPointer(const llvm::MCInst &I) const;

  llvm::MCInst inst(unsigned Opcode, std::initializer_list<llvm::MCOperand> Ops) const;
  llvm::MCInst load(unsigned Opcode, llvm::MCRegister Dst, llvm::MCRegister Base, int64_t Disp,
                    llvm::MCRegister Segment) const;
  llvm::MCInst store(unsigned Opcode, llvm::MCRegister Base, int64_t Disp, llvm::MCRegister Segment,
                     llvm::MCRegister Src) const;
  llvm::MCInst lea(unsigned Opcode, llvm::MCRegister Dst, llvm::MCRegister Base, llvm::MCRegister Index) const;

  const X86Names &X;
  llvm::MCContext &Ctx;
  ItemList &Out;
};

} // namespace bulkhead

#endif
