//===- Options.h - What the user can choose --------------------------------===//
//
// Command-line options of the plugin and the assembler, given to clang as
// `-mllvm -bulkhead-...`.
//
//===----------------------------------------------------------------------===//
#ifndef BULKHEAD_PASSES_OPTIONS_H
#define BULKHEAD_PASSES_OPTIONS_H

namespace bulkhead {

enum class Isolation {
  Full,   ///< loads, stores and control flow
  Stores, ///< stores and control flow; loads may read the host
};

enum class Padding {
  Prefix, ///< redundant prefixes and longer encodings first, nops for the rest
  Nop,    ///< nops only: larger and slower, for comparison
};

/// Whether the module is built for threads: r14 is the thread pointer, and not a word
/// of the context page.
bool threads();
Isolation isolation();
Padding padding();

/// The two ingredients of isolation. Both are there but under `-bulkhead-only`, which
/// exists to measure what one of them costs: nothing made with it verifies, and its
/// module's note names a scheme that no verifier knows.
bool confinesAddresses(); ///< memory operands, string instructions, the stack pointer
bool laysOutBundles();    ///< bundles, masked branches, aligned targets and returns

} // namespace bulkhead

#endif
