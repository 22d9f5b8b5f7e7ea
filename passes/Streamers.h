//===- Streamers.h - The streamers that clang and bulkhead-as create --------===//
#ifndef BULKHEAD_PASSES_STREAMERS_H
#define BULKHEAD_PASSES_STREAMERS_H

#include "llvm/ADT/StringRef.h"

namespace llvm {
class MCStreamer;
class Target;
} // namespace llvm

namespace bulkhead {

/// From now on \p T creates streamers that confine and bundle code, for object
/// files and for assembly text. \p T is the x86-64 target. Not thread-safe.
void installStreamers(llvm::Target &T);

/// Nothing in a module runs what the sections of old toolchains hold; empty: this is none.
llvm::StringRef whyNeverRun(llvm::StringRef Section);

/// The text that \p S got has ended. \p S is an object streamer that installStreamers
/// made; to be called before it finishes.
void finishCode(llvm::MCStreamer &S);

} // namespace bulkhead

#endif
