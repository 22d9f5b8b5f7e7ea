// Assembles one file of preprocessed text through the plugin's streamer.
#ifndef BULKHEAD_TOOLS_AS_ASSEMBLE_H
#define BULKHEAD_TOOLS_AS_ASSEMBLE_H

#include <string>
#include <vector>

struct AssembleOptions {
  std::string Input;  ///< path of the text to assemble
  std::string Output; ///< path of the object file
  std::string Name;   ///< the file the user named, for debug information
  std::string CPU;
  std::string Features; ///< "+avx2,-sse4a": as LLVM writes them
  std::vector<std::string> IncludeDirs;
  bool Debug = false; ///< -g: line numbers of the assembly source
  bool NoWarn = false, FatalWarnings = false;
};

/// Returns 0, or 1 after printing errors; then Output does not exist.
int assemble(const AssembleOptions &Options);

#endif
