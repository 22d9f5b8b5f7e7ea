#include "RawCode.h"
#include "Report.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCExpr.h"
#include "llvm/MC/MCFixup.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/MCSymbol.h"
#include "llvm/Support/Casting.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;
using namespace bulkhead;

void RawCode::error(SMLoc Loc, const Twine &What) const { reportAt(Ctx, Loc, What); }

static const MCSymbol *symbolOf(const MCExpr *E) {
  if (auto *Ref = dyn_cast<MCSymbolRefExpr>(E))
    return &Ref->getSymbol();
  if (auto *B = dyn_cast<MCBinaryExpr>(E))
    return symbolOf(B->getLHS());
  if (auto *S = dyn_cast<MCSpecifierExpr>(E))
    return symbolOf(S->getSubExpr());
  return nullptr;
}

void RawCode::noteOperands(const MCInst &I) {
  OpClass C = X.classOf(I.getOpcode());
  bool Branch =
      C == OpClass::JumpDirect || C == OpClass::JumpCond || C == OpClass::JumpShort || C == OpClass::CallDirect;
  int M = C == OpClass::Nop ? -1 : X.memoryOperand(I.getOpcode());
  for (auto [K, Op] : enumerate(I))
    if (const MCSymbol *S = Op.isExpr() ? symbolOf(Op.getExpr()) : nullptr)
      note(*S, Branch ? BranchTarget : M >= 0 && int(K) == M + 3 ? Read : Taken);
}

uint8_t RawCode::rolesOf(ArrayRef<const MCSymbol *> Labels) const {
  uint8_t All = 0;
  for (const MCSymbol *S : Labels)
    All |= Roles.lookup(S);
  return All;
}

void RawCode::checkReads() {
  for (auto [S, Loc, Reached] : TakenForCode)
    if (uint8_t Says = Roles.lookup(S);
        Says & (Read | Object) || (!Reached && Says & Taken && !(Says & (Function | BranchTarget | Visible))))
      error(Loc, "'" + S->getName() +
                     "' is read as data, but lies in code; move it "
                     "to .rodata");
  TakenForCode.clear();
}

const RawCode::Piece &RawCode::Run::at(size_t Offset) const {
  auto Behind = llvm::upper_bound(Starts, Offset, [](size_t O, const auto &Start) { return O < Start.first; });
  return *std::prev(Behind)->second;
}

bool RawCode::fallsThrough(const MCInst &I) const {
  switch (X.classOf(I.getOpcode())) {
  case OpClass::Return:
  case OpClass::JumpReg:
  case OpClass::JumpMem:
  case OpClass::JumpDirect:
  case OpClass::Trap: return false;
  default: return true;
  }
}

//===----------------------------------------------------------------------===//
// Decoding
//===----------------------------------------------------------------------===//

std::string RawCode::encode(const BufferedInst &I) const {
  SmallVector<char, 16> Code;
  SmallVector<MCFixup, 2> Fixups;
  Emitter.encodeInstruction(I.Inst, Code, Fixups, *I.STI);
  return std::string(Code.begin(), Code.end());
}

bool RawCode::decodeOne(StringRef Bytes, MCInst &I, uint64_t &Size) const {
  return Decoder->getInstruction(I, Size, arrayRefFromStringRef(Bytes), 0, nulls()) == MCDisassembler::Success &&
         Size && Size <= Bytes.size();
}

/// The decoder keeps lock and rep as flags; the parser makes instructions of them.
void RawCode::append(std::vector<BufferedInst> &Out, MCInst I, SMLoc Loc, const MCSubtargetInfo &STI,
                     size_t Before) const {
  auto Push = [&](MCInst New) {
    New.setLoc(Loc);
    Out.push_back({{std::move(New), &STI}, Before});
  };
  for (auto [Flag, Opcode] :
       {std::pair(HasRepeatNE, X.REPNE_PREFIX), std::pair(HasRepeat, X.REP_PREFIX), std::pair(HasLock, X.LOCK_PREFIX)})
    if (I.getFlags() & Flag) {
      MCInst Prefix;
      Prefix.setOpcode(Opcode);
      Push(std::move(Prefix));
    }
  I.setFlags(0);
  Push(std::move(I));
}

