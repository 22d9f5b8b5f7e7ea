#include "AlignTargets.h"
#include "CodeBuffer.h"
#include "Report.h"
#include "X86Names.h"
#include "bulkhead/layout.h"
#include "llvm/CodeGen/LivePhysRegs.h"
#include "llvm/CodeGen/MachineFunction.h"
#include "llvm/CodeGen/MachineFunctionPass.h"
#include "llvm/CodeGen/MachineInstrBuilder.h"
#include "llvm/CodeGen/MachineJumpTableInfo.h"
#include "llvm/CodeGen/MachineRegisterInfo.h"
#include "llvm/CodeGen/TargetInstrInfo.h"
#include "llvm/CodeGen/TargetSubtargetInfo.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/Function.h"
#include "llvm/IR/Module.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;
using namespace bulkhead;

namespace {

class AlignTargets : public MachineFunctionPass {
public:
  static char ID;
  AlignTargets() : MachineFunctionPass(ID) {}
  StringRef getPassName() const override { return "Bulkhead: align branch targets"; }
  bool doInitialization(Module &) override {
    functionsBySymbol().clear();
    return false;
  }
  bool runOnMachineFunction(MachineFunction &MF) override;

private:
  void freeIndirectJumps(MachineBasicBlock &MBB, const X86Names &X);
  void loadCallTargets(MachineBasicBlock &MBB, const X86Names &X);
  bool keepsRCX(const MachineFunction &MF, const X86Names &X) const;
};

} // namespace

char AlignTargets::ID;

/// `jmp *mem` is rewritten to a load into a register and a masked jump. The block
/// it jumps to may need every caller-saved register, so the load is made here,
/// where liveness is known.
void AlignTargets::freeIndirectJumps(MachineBasicBlock &MBB, const X86Names &X) {
  const MachineFunction &MF = *MBB.getParent();
  for (MachineInstr &MI : make_early_inc_range(MBB.terminators())) {
    if (MI.getOpcode() != X.JMP64m || MBB.succ_empty())
      continue;
    LivePhysRegs Live(*MF.getSubtarget().getRegisterInfo());
    Live.addLiveOuts(MBB);
    // Registers of the address are read by the load before it writes.
    MCRegister Free;
    for (const char *Name :
         {"RAX", "RCX", "RDX", "RSI", "RDI", "R8", "R9", "R10", "R11", "RBX", "R12", "R13", "R14", "R15"})
      if (Live.available(MF.getRegInfo(), X.reg(Name))) {
        Free = X.reg(Name);
        break;
      }
    if (!Free) {
      MF.getFunction().getContext().diagnose(DiagnosticInfoUnsupported(
          MF.getFunction(), "bulkhead: no register is free at this indirect jump", MI.getDebugLoc()));
      return;
    }
    const TargetInstrInfo &TII = *MF.getSubtarget().getInstrInfo();
    auto Load = BuildMI(MBB, MI, MI.getDebugLoc(), TII.get(X.MOV64rm), Free);
    for (unsigned I = 0; I < 5; ++I)
      Load.add(MI.getOperand(I));
    Load.cloneMemRefs(MI);
    BuildMI(MBB, MI, MI.getDebugLoc(), TII.get(X.JMP64r)).addReg(Free);
    MI.eraseFromParent();
  }
}

