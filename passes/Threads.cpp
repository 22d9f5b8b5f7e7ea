#include "Threads.h"
#include "X86Names.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/CodeGen/MachineFunction.h"
#include "llvm/CodeGen/MachineFunctionPass.h"
#include "llvm/CodeGen/TargetRegisterInfo.h"
#include "llvm/CodeGen/TargetSubtargetInfo.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/Function.h"
#include "llvm/Pass.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Target/TargetMachine.h"
#include <cstring>
#include <mutex>
#include <sys/mman.h>
#include <unistd.h>

using namespace llvm;
using namespace bulkhead;

//===----------------------------------------------------------------------===//
// Reserving the register
//===----------------------------------------------------------------------===//
//
// LLVM 22 has no option for this on x86, and MachineRegisterInfo::reserveReg is
// undone when the allocator freezes the reserved registers. So the target's own
// answer is replaced where it is asked for: in the vtable of its register info, of
// which there is one class. Its layout is that of the Itanium C++ ABI, which LLVM's
// shared library and this plugin have in common.

// The type of `BitVector getReservedRegs(const MachineFunction &) const` as a plain
// function: the hidden result pointer comes first, then `this`, as for the member.
using ReservedFn = BitVector (*)(const TargetRegisterInfo *, const MachineFunction &);
static ReservedFn StockReserved;
static MCRegister ThreadPointer;

static BitVector reservedWithThreadPointer(const TargetRegisterInfo *TRI, const MachineFunction &MF) {
  BitVector Set = StockReserved(TRI, MF);
  for (MCPhysReg Sub : TRI->subregs_inclusive(ThreadPointer))
    Set.set(Sub);
  return Set;
}

/// The place of a virtual function in the vtable.
static size_t slotOf(BitVector (TargetRegisterInfo::*F)(const MachineFunction &) const) {
  struct {
    uintptr_t Pointer; // one more than the offset for a virtual function
    ptrdiff_t Adjust;
  } Parts;
  static_assert(sizeof(Parts) == sizeof(F), "not the Itanium C++ ABI");
  std::memcpy(&Parts, &F, sizeof(Parts));
  if (!(Parts.Pointer & 1) || Parts.Adjust)
    report_fatal_error("bulkhead: getReservedRegs is not virtual in this LLVM");
  return (Parts.Pointer - 1) / sizeof(void *);
}

static void reserve(const TargetRegisterInfo &TRI, MCRegister R) {
  ThreadPointer = R;
  void **Table;
  std::memcpy(&Table, static_cast<const void *>(&TRI), sizeof(Table));
  void **Slot = Table + slotOf(&TargetRegisterInfo::getReservedRegs);
  std::memcpy(&StockReserved, Slot, sizeof(StockReserved));
  uintptr_t Page = uintptr_t(Slot) & ~(uintptr_t(sysconf(_SC_PAGESIZE)) - 1);
  size_t Length = uintptr_t(Slot + 1) - Page;
  if (mprotect(reinterpret_cast<void *>(Page), Length, PROT_READ | PROT_WRITE))
    report_fatal_error("bulkhead: cannot reserve r14: the code generator's tables "
                       "cannot be made writable");
  ReservedFn Ours = reservedWithThreadPointer;
  std::memcpy(Slot, &Ours, sizeof(Ours));
  // It was read-only after relocation, as all of LLVM's vtables.
  mprotect(reinterpret_cast<void *>(Page), Length, PROT_READ);
}

namespace {

class ReserveThreadPointer : public FunctionPass {
public:
  static char ID;
  explicit ReserveThreadPointer(const TargetMachine &TM) : FunctionPass(ID), TM(TM) {}
  StringRef getPassName() const override { return "Bulkhead: reserve r14"; }
  bool runOnFunction(Function &F) override {
    const TargetRegisterInfo &TRI = *TM.getSubtargetImpl(F)->getRegisterInfo();
    static std::once_flag Once;
    std::call_once(Once, [&] { reserve(TRI, X86Names::get(TM.getTarget()).R14); });
    return false;
  }

private:
  const TargetMachine &TM;
};

//===----------------------------------------------------------------------===//
// Checking the result
//===----------------------------------------------------------------------===//

class CheckThreadPointer : public MachineFunctionPass {
public:
  static char ID;
  CheckThreadPointer() : MachineFunctionPass(ID) {}
  StringRef getPassName() const override { return "Bulkhead: check r14"; }
  bool runOnMachineFunction(MachineFunction &MF) override {
    const X86Names &X = X86Names::get(MF.getTarget().getTarget());
    for (const MachineBasicBlock &MBB : MF)
      for (const MachineInstr &MI : MBB.instrs())
        check(MI, X);
    return false;
  }

private:
  void check(const MachineInstr &MI, const X86Names &X) {
    const Function &F = MI.getMF()->getFunction();
    for (const MachineOperand &Op : MI.operands()) {
      if (!Op.isReg() || !X.overlaps(Op.getReg(), X.R14))
        continue;
      if (MI.isInlineAsm())
        MI.emitInlineAsmError("bulkhead: r14 holds the thread pointer of a module "
                              "built with -pthread; use another register");
      else if (Op.isDef() && !MI.getFlag(MachineInstr::FrameDestroy))
        F.getContext().diagnose(
            DiagnosticInfoUnsupported(F,
                                      "bulkhead: r14 holds the thread pointer of a module built with "
                                      "-pthread, and this writes it",
                                      MI.getDebugLoc()));
      else
        continue;
      return;
    }
  }
};

} // namespace

char ReserveThreadPointer::ID;
char CheckThreadPointer::ID;

FunctionPass *bulkhead::createReserveThreadPointerPass(const TargetMachine &TM) { return new ReserveThreadPointer(TM); }
FunctionPass *bulkhead::createCheckThreadPointerPass() { return new CheckThreadPointer; }