/// Whether \p I makes sense anywhere but where it stood.
static const char *whyNot(const X86Names &X, const MCInst &I, StringRef Bytes) {
  OpClass C = X.classOf(I.getOpcode());
  if (C == OpClass::JumpDirect || C == OpClass::JumpCond || C == OpClass::JumpShort || C == OpClass::CallDirect)
    return "a branch that is written as bytes has a distance, and distances change; "
           "write the instruction and a label";
  for (const MCOperand &Op : I)
    if (Op.isReg() && Op.getReg() && X.to64(Op.getReg()) == X.RIP)
      return "an operand relative to rip that is written as bytes has a distance, and "
             "distances change; write the instruction and a label";
  // add %al,(%rax): what zeros decode as.
  if (Bytes == StringRef("\0\0", 2))
    return "zeros are no code; move data to .rodata or .data";
  return nullptr;
}

/// Splits \p R into instructions. What remains at \p Rest are prefixes of the
/// instruction behind it. Returns false after reporting an error.
bool RawCode::split(const Run &R, std::vector<BufferedInst> &Out, size_t &Rest, const MCSubtargetInfo &STI) {
  StringRef Bytes = R.Bytes;
  for (Rest = 0; Rest < Bytes.size();) {
    const Piece &P = R.at(Rest);
    MCInst I;
    uint64_t Size = 0;
    if (!decodeOne(Bytes.substr(Rest), I, Size)) {
      error(P.Loc, "these bytes are no instruction; write it as one, or move data to "
                   ".rodata");
      return false;
    }
    if (X.classOf(I.getOpcode()) == OpClass::Prefix && I.getOpcode() != X.LOCK_PREFIX)
      return true;
    if (const char *Why = whyNot(X, I, Bytes.substr(Rest, Size))) {
      error(P.Loc, Why);
      return false;
    }
    append(Out, std::move(I), P.Loc, STI, P.Item + 1);
    Rest += Size;
  }
  return true;
}

/// Makes one instruction of \p Prefixes and \p Next. Returns false if that cannot be.
bool RawCode::completes(StringRef Prefixes, BufferedInst &Next) const {
  std::string Bytes = Prefixes.str() + encode(Next);
  MCInst I;
  uint64_t Size;
  if (!decodeOne(Bytes, I, Size) || Size != Bytes.size())
    return false;
  bool Symbolic = llvm::any_of(Next.Inst, [](const MCOperand &O) { return O.isExpr(); });
  unsigned Flags = I.getFlags() & (HasRepeat | HasRepeatNE | HasLock);
  if (I.getOpcode() == Next.Inst.getOpcode() || !Symbolic) {
    if (Symbolic || !whyNot(X, I, Bytes)) {
      SMLoc Loc = Next.Inst.getLoc();
      if (!Symbolic)
        Next.Inst = I;
      Next.Inst.setLoc(Loc);
      Next.Inst.setFlags(Flags);
      return true;
    }
  }
  return false;
}

//===----------------------------------------------------------------------===//
// Code or data
//===----------------------------------------------------------------------===//

/// Whether \p R is a table although it decodes as \p Code. \p Continues: written
/// instructions follow.
bool RawCode::isData(const Run &R, ArrayRef<BufferedInst> Code, bool Continues) const {
  uint8_t Says = rolesOf(R.Labels);
  if (R.Reached || (Says & (Function | BranchTarget)))
    return false;
  bool Ends = Continues || (!Code.empty() && !fallsThrough(Code.back().Inst));
  if (Says & Visible)
    return !Ends;
  if (R.Start) // the rest of the file will tell
    return false;
  // Nothing leads here: it may still be what somebody fills gaps with.
  return !llvm::all_of(Code, [&](const BufferedInst &B) {
    OpClass C = X.classOf(B.Inst.getOpcode());
    return C == OpClass::Nop || C == OpClass::Trap || B.Inst.getOpcode() == X.INT3;
  });
}

/// Takes the run that begins at Items[N], of which instruction number \p NextInst is
/// the first behind it, and makes its items empty.
RawCode::Run RawCode::collect(ItemList &Items, size_t &N, size_t NextInst, const Piece *&P) const {
  Run R;
  size_t End = N;
  for (size_t J = N; J < Items.size() && J < NextInst; ++J) {
    Item &It = Items[J];
    if (It.K == Item::Action)
      continue;
    if (It.K != Item::Data)
      break;
    if (P->Bytes.empty() && !R.Unknown)
      R.Unknown = P;
    if (!R.Unknown) {
      R.Starts.push_back({R.Bytes.size(), P});
      R.Bytes += P->Bytes;
    }
    ++P;
    It.K = Item::Action;
    It.Replay = [] {};
    End = J + 1;
  }
  N = End;
  return R;
}

