// LLVM's decoder behind C: MCDisassembler for the operands, MCInstrDesc for what they mean. (LLVM's own C interface gives
// text only.)
#include "llvm.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/MC/MCAsmInfo.h"
#include "llvm/MC/MCContext.h"
#include "llvm/MC/MCDisassembler/MCDisassembler.h"
#include "llvm/MC/MCInst.h"
#include "llvm/MC/MCInstrInfo.h"
#include "llvm/MC/MCRegisterInfo.h"
#include "llvm/MC/MCSubtargetInfo.h"
#include "llvm/MC/MCTargetOptions.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/TargetSelect.h"

#include <memory>
#include <vector>

using namespace llvm;

namespace {

struct RegisterFacts {
  unsigned Kind = 0;
  int Gpr = -1;          // number of the general register it is part of
  int Address = LLVM_OTHER; // as a base or index
  int Segment = LLVM_NONE;
};

struct Decoder {
  MCTargetOptions Options;
  std::unique_ptr<MCRegisterInfo> RegisterInfo;
  std::unique_ptr<MCAsmInfo> AsmInfo;
  std::unique_ptr<MCSubtargetInfo> Subtarget;
  std::unique_ptr<MCInstrInfo> InstrInfo;
  std::unique_ptr<MCContext> Context;
  std::unique_ptr<MCDisassembler> Disassembler;
  std::vector<RegisterFacts> Registers;
};

Decoder *TheDecoder;

bool numbered(StringRef Name, StringRef Prefix, unsigned &Number) {
  return Name.consume_front(Prefix) && !Name.getAsInteger(10, Number);
}

RegisterFacts classify(StringRef Name) {
  static const char *const Gpr64[] = {"RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI",
                                      "R8", "R9", "R10", "R11", "R12", "R13", "R14", "R15"};
  static const char *const Low[] = {"AX", "CX", "DX", "BX", "SP", "BP", "SI", "DI"};
  static const char *const Byte[] = {"AL", "CL", "DL", "BL", "SPL", "BPL", "SIL", "DIL"};
  static const char *const High[] = {"AH", "CH", "DH", "BH"};
  RegisterFacts F;
  unsigned N;
  for (int I = 0; I < 16; ++I) {
    if (Name == Gpr64[I])
      F.Gpr = F.Address = I;
    if (I >= 8 && Name.starts_with(Gpr64[I]) && Name.size() == strlen(Gpr64[I]) + 1 && StringRef("DWB").contains(Name.back()))
      F.Gpr = I, F.Address = Name.back() == 'D' ? LLVM_32BIT + I : LLVM_OTHER;
    if (I < 8 && (Name == Low[I] || Name == Byte[I]))
      F.Gpr = I;
    if (I < 8 && Name == (Twine("E") + Low[I]).str())
      F.Gpr = I, F.Address = LLVM_32BIT + I;
    if (I < 4 && Name == High[I])
      F.Gpr = I;
  }
  if (F.Gpr == 4)
    F.Kind |= LLVM_SP;
  if (Name == "RIP")
    F.Address = LLVM_RIP;
  if (Name == "EIP")
    F.Address = LLVM_EIP;
  if (Name == "RIZ" || Name == "EIZ")
    F.Address = LLVM_NONE;
  if (numbered(Name, "ST", N) || numbered(Name, "FP", N) || numbered(Name, "MM", N) || Name == "FPSW" || Name == "FPCW")
    F.Kind |= LLVM_X87;
  if (numbered(Name, "XMM", N) && N >= 16)
    F.Kind |= LLVM_AVX512;
  if (numbered(Name, "YMM", N))
    F.Kind |= N >= 16 ? LLVM_AVX512 : LLVM_YMM;
  if (numbered(Name, "ZMM", N) || numbered(Name, "K", N) || numbered(Name, "TMM", N) || Name == "TMMCFG")
    F.Kind |= LLVM_AVX512;
  if (F.Gpr < 0 && Name.size() >= 3 && Name.starts_with("R") && isDigit(Name[1])) // r16 to r31 of APX
    F.Kind |= LLVM_AVX512;
  if (Name.size() == 2 && Name[1] == 'S' && StringRef("CDEFGS").contains(Name[0])) {
    F.Kind |= LLVM_SEGMENT;
    F.Segment = Name[0] - 'A' + 'a';
  }
  if (Name == "FS_BASE" || Name == "GS_BASE")
    F.Kind |= LLVM_SEGMENT;
  if (Name == "MXCSR")
    F.Kind |= LLVM_MXCSR;
  if (Name == "DF")
    F.Kind |= LLVM_DF;
  if (Name == "SSP" || numbered(Name, "CR", N) || numbered(Name, "DR", N))
    F.Kind |= LLVM_SSP;
  return F;
}

void written(llvm_insn &Out, MCRegister Reg) {
  const RegisterFacts &F = TheDecoder->Registers[Reg.id()];
  Out.writes |= F.Kind;
  Out.touches |= F.Kind;
  if (F.Gpr >= 0)
    Out.gpr_writes |= uint16_t(1u << F.Gpr);
}

int addressRegister(const MCOperand &Op) {
  return Op.getReg() ? TheDecoder->Registers[Op.getReg().id()].Address : LLVM_NONE;
}

} // namespace

