//===- Report.h - Errors at the place that somebody wrote -------------------===//
#ifndef BULKHEAD_PASSES_REPORT_H
#define BULKHEAD_PASSES_REPORT_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/SMLoc.h"

namespace llvm {
class MCContext;
}

namespace bulkhead {

/// Reports an error about code at \p Loc. What a macro or .rept of inline assembly made
/// has a place of its own, which leads to no line of the program; then it is
/// reported at the statement.
void reportAt(llvm::MCContext &Ctx, llvm::SMLoc Loc, const llvm::Twine &Message);

/// Told of each place in assembly at which code is, while the parser is there, so that
/// the assembler can find out which macros led to it. May be null.
extern llvm::function_ref<void(llvm::SMLoc)> WrittenAt;

} // namespace bulkhead

#endif
