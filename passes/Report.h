//===- Report.h - Errors at the place that somebody wrote -------------------===//
#ifndef BULKHEAD_PASSES_REPORT_H
#define BULKHEAD_PASSES_REPORT_H

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/Support/SMLoc.h"

namespace llvm {
class Function;
class MCContext;
class MCSymbol;
} // namespace llvm

namespace bulkhead {

/// Reports an error about code at \p Loc. What a macro or .rept of inline assembly made
/// has a place of its own, which leads to no line of the program; then it is
/// reported at the statement. What the compiler made has no place in assembly: then
/// the function \p In has to do, where there is one.
void reportAt(llvm::MCContext &Ctx, llvm::SMLoc Loc, const llvm::Twine &Message, const llvm::Function *In = nullptr);

/// Reports an error in a function of the program, at its first line if \p Loc is none.
void reportIn(const llvm::Function &F, const llvm::Twine &Message, const llvm::DiagnosticLocation &Loc = {});

/// The functions of the module that is being compiled on this thread; filled by
/// AlignTargets.
llvm::DenseMap<const llvm::MCSymbol *, const llvm::Function *> &functionsBySymbol();

/// Told of each place in assembly at which code is, while the parser is there, so that
/// the assembler can find out which macros led to it. May be null.
extern llvm::function_ref<void(llvm::SMLoc)> WrittenAt;

} // namespace bulkhead

#endif
