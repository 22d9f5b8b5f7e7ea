#include "BundleLayout.h"
#include "bulkhead/layout.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/MC/MCSymbol.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace bulkhead;

static constexpr unsigned Bundle = BH_BUNDLE_SIZE;

unsigned bulkhead::branchSize(bool Conditional, bool Long) { return !Long ? 2 : Conditional ? 6 : 5; }

namespace {

/// What a byte of code, of padding inside an instruction, and a nop cost: code
/// size counts most, then nops that are executed, each of which takes a slot in
/// the pipeline.
enum : int32_t { CostByte = 8, CostGrowth = 1, CostNop = 12, CostNopByte = 2 };
constexpr int32_t LongestNop = 9;

/// The dynamic program's state: for each offset in a bundle what the cheapest way to
/// get there costs, and in the low bits, which also break ties, the last step of it.
/// Codes up to LargestGrowth: no padding, and LargestGrowth minus the growth. Others:
/// FromOffset plus the offset that the step began at, the rest of the way is padding.
using Costs = std::array<int32_t, Bundle>;
constexpr unsigned LargestGrowth = 7, FromOffset = LargestGrowth + 1;
constexpr int32_t CostUnit = 64, CodeMask = CostUnit - 1;
static_assert(FromOffset + Bundle <= CostUnit);
/// More than anything else comes to within a block.
constexpr int32_t Unreachable = (1 << 24) * CostUnit;

int32_t padCost(int32_t Pad, bool Executed) {
  int32_t Cost = Pad * CostByte;
  if (Executed)
    Cost += Pad * CostNopByte + (Pad + LongestNop - 1) / LongestNop * CostNop;
  return Cost * CostUnit;
}

/// padCost of what is left of a bundle behind each offset, with the step's code.
struct RestCosts {
  std::array<Costs, 2> Of; ///< not executed, executed
  RestCosts() {
    for (bool Executed : {false, true})
      for (unsigned From = 0; From < Bundle; ++From)
        Of[Executed][From] = padCost(Bundle - From, Executed) + FromOffset + From;
  }
};

/// How often branches grow only if they must.
constexpr unsigned ExactRounds = 32;

/// What the layout knows of an item: it goes over all of them again and again.
struct Node {
  Item::Kind K;
  bool AlignEnd, Padded;
  bool Dead; ///< only jumps come here: padding is not executed
  uint8_t GrowthOptions, Growth = 0;
  uint32_t Size, Pad = 0;
  uint64_t Offset = 0;
};

struct Branch {
  size_t Index;  ///< of its item
  size_t Target; ///< index of the label, or NoTarget
  bool Conditional, Long = false;
};
/// The distance is not known here: the name may be visible outside and gets a
/// relocation, which has no short form.
constexpr size_t NoTarget = SIZE_MAX;

class Layout {
public:
  Layout(ItemList &Items, uint64_t Start, bool Unreached, bool Bundles);
  uint64_t run(bool RelaxAll);

private:
  using Codes = std::array<uint8_t, Bundle>;

  /// Choices are made again only for those stretches of items in front of which, or
  /// in which, something changed: few branches change at a time.
  static constexpr size_t BlockLength = 64;
  struct Block {
    Costs Entry;         ///< of each offset that it may begin at
    uint8_t First, Last; ///< the offsets that it begins and ends at
    bool Changed = true; ///< a size in it; or, while choosing, its choices
  };

  void markLabelRuns();
  void setLong(Branch &B, bool Long) {
    B.Long = Long;
    Nodes[B.Index].Size = branchSize(B.Conditional, Long);
    Blocks[B.Index / BlockLength].Changed = true;
  }
  /// From the end of the short form to its target.
  int64_t distance(const Branch &B) const {
    return int64_t(Nodes[B.Target].Offset) - int64_t(Nodes[B.Index].Offset + 2);
  }
  void stepUnit(const Node &N, const Costs &Cost, Costs &Next) const;
  void stepOther(size_t I, const Costs &Cost, Costs &Next) const;
  void chooseBlock(size_t Number, Costs &Cost);
  void take(Node &N, unsigned To, uint8_t Code) const;
  void choose();
  void place();
  bool growUnreachable(int64_t Slack);
  void shrink();

