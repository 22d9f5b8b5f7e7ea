// The options of GNU as, given by -Wa, or -Xassembler.
#ifndef BULKHEAD_TOOLS_AS_ASSEMBLER_OPTIONS_H
#define BULKHEAD_TOOLS_AS_ASSEMBLER_OPTIONS_H

#include "Assemble.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"

/// Takes \p Pieces, what stood between the commas, into \p O. Each works as in GNU as
/// or is an error: returns false after printing it.
bool parseAssemblerOptions(llvm::ArrayRef<llvm::StringRef> Pieces, AssembleOptions &O);

/// The CPU of \p Option, such as -march=, which forbids nothing.
bool checkCPU(llvm::StringRef Name, llvm::StringRef Option);

bool setSyntax(llvm::StringRef Name, AssembleOptions &O); ///< att or intel
bool mapPrefix(llvm::StringRef OldAndNew, AssembleOptions &O);
bool compressDebug(llvm::StringRef How, AssembleOptions &O);
/// -g, -gdwarf-N: returns false if \p A is no such option.
bool parseDebugOption(llvm::StringRef A, AssembleOptions &O);

/// Prints \p Message and returns false.
bool fail(const llvm::Twine &Message);

#endif
