//===- Inlining.h - What a call is worth ------------------------------------===//
#ifndef BULKHEAD_PASSES_INLINING_H
#define BULKHEAD_PASSES_INLINING_H

namespace llvm {
class PassBuilder;
}

namespace bulkhead {

/// Makes LLVM's inliner reckon with what a call costs in isolated code: it and its
/// masked return are longer and slower, and every call that is copied along with a
/// body is padded again. What calls nothing is inlined more readily, what calls is
/// inlined less. Options that the user gave for the inliner stand.
void tuneInlining(llvm::PassBuilder &PB);

} // namespace bulkhead

#endif
