//===- Threads.h - r14 as thread pointer -----------------------------------===//
//
// In a module built for threads (-bulkhead-threads) r14 holds the thread pointer
// everywhere, so it is taken from the register allocator, and inline assembly that
// names it is refused. Confine lowers accesses through %fs to it.
//
//===----------------------------------------------------------------------===//
#ifndef BULKHEAD_PASSES_THREADS_H
#define BULKHEAD_PASSES_THREADS_H

namespace llvm {
class FunctionPass;
class TargetMachine;
} // namespace llvm

namespace bulkhead {

/// Runs before instruction selection: makes r14 a reserved register of the target.
llvm::FunctionPass *createReserveThreadPointerPass(const llvm::TargetMachine &TM);
/// Runs before printing: reports whatever would change r14 all the same.
llvm::FunctionPass *createCheckThreadPointerPass();

} // namespace bulkhead

#endif