  ItemList &Items;
  uint64_t Start;
  bool Bundles;
  uint64_t End = 0;
  std::vector<Node> Nodes;
  std::vector<Branch> Branches;
  std::vector<Codes> Chosen; ///< by the offset at which an item ends
  std::vector<Block> Blocks;
  Costs LastCost; ///< of each offset that the stretch may end at
};

} // namespace

Layout::Layout(ItemList &Items, uint64_t Start, bool Unreached, bool Bundles)
    : Items(Items), Start(Start), Bundles(Bundles), Chosen(Items.size()),
      Blocks(divideCeil(Items.size(), BlockLength)) {
  markLabelRuns();
  bool Reached = !Unreached;
  DenseMap<const MCSymbol *, size_t> Labels;
  Nodes.reserve(Items.size());
  for (auto [I, It] : enumerate(Items)) {
    Nodes.push_back({It.K, It.AlignEnd, It.Padded, !Reached, It.GrowthOptions, 0, It.Size, 0, 0});
    switch (It.K) {
    case Item::Label:
      if (!It.Padded)
        Reached = true; // jumps here run through the padding behind it
      if (It.Symbol->isTemporary())
        Labels[It.Symbol] = I;
      break;
    case Item::Unit:
      Reached = It.F == Item::Falls || (It.F == Item::Branches && It.Conditional);
      if (It.F == Item::Branches)
        Branches.push_back({I, NoTarget, It.Conditional});
      break;
    case Item::Align:
    case Item::Action:
    case Item::Data: break;
    }
  }
  for (Branch &B : Branches)
    if (const MCSymbol *Target = Items[B.Index].Target)
      if (auto L = Labels.find(Target); L != Labels.end())
        B.Target = L->second;
}

/// Padding of a unit goes before the labels that directly precede it, so that
/// jumps to them do not run through it, unless the labels must stay aligned.
void Layout::markLabelRuns() {
  for (size_t I = 0; I < Items.size(); ++I) {
    if (Items[I].K != Item::Label)
      continue;
    bool Aligned = false;
    for (size_t P = I; P-- > 0;) {
      if (Items[P].K == Item::Align)
        Aligned = true;
      if (Items[P].K != Item::Action && Items[P].K != Item::Label)
        break;
    }
    size_t Next = I;
    while (Next < Items.size() && (Items[Next].K == Item::Label || Items[Next].K == Item::Action))
      ++Next;
    bool Code = Next < Items.size() && Items[Next].K == Item::Unit;
    for (; I < Next; ++I)
      if (Items[I].K == Item::Label)
        Items[I].Padded = Code && !Aligned;
  }
}

/// A unit that may stand anywhere in a bundle. This is where the layout's time goes.
void Layout::stepUnit(const Node &N, const Costs &Cost, Costs &Next) const {
  static const RestCosts Rest;
  std::array<int32_t, Bundle + 1> To; // the last one: the next bundle's first offset
  To.fill(Unreachable);
  int32_t Crossing = Unreachable; // from where it does not fit, by padding
  unsigned From = Bundle;
  for (unsigned G = 0, Options = N.GrowthOptions; Options; ++G, Options >>= 1) {
    unsigned Size = N.Size + G;
    if (!(Options & 1) || Size > Bundle)
      continue;
    int32_t Growth = G * (CostByte + CostGrowth) * CostUnit;
    int32_t Step = Growth + (LargestGrowth - G);
    for (unsigned K = 0; K < Bundle && K + Size <= Bundle; ++K)
      To[K + Size] = std::min(To[K + Size], Cost[K] + Step);
    while (--From > Bundle - Size)
      Crossing = std::min(Crossing, Cost[From] + Rest.Of[!N.Dead][From]);
    ++From;
    To[Size] = std::min(To[Size], Crossing + Growth);
  }
  std::copy_n(To.begin(), Bundle, Next.begin());
  Next[0] = std::min(Next[0], To[Bundle]);
}

