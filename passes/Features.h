//===- Features.h - Which instruction sets guests are compiled to -----------===//
//
// Processors have instructions that the verifier does not accept. The compiler is
// kept from choosing them, whatever processor it compiles for; who asks for one by
// its intrinsic function gets an error.
//
//===----------------------------------------------------------------------===//
#ifndef BULKHEAD_PASSES_FEATURES_H
#define BULKHEAD_PASSES_FEATURES_H

namespace llvm {
class Function;
} // namespace llvm

namespace bulkhead {

/// Keeps instruction selection and the vectoriser from what is not accepted. Called
/// again, it does nothing.
void dropFeatures(llvm::Function &F);

/// Whether the verifier may accept what the intrinsic function \p F stands for.
bool acceptsIntrinsic(const llvm::Function &F);

} // namespace bulkhead

#endif
