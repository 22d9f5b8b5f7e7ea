//===- Inlining.h - What a call is worth ------------------------------------===//
#ifndef BULKHEAD_PASSES_INLINING_H
#define BULKHEAD_PASSES_INLINING_H

namespace llvm {
class Function;
}

namespace bulkhead {

/// Tells LLVM's inliner what the calls of a function cost where its body is copied:
/// in isolated code every call is padded, and so is each copy. What calls nothing, and
/// what the programmer declared `inline`, is inlined as LLVM does it. Options that the
/// user gave for the inliner stand.
void weighCalls(llvm::Function &F);

} // namespace bulkhead

#endif
