//===- RawCode.h - Instructions that are written as bytes -------------------===//
//
// Assembly may spell instructions as `.byte 0xf3, 0xc3`. They are decoded, so that
// what they do is confined and laid out as if it had been written. Bytes that are
// no instructions are data, which has no place in code: everything there must
// verify, and moves. They are reported where they are written.
//
//===----------------------------------------------------------------------===//
#ifndef BULKHEAD_PASSES_RAWCODE_H
#define BULKHEAD_PASSES_RAWCODE_H

#include "Confine.h"
#include "Items.h"
#include "X86Names.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/MC/MCCodeEmitter.h"
#include "llvm/MC/MCDisassembler/MCDisassembler.h"
#include <memory>
#include <string>
#include <vector>

namespace bulkhead {

class RawCode {
public:
  RawCode(const X86Names &X, llvm::MCContext &Ctx, llvm::MCCodeEmitter &Emitter) : X(X), Ctx(Ctx), Emitter(Emitter) {}

  /// What a file says about a symbol, to tell functions from tables.
  enum Role : uint8_t {
    Function = 1,
    Object = 2,
    Visible = 4,      ///< from other files
    BranchTarget = 8, ///< of a direct branch
    Read = 16,        ///< by the memory operand of an instruction
    Taken = 32,       ///< its address, by another operand
  };
  void note(const llvm::MCSymbol &S, Role R) { Roles[&S] |= R; }
  /// Notes the symbols that a written instruction names.
  void noteOperands(const llvm::MCInst &I);

  /// The Data item at \p Item consists of \p Bytes; none: their value is not known yet.
  void add(size_t Item, std::string Bytes, llvm::SMLoc Loc) { Pieces.push_back({Item, std::move(Bytes), Loc}); }
  bool empty() const { return Pieces.empty(); }
  /// Replaces all Data among \p Items by instructions, in order, among \p Insts, or
  /// reports them. \p Reached: code before the stretch falls into it. \p Start: the
  /// section begins.
  void decode(ItemList &Items, std::vector<BufferedInst> &Insts, const llvm::MCSubtargetInfo &STI, bool Reached,
              bool Start);
  /// At the end of the file: reports what was taken for code but is read as data.
  void checkReads();

private:
  struct Piece {
    size_t Item;
    std::string Bytes;
    llvm::SMLoc Loc;
  };
  /// Bytes that follow each other.
  struct Run {
    std::string Bytes;
    std::vector<std::pair<size_t, const Piece *>> Starts; ///< offset of each piece
    const Piece *Unknown = nullptr;                       ///< where it ends because a value is not known
    llvm::SmallVector<const llvm::MCSymbol *, 2> Labels;  ///< directly before it
    bool Reached = false;                                 ///< code falls into it
    bool Start = false;                                   ///< the section begins with its label
    const Piece &at(size_t Offset) const;
  };
  Run collect(ItemList &Items, size_t &N, size_t NextInst, const Piece *&P) const;
  bool split(const Run &R, std::vector<BufferedInst> &Out, size_t &Rest, const llvm::MCSubtargetInfo &STI);
  bool decodeOne(llvm::StringRef Bytes, llvm::MCInst &I, uint64_t &Size) const;
  void append(std::vector<BufferedInst> &Out, llvm::MCInst I, llvm::SMLoc Loc, const llvm::MCSubtargetInfo &STI,
              size_t Before) const;
  bool completes(llvm::StringRef Prefixes, BufferedInst &Next) const;
  std::string encode(const BufferedInst &I) const;
  bool isData(const Run &R, llvm::ArrayRef<BufferedInst> Code, bool Continues) const;
  bool fallsThrough(const llvm::MCInst &I) const;
  uint8_t rolesOf(llvm::ArrayRef<const llvm::MCSymbol *> Labels) const;
  void error(llvm::SMLoc Loc, const llvm::Twine &What) const;

  const X86Names &X;
  llvm::MCContext &Ctx;
  llvm::MCCodeEmitter &Emitter;
  std::unique_ptr<llvm::MCDisassembler> Decoder;
  std::vector<Piece> Pieces;
  llvm::DenseMap<const llvm::MCSymbol *, uint8_t> Roles;
  struct Decision {
    const llvm::MCSymbol *Label;
    llvm::SMLoc Loc;
    bool Reached;
  };
  std::vector<Decision> TakenForCode;
};

} // namespace bulkhead

#endif
