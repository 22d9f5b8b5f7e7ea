// Assembles one file of preprocessed text through the plugin's streamer.
#ifndef BULKHEAD_TOOLS_AS_ASSEMBLE_H
#define BULKHEAD_TOOLS_AS_ASSEMBLE_H

#include "llvm/MC/MCTargetOptions.h"
#include <string>
#include <utility>
#include <vector>

struct AssembleOptions {
  std::string Input;  ///< path of the text to assemble
  std::string Output; ///< path of the object file
  std::string Name;   ///< the file the user named, for debug information
  std::string CPU;
  std::string Features; ///< "+avx2,-sse4a": as LLVM writes them
  std::vector<std::string> IncludeDirs;
  std::vector<std::pair<std::string, int64_t>> Symbols;       ///< --defsym
  std::vector<std::pair<std::string, std::string>> PrefixMap; ///< in debug information
  llvm::DebugCompressionType Compression = llvm::DebugCompressionType::None;
  bool Debug = false; ///< -g: line numbers of the assembly source
  unsigned DwarfVersion = 5;
  bool NoWarn = false, FatalWarnings = false;
  bool Intel = false, NakedRegisters = false; ///< the syntax at the file's start
  bool KeepLocals = false;                    ///< .L names stay in the symbol table
  bool NoExecStack = false;                   ///< the object says that it needs no executable stack
  bool SSE2AVX = false;                       ///< SSE instructions are encoded as those of AVX
};

/// Returns 0, or 1 after printing errors; then Output does not exist.
int assemble(const AssembleOptions &Options);

#endif