void Layout::stepOther(size_t I, const Costs &Cost, Costs &Next) const {
  const Node &N = Nodes[I];
  Next.fill(Unreachable);
  for (unsigned From = 0; From < Bundle; ++From) {
    unsigned Pad = 0, Size = N.Size;
    if (N.K == Item::Align) {
      unsigned A = std::min<uint64_t>(Items[I].Alignment.value(), Bundle);
      Pad = (A - From % A) % A;
      if (Items[I].MaxBytes && Pad > Items[I].MaxBytes)
        Pad = 0;
      Size = 0;
    } else if (N.AlignEnd) // never grows
      Pad = (Bundle - Size - From) % Bundle;
    unsigned To = (From + Pad + Size) % Bundle;
    int32_t Code = N.K == Item::Align || N.AlignEnd ? FromOffset + From : LargestGrowth;
    Next[To] = std::min(Next[To], Cost[From] + padCost(Pad, !N.Dead) + Code);
  }
}

void Layout::chooseBlock(size_t Number, Costs &Cost) {
  size_t End = std::min((Number + 1) * BlockLength, Nodes.size());
  for (size_t I = Number * BlockLength; I < End; ++I) {
    const Node &N = Nodes[I];
    if (N.K == Item::Label || N.K == Item::Action)
      continue;
    Costs Next;
    // A unit that is longer than a bundle is reported elsewhere.
    if (N.K == Item::Align || N.AlignEnd || N.Size > Bundle || !Bundles)
      stepOther(I, Cost, Next);
    else
      stepUnit(N, Cost, Next);
    for (unsigned To = 0; To < Bundle; ++To) {
      Chosen[I][To] = Next[To] & CodeMask;
      Cost[To] = Next[To] & ~CodeMask;
    }
  }
  // Only differences matter, and these stay small.
  int32_t Least = *llvm::min_element(Cost);
  for (int32_t &C : Cost)
    C = C < Unreachable ? C - Least : Unreachable;
}

/// Notes in \p N the step that ends at \p To.
void Layout::take(Node &N, unsigned To, uint8_t Code) const {
  unsigned Size = N.K == Item::Align ? 0 : N.Size;
  if (Code <= LargestGrowth) {
    N.Growth = LargestGrowth - Code;
    N.Pad = 0;
    return;
  }
  // What was pushed into the next bundle begins it.
  N.Growth = N.K == Item::Align || N.AlignEnd ? 0 : (To ? To : Bundle) - Size;
  N.Pad = (To - Size - N.Growth - (Code - FromOffset)) % Bundle;
}

void Layout::choose() {
  Costs Cost;
  Cost.fill(Unreachable);
  Cost[Start % Bundle] = 0;
  for (auto [Number, B] : enumerate(Blocks)) {
    if (!B.Changed && B.Entry == Cost) {
      Cost = Number + 1 < Blocks.size() ? Blocks[Number + 1].Entry : LastCost;
      continue;
    }
    B.Changed = true;
    B.Entry = Cost;
    chooseBlock(Number, Cost);
  }
  LastCost = Cost;
  unsigned At = llvm::min_element(Cost) - Cost.begin();
  for (size_t Number = Blocks.size(); Number-- > 0;) {
    Block &B = Blocks[Number];
    if (B.Changed || B.Last != At) {
      B.Last = At;
      for (size_t I = std::min((Number + 1) * BlockLength, Nodes.size()); I-- > Number * BlockLength;) {
        Node &N = Nodes[I];
        if (N.K == Item::Label || N.K == Item::Action)
          continue;
        take(N, At, Chosen[I][At]);
        At = (At - N.Pad - N.Growth - (N.K == Item::Align ? 0 : N.Size)) % Bundle;
      }
      B.First = At;
      B.Changed = false;
    }
    At = B.First;
  }
}

