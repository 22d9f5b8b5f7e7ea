#include "ObjectBounds.h"
#include "Report.h"
#include "X86Names.h"
#include "llvm/CodeGen/MachineFunction.h"
#include "llvm/CodeGen/MachineFunctionPass.h"
#include "llvm/CodeGen/MachineInstrBuilder.h"
#include "llvm/CodeGen/MachineRegisterInfo.h"
#include "llvm/CodeGen/TargetInstrInfo.h"
#include "llvm/CodeGen/TargetSubtargetInfo.h"
#include "llvm/IR/GlobalValue.h"
#include "llvm/Target/TargetMachine.h"

using namespace llvm;
using namespace bulkhead;

/// What no operand that is accepted relative to rip exceeds, in bytes.
static constexpr uint64_t WidestAccess = 32;

namespace {

class ObjectBounds : public MachineFunctionPass {
public:
  static char ID;
  ObjectBounds() : MachineFunctionPass(ID) {}
  StringRef getPassName() const override { return "Bulkhead: bounds of objects"; }
  bool runOnMachineFunction(MachineFunction &MF) override;

private:
  bool mayLeave(const MachineInstr &MI, const MachineOperand &Address) const;
  void checkSegment(MachineInstr &MI, unsigned M, const X86Names &X) const;
  void computeAddress(MachineInstr &MI, unsigned M, const X86Names &X) const;
};

} // namespace

char ObjectBounds::ID;

/// Of an object whose size is not known here, as of an array declared without one, only
/// the beginning is certain.
bool ObjectBounds::mayLeave(const MachineInstr &MI, const MachineOperand &Address) const {
  int64_t Offset = Address.getOffset();
  if (!Offset)
    return false;
  const GlobalValue &Object = *Address.getGlobal();
  Type *Value = Object.getValueType();
  uint64_t Size = Value->isSized() ? Object.getDataLayout().getTypeAllocSize(Value) : 0;
  uint64_t Width = WidestAccess;
  if (MI.hasOneMemOperand() && (*MI.memoperands_begin())->getSize().isPrecise())
    Width = (*MI.memoperands_begin())->getSize().getValue();
  return Offset < 0 || uint64_t(Offset) > Size || Width > Size - uint64_t(Offset);
}

void ObjectBounds::computeAddress(MachineInstr &MI, unsigned M, const X86Names &X) const {
  MachineFunction &MF = *MI.getMF();
  const TargetInstrInfo &TII = *MF.getSubtarget().getInstrInfo();
  const MCInstrDesc &Lea = TII.get(X.LEA64r);
  Register R = MF.getRegInfo().createVirtualRegister(TII.getRegClass(Lea, 0));
  auto Address = BuildMI(*MI.getParent(), MI, MI.getDebugLoc(), Lea, R);
  for (unsigned I = 0; I < 5; ++I)
    Address.add(MI.getOperand(M + I));
  MI.getOperand(M).setReg(R);
  MI.getOperand(M + 3).ChangeToImmediate(0);
}

/// A pointer to the GS segment, which is the sandbox: only a constant address is
/// confined as it stands. Reported here, where the line is known.
void ObjectBounds::checkSegment(MachineInstr &MI, unsigned M, const X86Names &X) const {
  MachineOperand &Base = MI.getOperand(M), &Disp = MI.getOperand(M + 3), &Segment = MI.getOperand(M + 4);
  bool Constant =
      Base.isReg() && !Base.getReg() && !MI.getOperand(M + 2).getReg() && Disp.isImm() && Disp.getImm() >= 0;
  if (!Segment.isReg() || Segment.getReg() != X.GS || Constant)
    return;
  reportIn(MI.getMF()->getFunction(),
           "%gs belongs to the sandbox; use an ordinary pointer "
           "instead of one to __seg_gs",
           MI.getDebugLoc());
  Segment.setReg(MCRegister()); // once is enough
}

bool ObjectBounds::runOnMachineFunction(MachineFunction &MF) {
  const X86Names &X = X86Names::get(MF.getTarget().getTarget());
  bool Changed = false;
  for (MachineBasicBlock &MBB : MF)
    for (MachineInstr &MI : MBB) {
      int M = X.memoryOperand(MI.getOpcode());
      if (M < 0 || X.classOf(MI.getOpcode()) == OpClass::Lea)
        continue;
      checkSegment(MI, M, X);
      const MachineOperand &Base = MI.getOperand(M), &Address = MI.getOperand(M + 3);
      if (!Base.isReg() || Base.getReg() != X.RIP || !Address.isGlobal() || Address.getTargetFlags() ||
          !mayLeave(MI, Address))
        continue;
      computeAddress(MI, M, X);
      Changed = true;
    }
  return Changed;
}

FunctionPass *bulkhead::createObjectBoundsPass() { return new ObjectBounds(); }
