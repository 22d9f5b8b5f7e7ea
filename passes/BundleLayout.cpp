#include "BundleLayout.h"
#include "bulkhead/layout.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/MC/MCSymbol.h"
#include "llvm/Support/MathExtras.h"

using namespace llvm;
using namespace bulkhead;

static constexpr unsigned Bundle = BH_BUNDLE_SIZE;

unsigned bulkhead::branchSize(bool Conditional, bool Long) {
  return !Long ? 2 : Conditional ? 6 : 5;
}

namespace {

/// What a byte of code, of padding inside an instruction, and a nop cost: code
/// size counts most, then nops that are executed, each of which takes a slot in
/// the pipeline.
enum : uint32_t { CostByte = 8, CostGrowth = 1, CostNop = 12, CostNopByte = 2 };
constexpr unsigned LongestNop = 9;

class Layout {
public:
  Layout(ItemList &Items, uint64_t Start, bool Unreached, bool Bundles)
      : Items(Items), Start(Start), Bundles(Bundles) {
    markLabelRuns();
    bool Reached = !Unreached;
    Dead.resize(Items.size());
    for (auto [I, It] : enumerate(Items)) {
      Dead[I] = !Reached;
      if (It.K == Item::Label && !It.Padded)
        Reached = true; // jumps here run through the padding behind it
      if (It.K == Item::Unit)
        Reached = It.F == Item::Falls || (It.F == Item::Branches && It.Conditional);
      if (It.K == Item::Label)
        LabelIndex[It.Symbol] = I;
      if (It.K == Item::Unit && It.F == Item::Branches)
        Branches.push_back(I);
    }
  }

  uint64_t run(bool RelaxAll);

private:
  struct Choice {
    uint8_t From, Pad, Growth;
  };

  void markLabelRuns();
  void setLong(size_t I, bool Long) {
    Items[I].Long = Long;
    Items[I].Size = branchSize(Items[I].Conditional, Long);
  }
  /// Whether the distance to \p Target is known here. A name that may be visible
  /// outside gets a relocation, which has no short form.
  bool isLocal(const MCSymbol *Target) const {
    return Target && Target->isTemporary() && LabelIndex.count(Target);
  }
  bool reaches(const Item &B) const {
    int64_t D = int64_t(Items[LabelIndex.lookup(B.Target)].Offset) -
                int64_t(B.Offset + 2);
    return isInt<8>(D);
  }
  uint32_t padCost(unsigned Pad, bool Executed) const {
    if (!Pad)
      return 0;
    uint32_t Cost = Pad * CostByte;
    if (Executed)
      Cost += Pad * CostNopByte + divideCeil(Pad, LongestNop) * CostNop;
    return Cost;
  }
  void choose();
  void place();
  bool growUnreachable();
  void shrink();

  ItemList &Items;
  uint64_t Start;
  bool Bundles;
  uint64_t End = 0;
  std::vector<bool> Dead; ///< only jumps come here: padding is not executed
  DenseMap<const MCSymbol *, size_t> LabelIndex;
  std::vector<size_t> Branches;
  std::vector<std::array<Choice, Bundle>> Choices;
};

} // namespace

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
    while (Next < Items.size() &&
           (Items[Next].K == Item::Label || Items[Next].K == Item::Action))
      ++Next;
    bool Code = Next < Items.size() && Items[Next].K == Item::Unit;
    for (; I < Next; ++I)
      if (Items[I].K == Item::Label)
        Items[I].Padded = Code && !Aligned;
  }
}

void Layout::choose() {
  constexpr uint32_t Inf = UINT32_MAX / 2;
  std::array<uint32_t, Bundle> Cost, Next;
  Cost.fill(Inf);
  Cost[Start % Bundle] = 0;
  Choices.resize(Items.size());
  for (auto [I, It] : enumerate(Items)) {
    if (It.K == Item::Label || It.K == Item::Action)
      continue;
    Next.fill(Inf);
    auto &C = Choices[I];
    bool Executed = !Dead[I];
    auto Reach = [&](unsigned From, unsigned To, unsigned Pad, unsigned Growth,
                     uint32_t Extra) {
      uint32_t Total = Cost[From] + Extra;
      if (Total < Next[To]) {
        Next[To] = Total;
        C[To] = {uint8_t(From), uint8_t(Pad), uint8_t(Growth)};
      }
    };
    for (unsigned From = 0; From < Bundle; ++From) {
      if (Cost[From] >= Inf)
        continue;
      if (It.K == Item::Align) {
        unsigned A = std::min<uint64_t>(It.Alignment.value(), Bundle);
        unsigned Pad = (A - From % A) % A;
        if (It.MaxBytes && Pad > It.MaxBytes)
          Pad = 0;
        Reach(From, (From + Pad) % Bundle, Pad, 0, padCost(Pad, Executed));
        continue;
      }
      if (It.Size > Bundle) { // which is reported elsewhere
        Reach(From, (From + It.Size) % Bundle, 0, 0, 0);
        continue;
      }
      for (unsigned G = 0, Options = It.GrowthOptions; Options; ++G, Options >>= 1) {
        unsigned Size = It.Size + G;
        if (!(Options & 1) || (Size > Bundle && Bundles))
          continue;
        unsigned At = From;
        if (It.AlignEnd)
          At = Bundle - Size;
        else if (From + Size > Bundle && Bundles)
          At = 0;
        unsigned Pad = At >= From ? At - From : Bundle - From + At;
        Reach(From, (At + Size) % Bundle, Pad, G,
              padCost(Pad, Executed) + G * (CostByte + CostGrowth));
      }
    }
    Cost = Next;
  }
  unsigned At = std::min_element(Cost.begin(), Cost.end()) - Cost.begin();
  for (size_t I = Items.size(); I-- > 0;) {
    Item &It = Items[I];
    if (It.K == Item::Label || It.K == Item::Action)
      continue;
    const Choice &C = Choices[I][At];
    It.Pad = C.Pad;
    It.Growth = C.Growth;
    At = C.From;
  }
}

