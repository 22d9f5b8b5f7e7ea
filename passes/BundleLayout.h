//===- BundleLayout.h - Places units into bundles ---------------------------===//
//
// Chooses for every unit of a stretch of code how many bytes of padding go before
// it and how many go into it (redundant prefixes, longer encodings), so that no
// unit crosses a bundle boundary, calls end at one, and what must be aligned is;
// and for every branch whether rel8 reaches. Among all such layouts it takes the
// cheapest by dynamic programming over the offset within the bundle.
//
//===----------------------------------------------------------------------===//
#ifndef BULKHEAD_PASSES_BUNDLELAYOUT_H
#define BULKHEAD_PASSES_BUNDLELAYOUT_H

#include "Items.h"

namespace bulkhead {

/// Fills in Pad, Growth, Long, Padded and Offset of \p Items. \p Start is the
/// offset of the stretch in its section, of which the first unit's bundle follows.
/// \p Dead: nothing falls into the stretch. Requires Size and GrowthOptions. \p RelaxAll: rel32 everywhere
/// (-mrelax-all).
/// \p Bundles: units may not cross a boundary; without, only alignments are kept.
/// Returns the size of the stretch.
uint64_t layOut(ItemList &Items, uint64_t Start, bool Dead, bool RelaxAll, bool Bundles);

/// Size of a direct jump in the form \p Long asks for.
unsigned branchSize(bool Conditional, bool Long);

} // namespace bulkhead

#endif
