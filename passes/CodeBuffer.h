//===- CodeBuffer.h - Buffers, confines and lays out code -------------------===//
//
// What the object and the assembly streamer have in common: they hand over what
// they are told about a text section, and get it back confined and in bundles.
//
//===----------------------------------------------------------------------===//
#ifndef BULKHEAD_PASSES_CODEBUFFER_H
#define BULKHEAD_PASSES_CODEBUFFER_H

#include "Confine.h"
#include "FlagLiveness.h"
#include "Items.h"
#include "RawCode.h"
#include "X86Names.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/MC/MCAsmBackend.h"
#include "llvm/MC/MCCodeEmitter.h"
#include "llvm/MC/MCSection.h"
#include "llvm/MC/MCStreamer.h"
#include <deque>
#include <memory>
#include <optional>

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
  virtual void placeInstruction(const llvm::MCInst &I, const llvm::MCSubtargetInfo &STI) = 0;
  virtual void placeLabel(llvm::MCSymbol *S, llvm::SMLoc Loc) = 0;
  /// \p Dead: nothing falls into the padding.
  virtual void placeAlignment(llvm::Align A, bool Dead, const llvm::MCSubtargetInfo *STI) = 0;
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
  void addAlignment(llvm::Align A, unsigned MaxBytes, llvm::SMLoc Loc = {});
  /// \p Bytes is empty for a value that is not known yet.
  void addData(std::string Bytes, llvm::SMLoc Loc);
  void addNops(uint64_t Bytes, uint64_t Longest, const llvm::MCSubtargetInfo &STI, llvm::SMLoc Loc);
  void addAction(std::function<void()> Replay);

  /// Data elsewhere refers to \p S: if it is code, it must be aligned.
  void noteAddressTaken(const llvm::MCSymbol &S, llvm::SMLoc Loc);

  /// What the file says about a symbol.
  void note(const llvm::MCSymbol &S, RawCode::Role R) { Raw.note(S, R); }

  /// Lays out and replays everything that was added, into \p Place.
  void flush(llvm::MCSectionSubPair Place, bool RelaxAll);
  /// Something of unknown size was written to \p Place past the buffer.
  void forgetOffset(llvm::MCSectionSubPair Place) { Positions.erase(Place); }
  /// At the end of the file: pads all code to whole bundles, because a linker leaves
  /// zeros behind a section, and because subsections are laid out one by one.
  void finish(llvm::function_ref<void(llvm::MCSectionSubPair)> Enter);

private:
  void confine(bool &ReturnsKeepRCX);
  void decodeBytes(llvm::MCSectionSubPair Place);
  FlagLiveness flagLiveness() const;
  void alignTakenLabels();
  void freeNoReturnCalls();
  /// How long an instruction is, and can be made.
  struct Lengths {
    uint8_t Size = 0;
    uint8_t GrowthOptions = 1; ///< as in an item
    uint16_t Form[8] = {};     ///< the flags with which it is n bytes longer
  };
  std::optional<uint64_t> shapeOf(const llvm::MCInst &I, int M) const;
  Lengths measureForms(llvm::MCInst &I, int M, const llvm::MCSubtargetInfo &STI);
  const Lengths &lengthsOf(llvm::MCInst &I, const llvm::MCSubtargetInfo &STI);
  void measure(Item &It);
  void checkAccepted(const Item &It);
  bool is64Bit(const llvm::MCSubtargetInfo &STI) const;
  unsigned encodedSize(const llvm::MCInst &I, const llvm::MCSubtargetInfo &STI);
  void emitPadding(unsigned Bytes, uint64_t At, bool Dead, const llvm::MCSubtargetInfo &STI);
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

  ItemList Items;                             ///< everything but instructions
  std::vector<BufferedInst> Pending;          ///< instructions, in order
  llvm::DenseMap<uint64_t, Lengths> Measured; ///< by shape
  Lengths Unusual;                            ///< of what has none
  const llvm::MCSubtargetInfo *MeasuredFor = nullptr;
  const llvm::Function *In = nullptr; ///< what is being laid out, for messages
  llvm::BitVector Accepted;           ///< opcodes of compiled code that the verifier knows
  std::deque<llvm::MCFragment> LabelFragments;
  llvm::DenseSet<const llvm::MCSymbol *> AddressTaken, Unaligned;
  RawCode Raw;
  /// Where the code of a section or subsection has got to.
  struct Position {
    uint64_t Offset = 0;
    bool Dead = false; ///< nothing falls into what follows
    const llvm::MCSubtargetInfo *STI = nullptr;
  };
  llvm::MapVector<llvm::MCSectionSubPair, Position> Positions;
  llvm::DenseMap<llvm::MCSectionSubPair, bool> KeepsRCX; ///< the function begun there
};

} // namespace bulkhead

#endif