void RawCode::decode(ItemList &Items, std::vector<BufferedInst> &Insts, const MCSubtargetInfo &STI, bool Reached,
                     bool Start) {
  if (!Decoder)
    Decoder.reset(X.T.createMCDisassembler(STI, Ctx));
  std::vector<BufferedInst> Out;
  Out.reserve(Insts.size() + Pieces.size());
  SmallVector<const MCSymbol *, 2> Labels;
  size_t Prefixes = 0; // at the end of Out, and nothing but actions behind them
  const Piece *P = Pieces.data();
  size_t N = 0, I = 0;
  auto Take = [&](BufferedInst B) {
    bool Prefix = X.classOf(B.Inst.getOpcode()) == OpClass::Prefix;
    Prefixes = Prefix ? Prefixes + 1 : 0;
    Reached = Prefix || fallsThrough(B.Inst);
    Labels.clear();
    Start = false;
    Out.push_back(std::move(B));
  };
  while (N < Items.size() || I < Insts.size()) {
    if (I < Insts.size() && Insts[I].Before <= N) {
      Take(std::move(Insts[I++]));
      continue;
    }
    Item &It = Items[N];
    if (It.K != Item::Data) {
      if (It.K == Item::Label)
        Labels.push_back(It.Symbol);
      if (It.K != Item::Action)
        Prefixes = 0;
      ++N;
      continue;
    }
    SMLoc Loc = P->Loc;
    Run R = collect(Items, N, I < Insts.size() ? Insts[I].Before : SIZE_MAX, P);
    R.Labels = std::move(Labels);
    R.Start = Start && !R.Labels.empty();
    R.Reached = Reached && !R.Start;
    Labels.clear();
    // The next written instruction, if nothing can jump between.
    auto Adjacent = [&] {
      return I < Insts.size() &&
             std::all_of(
                 Items.begin() + N, Items.begin() + Insts[I].Before, [](const Item &A) { return A.K == Item::Action; });
    };
    // Prefixes that were written as instructions belong to the bytes.
    std::string Front;
    if (Prefixes && R.Starts.size()) {
      for (size_t K = Out.size() - Prefixes; K < Out.size(); ++K)
        Front += encode(Out[K]);
      Out.resize(Out.size() - Prefixes);
      Prefixes = 0;
      for (auto &Start : llvm::drop_begin(R.Starts))
        Start.first += Front.size();
      R.Bytes = Front + R.Bytes;
    }
    std::vector<BufferedInst> Code;
    size_t Rest = 0;
    bool DeclaredData = rolesOf(R.Labels) & (Object | Read);
    bool Continues = !R.Unknown && Adjacent();
    constexpr const char *Data = "data between code would be executed as instructions; "
                                 "move it to .rodata";
    if (DeclaredData || (R.Starts.empty() && !R.Reached)) {
      error(Loc, Data);
      continue;
    }
    if (!split(R, Code, Rest, STI))
      continue;
    if (R.Unknown) {
      error(R.Unknown->Loc, "a value that is not a plain number cannot be code; write "
                            "the instruction, or move data to .rodata");
      continue;
    }
    if (isData(R, Code, Continues)) {
      error(Loc, Data);
      continue;
    }
    for (const MCSymbol *S : R.Labels)
      TakenForCode.push_back({S, Loc, R.Reached});
    SMLoc RestLoc = Rest < R.Bytes.size() ? R.at(Rest).Loc : SMLoc();
    for (BufferedInst &B : Code)
      Take(std::move(B));
    if (Rest == R.Bytes.size())
      continue;
    std::string Left = R.Bytes.substr(Rest);
    while (Adjacent() && X.classOf(Insts[I].Inst.getOpcode()) == OpClass::Prefix)
      Left += encode(Insts[I++]);
    if (!Adjacent() || !completes(Left, Insts[I])) {
      error(RestLoc, "these bytes are no whole instruction, also not together with what "
                     "follows; write it as one");
      continue;
    }
    BufferedInst Whole = std::move(Insts[I++]);
    std::vector<BufferedInst> Parts;
    append(Parts, Whole.Inst, Whole.Inst.getLoc(), *Whole.STI, Whole.Before);
    for (BufferedInst &B : Parts)
      Take(std::move(B));
  }
  Insts = std::move(Out);
  Pieces.clear();
}