bool llvm_init() {
  auto D = std::make_unique<Decoder>();
  std::string Error;
  InitializeAllTargetInfos();
  InitializeAllTargetMCs();
  InitializeAllDisassemblers();
  Triple TT("x86_64-unknown-linux-gnu");
  const Target *T = TargetRegistry::lookupTarget(TT, Error);
  if (!T)
    return false;
  D->RegisterInfo.reset(T->createMCRegInfo(TT));
  D->AsmInfo.reset(T->createMCAsmInfo(*D->RegisterInfo, TT, D->Options));
  D->Subtarget.reset(T->createMCSubtargetInfo(TT, "", ""));
  D->InstrInfo.reset(T->createMCInstrInfo());
  D->Context = std::make_unique<MCContext>(TT, D->AsmInfo.get(), D->RegisterInfo.get(), D->Subtarget.get());
  D->Disassembler.reset(T->createMCDisassembler(*D->Subtarget, *D->Context));
  if (!D->Disassembler)
    return false;
  for (unsigned I = 0; I < D->RegisterInfo->getNumRegs(); ++I)
    D->Registers.push_back(classify(D->RegisterInfo->getName(I)));
  TheDecoder = D.release(); // lives as long as the program
  return true;
}

bool llvm_decode(const uint8_t *Code, unsigned Size, llvm_insn *Insn) {
  MCInst Inst;
  uint64_t Length = 0;
  *Insn = llvm_insn();
  if (TheDecoder->Disassembler->getInstruction(Inst, Length, ArrayRef<uint8_t>(Code, Size), 0, nulls()) !=
      MCDisassembler::Success)
    return false;
  // LOCK as the first byte comes out as an instruction of its own; what it belongs to follows.
  if (Length == 1 && Size > 1 && Code[0] == 0xF0 && TheDecoder->InstrInfo->getName(Inst.getOpcode()) == "LOCK_PREFIX") {
    if (!llvm_decode(Code + 1, Size - 1, Insn))
      return false;
    Insn->length++;
    return Insn->length > 1;
  }
  const MCInstrDesc &Desc = TheDecoder->InstrInfo->get(Inst.getOpcode());
  llvm_insn &Out = *Insn;
  Out.length = unsigned(Length);
  Out.name = TheDecoder->InstrInfo->getName(Inst.getOpcode()).data();
  Out.may_load = Desc.mayLoad();
  Out.may_store = Desc.mayStore();
  Out.side_effects = Desc.hasUnmodeledSideEffects();
  Out.base = Out.index = Out.segment = LLVM_NONE;
  ArrayRef<MCOperandInfo> Operands = Desc.operands();
  bool IsLea = StringRef(Out.name).starts_with("LEA"); // its operands are not marked as memory in every width
  for (unsigned I = 0; I < Inst.getNumOperands() && I < Operands.size(); ++I) {
    const MCOperand &Op = Inst.getOperand(I);
    // Five MC operands make one of x86: base, scale, index, displacement, segment.
    bool IsMemory = Operands[I].OperandType == MCOI::OPERAND_MEMORY || (IsLea && I == 1);
    if (IsMemory && I + 4 < Inst.getNumOperands()) {
      Out.memory++;
      Out.base = addressRegister(Op);
      Out.scale = int(Inst.getOperand(I + 1).getImm());
      Out.index = addressRegister(Inst.getOperand(I + 2));
      Out.disp = Inst.getOperand(I + 3).isImm() ? Inst.getOperand(I + 3).getImm() : INT64_MIN;
      if (MCRegister Segment = Inst.getOperand(I + 4).getReg())
        Out.segment = TheDecoder->Registers[Segment.id()].Segment;
      I += 4;
    } else if (Op.isReg() && Op.getReg()) {
      if (I < Desc.getNumDefs())
        written(Out, Op.getReg());
      Out.touches |= TheDecoder->Registers[Op.getReg().id()].Kind;
    }
  }
  for (MCPhysReg Reg : Desc.implicit_defs())
    written(Out, Reg);
  for (MCPhysReg Reg : Desc.implicit_uses())
    Out.touches |= TheDecoder->Registers[Reg].Kind;
  return true;
}
