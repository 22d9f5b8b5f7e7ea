//===- ObjectBounds.h - Accesses that may leave their object ----------------===//
#ifndef BULKHEAD_PASSES_OBJECTBOUNDS_H
#define BULKHEAD_PASSES_OBJECTBOUNDS_H

namespace llvm {
class FunctionPass;
}

namespace bulkhead {

/// An access relative to rip must lie in the image (rule M2), wherever the linker puts
/// the object. One whose constant offset leaves the object may not, even if it never
/// runs, and would make the whole module unusable: its address is computed into a
/// register, and the access confined like any other. Runs right after instruction
/// selection.
llvm::FunctionPass *createObjectBoundsPass();

} // namespace bulkhead

#endif