void Layout::place() {
  uint64_t At = Start;
  size_t FirstPadded = SIZE_MAX; // label run that waits for the next unit
  for (auto [I, N] : enumerate(Nodes)) {
    switch (N.K) {
    case Item::Label:
      N.Offset = At;
      if (FirstPadded == SIZE_MAX && N.Padded)
        FirstPadded = I;
      continue;
    case Item::Action:
    case Item::Data: // is decoded before
      continue;
    case Item::Align:
      N.Offset = At;
      // The dynamic program knows offsets modulo the bundle only.
      if (Items[I].Alignment.value() > Bundle && !Items[I].MaxBytes)
        N.Pad = offsetToAlignment(At, Items[I].Alignment);
      At += N.Pad;
      break;
    case Item::Unit:
      if (FirstPadded != SIZE_MAX) // the whole run moves behind the padding
        for (size_t L = FirstPadded; L < I; ++L)
          if (Nodes[L].K == Item::Label)
            Nodes[L].Offset += N.Pad;
      At += N.Pad;
      N.Offset = At;
      At += N.Size + N.Growth;
      break;
    }
    FirstPadded = SIZE_MAX;
  }
  End = At;
}

/// Makes the branches long that do not reach, or only just: with less than \p Slack
/// bytes to spare.
bool Layout::growUnreachable(int64_t Slack) {
  bool Changed = false;
  for (Branch &B : Branches) {
    if (B.Long)
      continue;
    int64_t D = distance(B);
    if (isInt<8>(D + Slack) && isInt<8>(D - Slack))
      continue;
    setLong(B, true);
    Changed = true;
  }
  return Changed;
}

/// Padding moves when branches grow, so a branch may have been made long for a
/// distance that later shrank. Takes each such decision back if all still reach.
void Layout::shrink() {
  constexpr unsigned Attempts = 8;
  for (unsigned N = 0; N < Attempts; ++N) {
    std::vector<Branch *> Candidates;
    for (Branch &B : Branches)
      if (B.Long && B.Target != NoTarget && isInt<8>(distance(B) + 2 - int64_t(Nodes[B.Index].Size)))
        Candidates.push_back(&B);
    if (Candidates.empty())
      return;
    // All at once first, then one after the other.
    if (N)
      Candidates = {Candidates[(N - 1) % Candidates.size()]};
    for (Branch *B : Candidates)
      setLong(*B, false);
    choose();
    place();
    bool Fits = llvm::all_of(Branches, [&](const Branch &B) { return B.Long || isInt<8>(distance(B)); });
    if (!Fits) {
      for (Branch *B : Candidates)
        setLong(*B, true);
      choose();
      place();
    }
  }
}

uint64_t Layout::run(bool RelaxAll) {
  // Start from the shortest form of everything. Distances without padding are a
  // lower bound, so what is too far now stays too far.
  for (Branch &B : Branches)
    setLong(B, RelaxAll || B.Target == NoTarget);
  uint64_t At = 0;
  for (Node &N : Nodes) {
    N.Offset = At;
    At += N.K == Item::Unit ? N.Size : 0;
  }
  growUnreachable(0);
  // One branch that grows may push the next one out of reach, and so on along the
  // whole function. After some rounds those that barely reach grow as well, twice as
  // many bytes each time, so that the number of rounds has a bound.
  unsigned Round = 0;
  int64_t Slack = 0;
  do {
    choose();
    place();
    if (++Round > ExactRounds)
      Slack = Slack ? 2 * Slack : 1;
  } while (growUnreachable(Slack));
  if (!RelaxAll)
    shrink();
  for (auto [It, N] : zip_equal(Items, Nodes)) {
    It.Size = N.Size;
    It.Pad = N.Pad;
    It.Growth = N.Growth;
    It.Offset = N.Offset;
  }
  for (const Branch &B : Branches)
    Items[B.Index].Long = B.Long;
  return End - Start;
}

uint64_t bulkhead::layOut(ItemList &Items, uint64_t Start, bool Dead, bool RelaxAll, bool Bundles) {
  return Layout(Items, Start, Dead, Bundles).run(RelaxAll);
}