/// `call *mem` is rewritten to a load into r11, whose encodings are longer than those
/// of rax. rax is free unless it counts vector arguments or passes one itself.
void AlignTargets::loadCallTargets(MachineBasicBlock &MBB, const X86Names &X) {
  const MachineFunction &MF = *MBB.getParent();
  const TargetInstrInfo &TII = *MF.getSubtarget().getInstrInfo();
  const TargetRegisterInfo &TRI = *MF.getSubtarget().getRegisterInfo();
  for (MachineInstr &MI : make_early_inc_range(MBB.instrs())) {
    if (MI.getOpcode() != X.CALL64m || MI.isBundled())
      continue;
    // A host call keeps its form; a thread pointer cannot be a base.
    if (MI.getOperand(4).getReg())
      continue;
    bool Used = false;
    for (const MachineOperand &Op : llvm::drop_begin(MI.operands(), 5))
      Used |= Op.isReg() && Op.isUse() && Op.getReg() && TRI.regsOverlap(Op.getReg(), X.RAX);
    // The register mask or an explicit definition must say that rax dies here.
    bool Dies = false;
    for (const MachineOperand &Op : MI.operands())
      Dies |= (Op.isRegMask() && Op.clobbersPhysReg(X.RAX)) ||
              (Op.isReg() && Op.isDef() && TRI.regsOverlap(Op.getReg(), X.RAX));
    if (Used || !Dies)
      continue;
    auto Load = BuildMI(MBB, MI, MI.getDebugLoc(), TII.get(X.MOV64rm), X.RAX);
    for (unsigned I = 0; I < 5; ++I)
      Load.add(MI.getOperand(I));
    Load.cloneMemRefs(MI);
    auto Call = BuildMI(MBB, MI, MI.getDebugLoc(), TII.get(X.CALL64r)).addReg(X.RAX, RegState::Kill);
    for (const MachineOperand &Op : llvm::drop_begin(MI.operands(), 5))
      Call.add(Op);
    Call->setPreInstrSymbol(*MBB.getParent(), MI.getPreInstrSymbol());
    Call->setPostInstrSymbol(*MBB.getParent(), MI.getPostInstrSymbol());
    if (MI.shouldUpdateAdditionalCallInfo())
      MBB.getParent()->moveAdditionalCallInfo(&MI, Call);
    MI.eraseFromParent();
  }
}

/// A return goes through rcx, unless rcx holds a result or the calling convention
/// preserves it.
bool AlignTargets::keepsRCX(const MachineFunction &MF, const X86Names &X) const {
  const Function &F = MF.getFunction();
  switch (F.getCallingConv()) {
  case CallingConv::C:
  case CallingConv::Fast:
  case CallingConv::X86_64_SysV:
  case CallingConv::Tail: break;
  default: return true;
  }
  const TargetRegisterInfo &TRI = *MF.getSubtarget().getRegisterInfo();
  for (const MachineBasicBlock &MBB : MF)
    for (const MachineInstr &MI : MBB.terminators())
      if (MI.isReturn() && !MI.isCall() && MI.readsRegister(X.RCX, &TRI))
        return true;
  return false;
}

bool AlignTargets::runOnMachineFunction(MachineFunction &MF) {
  const X86Names &X = X86Names::get(MF.getTarget().getTarget());
  const Align Bundle(BH_BUNDLE_SIZE);
  const Function &F = MF.getFunction();
  const MCSymbol *Symbol = MF.getTarget().getSymbol(&F);
  // The sets outlive this function: a module pass may stand before the printer.
  // What an earlier module left under the same address is overwritten.
  functionsCalledDirectly().erase(Symbol);
  functionsBySymbol()[Symbol] = &F;
  // A name may be spelt in assembly that nothing here can see: then it is in llvm.used,
  // which takes its address, or in the file's own.
  if (F.hasLocalLinkage() && !F.hasAddressTaken() && F.getParent()->getModuleInlineAsm().empty()) {
    MF.setAlignment(Align(1));
    functionsCalledDirectly().insert(Symbol);
  } else
    MF.ensureAlignment(Bundle);
  auto Raise = [&](MachineBasicBlock &MBB) {
    if (MBB.getAlignment() < Bundle)
      MBB.setAlignment(Bundle);
    MBB.setMaxBytesForAlignment(0);
  };
  if (const MachineJumpTableInfo *Tables = MF.getJumpTableInfo())
    for (const MachineJumpTableEntry &Table : Tables->getJumpTables())
      for (MachineBasicBlock *MBB : Table.MBBs)
        Raise(*MBB);
  for (MachineBasicBlock &MBB : MF) {
    if (MBB.isEHPad() || MBB.hasAddressTaken() || MBB.isInlineAsmBrIndirectTarget())
      Raise(MBB);
    freeIndirectJumps(MBB, X);
    loadCallTargets(MBB, X);
  }
  auto &Set = functionsReturningThroughR11();
  Set.erase(Symbol);
  if (keepsRCX(MF, X))
    Set.insert(Symbol);
  return true;
}

FunctionPass *bulkhead::createAlignTargetsPass() { return new AlignTargets; }
