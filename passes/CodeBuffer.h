//===- CodeBuffer.h - Buffers, confines and lays out code -------------------===//
//
// What the object and the assembly streamer have in common: they hand over what
// they are told about a text section, and get it back confined and in bundles.
//
//===----------------------------------------------------------------------===//
#ifndef BULKHEAD_PASSES_CODEBUFFER_H
#define BULKHEAD_PASSES_CODEBUFFER_H

#include "Confine.h"
#include "Items.h"
#include "X86Names.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/MC/MCAsmBackend.h"
#include "llvm/MC/MCCodeEmitter.h"
#include "llvm/MC/MCSection.h"
#include <deque>
#include <memory>

namespace bulkhead {

/// Functions whose returns must leave rcx alone; filled by AlignTargets while the
/// function is compiled, on the thread that then emits it.
llvm::DenseSet<const llvm::MCSymbol *> &functionsReturningThroughR11();

/// Functions that nothing but direct calls in their own file can reach; filled the
/// same way. They need not start a bundle.
llvm::DenseSet<const llvm::MCSymbol *> &functionsCalledDirectly();

/// Names of labels whose address is taken after their code has been laid out.
/// The assembler collects them in a first pass over its input. Null: an error is
/// reported instead.
extern llvm::StringSet<> *LateAddressTaken;

/// Where the laid out code goes.
class CodeSink {
public:
  virtual ~CodeSink() = default;
  virtual void placeInstruction(const llvm::MCInst &I,
                                const llvm::MCSubtargetInfo &STI) = 0;
  virtual void placeLabel(llvm::MCSymbol *S, llvm::SMLoc Loc) = 0;
  /// \p Dead: nothing falls into the padding.
  virtual void placeAlignment(llvm::Align A, bool Dead,
                              const llvm::MCSubtargetInfo *STI) = 0;
  /// The return address has left the stack, or is back: tells the unwinder if a
  /// frame is open whose frame address is relative to rsp.
  virtual void adjustFrame(int Bytes) = 0;
  /// rsp has been cut to 32 bits, \p Bytes below what it was; and is whole again.
  virtual void cutStackPointer(int64_t Bytes) = 0;
  virtual void restoreStackPointer() = 0;
};

class CodeBuffer {
public:
  CodeBuffer(const llvm::Target &T, llvm::MCContext &Ctx, CodeSink &Sink);

  bool empty() const { return Items.empty() && Pending.empty(); }

  void addInstruction(const llvm::MCInst &I, const llvm::MCSubtargetInfo &STI);
  void addLabel(llvm::MCSymbol *S, llvm::SMLoc Loc, llvm::MCSection *Section);
  void addAlignment(llvm::Align A, unsigned MaxBytes);
  void addData(unsigned Size, std::function<void()> Replay);
  void addAction(std::function<void()> Replay);

  /// Data elsewhere refers to \p S: if it is code, it must be aligned.
  void noteAddressTaken(const llvm::MCSymbol &S, llvm::SMLoc Loc);

  /// Lays out and replays everything that was added, into \p Section.
  void flush(llvm::MCSection *Section, bool RelaxAll);
  /// Something of unknown size was written to \p Section past the buffer.
  void forgetOffset(llvm::MCSection *Section) { Positions.erase(Section); }

private:
  struct Source : SourceInst {
    size_t Before; ///< number of items that precede it
  };

  void confine();
  bool flagsMayBeLive(size_t Index) const;
  void alignTakenLabels();
  void freeNoReturnCalls();
  void measure(Item &It);
  void checkAccepted(const Item &It);
  unsigned encodedSize(const llvm::MCInst &I, const llvm::MCSubtargetInfo &STI);
  void emitPadding(unsigned Bytes, uint64_t At, bool Dead,
                   const llvm::MCSubtargetInfo &STI);
  void emitUnit(Item &It);
  bool emitAll(bool Dead);
  llvm::MCInst nop(unsigned Bytes) const;

  const llvm::Target &T;
  const X86Names &X;
  llvm::MCContext &Ctx;
  CodeSink &Sink;
  std::unique_ptr<llvm::MCCodeEmitter> Emitter;
  std::unique_ptr<llvm::MCAsmBackend> Backend;
  const llvm::MCSubtargetInfo *LastSTI = nullptr;

  ItemList Items;              ///< everything but instructions
  std::vector<Source> Pending; ///< instructions, in order
  llvm::BitVector Accepted; ///< opcodes of compiled code that the verifier knows
  std::deque<llvm::MCFragment> LabelFragments;
  llvm::DenseSet<const llvm::MCSymbol *> AddressTaken, Unaligned;
  /// Where the code of a section has got to.
  struct Position {
    uint64_t Offset = 0;
    bool Dead = false; ///< nothing falls into what follows
  };
  llvm::DenseMap<const llvm::MCSection *, Position> Positions;
  bool KeepsRCX = false;
};

} // namespace bulkhead

#endif