void Layout::place() {
  uint64_t At = Start;
  size_t FirstPadded = SIZE_MAX; // label run that waits for the next unit
  for (auto [I, It] : enumerate(Items)) {
    switch (It.K) {
    case Item::Label:
      It.Offset = At;
      if (FirstPadded == SIZE_MAX && It.Padded)
        FirstPadded = I;
      continue;
    case Item::Action:
    case Item::Data: // is decoded before
      continue;
    case Item::Align:
      It.Offset = At;
      // The dynamic program knows offsets modulo the bundle only.
      if (It.Alignment.value() > Bundle && !It.MaxBytes)
        It.Pad = offsetToAlignment(At, It.Alignment);
      At += It.Pad;
      break;
    case Item::Unit:
      if (FirstPadded != SIZE_MAX) // the whole run moves behind the padding
        for (size_t L = FirstPadded; L < I; ++L)
          if (Items[L].K == Item::Label)
            Items[L].Offset += It.Pad;
      At += It.Pad;
      It.Offset = At;
      At += It.Size + It.Growth;
      break;
    }
    FirstPadded = SIZE_MAX;
  }
  End = At;
}

bool Layout::growUnreachable() {
  bool Changed = false;
  for (size_t I : Branches)
    if (!Items[I].Long && !reaches(Items[I])) {
      setLong(I, true);
      Changed = true;
    }
  return Changed;
}

/// Padding moves when branches grow, so a branch may have been made long for a
/// distance that later shrank. Takes each such decision back if all still reach.
void Layout::shrink() {
  constexpr unsigned Attempts = 8;
  for (unsigned N = 0; N < Attempts; ++N) {
    std::vector<size_t> Candidates;
    for (size_t I : Branches)
      if (Items[I].Long && isLocal(Items[I].Target)) {
        int64_t D = int64_t(Items[LabelIndex.lookup(Items[I].Target)].Offset) -
                    int64_t(Items[I].Offset + Items[I].Size);
        if (isInt<8>(D))
          Candidates.push_back(I);
      }
    if (Candidates.empty())
      return;
    // All at once first, then one after the other.
    if (N)
      Candidates = {Candidates[(N - 1) % Candidates.size()]};
    std::vector<size_t> WasLong;
    for (size_t I : Branches)
      if (Items[I].Long)
        WasLong.push_back(I);
    for (size_t I : Candidates)
      setLong(I, false);
    choose();
    place();
    bool Fits = llvm::all_of(Branches, [&](size_t I) {
      return Items[I].Long || reaches(Items[I]);
    });
    if (!Fits) {
      for (size_t I : WasLong)
        setLong(I, true);
      choose();
      place();
    }
  }
}

uint64_t Layout::run(bool RelaxAll) {
  // Start from the shortest form of everything. Distances without padding are a
  // lower bound, so what is too far now stays too far.
  uint64_t At = 0;
  for (Item &It : Items) {
    It.Pad = It.Growth = 0;
    if (It.K == Item::Unit && It.F == Item::Branches) {
      It.Long = RelaxAll || !isLocal(It.Target);
      It.Size = branchSize(It.Conditional, It.Long);
    }
    It.Offset = At;
    At += It.K == Item::Unit ? It.Size : 0;
  }
  if (!RelaxAll)
    growUnreachable();
  do {
    choose();
    place();
  } while (!RelaxAll && growUnreachable());
  if (!RelaxAll)
    shrink();
  return End - Start;
}

uint64_t bulkhead::layOut(ItemList &Items, uint64_t Start, bool Dead, bool RelaxAll,
                          bool Bundles) {
  return Layout(Items, Start, Dead, Bundles).run(RelaxAll);
}
