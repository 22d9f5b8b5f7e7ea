//===- AlignTargets.h - The last machine pass -------------------------------===//
#ifndef BULKHEAD_PASSES_ALIGNTARGETS_H
#define BULKHEAD_PASSES_ALIGNTARGETS_H

namespace llvm {
class FunctionPass;
}

namespace bulkhead {

/// Aligns what an indirect branch may reach: functions, jump-table targets,
/// address-taken blocks, landing pads. Gives indirect jumps through memory a
/// register that is free there. Must be the last pass before the asm printer.
llvm::FunctionPass *createAlignTargetsPass();

} // namespace bulkhead

#endif
