//===- Items.h - A stretch of code between the compiler and the object ------===//
//
// The streamers buffer a function as a list of items. Confinement, the stack
// pointer's rules and the bundle layout transform the list; then it is replayed.
//
//===----------------------------------------------------------------------===//
#ifndef BULKHEAD_PASSES_ITEMS_H
#define BULKHEAD_PASSES_ITEMS_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/MC/MCInst.h"
#include "llvm/Support/Alignment.h"
#include "llvm/Support/SMLoc.h"
#include <functional>
#include <optional>
#include <vector>

namespace llvm {
class MCSubtargetInfo;
class MCSymbol;
} // namespace llvm

namespace bulkhead {

struct Item {
  enum Kind : uint8_t {
    Unit, ///< instructions that lie in one bundle; nothing jumps between them
    Label,
    Align,
    Data,   ///< bytes that somebody wrote into code, until they are decoded
    Action, ///< no bytes: line tables, unwind information
  };
  /// What a unit ends with.
  enum Flow : uint8_t {
    Falls,       ///< goes on to the next item
    Branches,    ///< conditional or direct jump with a short and a long form
    NeverReturns ///< what follows is reached by jumps only
  };

  Kind K = Unit;
  Flow F = Falls;
  bool Conditional = false; ///< Branches: falls through as well
  bool AlignEnd = false;    ///< a call: its return address starts a bundle
  bool Sequence = false;    ///< exact bytes: may not be padded inside
  bool Padded = false;      ///< Label: padding of the next unit goes before it

  // Unit.
  llvm::SmallVector<llvm::MCInst, 1> Insts;
  const llvm::MCSubtargetInfo *STI = nullptr;
  const llvm::MCSymbol *Target = nullptr;
  /// The instruction after which the return address has left the stack (C4).
  int PopsReturnAddress = -1;
  /// S3: after the first instruction rsp has lost its upper half. If its old value
  /// is rsp plus a constant then, the constant: the unwinder needs it.
  std::optional<int64_t> CutsStackPointer;

  // Label, Action.
  llvm::MCSymbol *Symbol = nullptr;
  llvm::SMLoc Loc;
  std::function<void()> Replay;

  // Align.
  llvm::Align Alignment;
  unsigned MaxBytes = 0;

  // Layout.
  bool Long = false;         ///< Branches: the rel32 form was chosen
  uint8_t GrowthOptions = 1; ///< bit n: the unit can be made n bytes longer
  uint8_t Growth = 0;        ///< bytes of padding inside the unit
  uint32_t Size = 0;         ///< without growth
  uint32_t Pad = 0;          ///< bytes of padding before the item
  uint64_t Offset = 0;       ///< from the start of the stretch, after the padding
};

using ItemList = std::vector<Item>;

} // namespace bulkhead

#endif
