#include "X86Names.h"
#include "bulkhead/layout.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/Twine.h"
#include "llvm/MC/MCInstrDesc.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/TargetParser/Triple.h"
#include <mutex>

using namespace llvm;
using namespace bulkhead;

const X86Names &X86Names::get(const Target &T) {
  static std::once_flag Once;
  static const X86Names *Names;
  std::call_once(Once, [&] { Names = new X86Names(T); });
  return *Names;
}

unsigned X86Names::opcode(StringRef Name) const {
  auto It = Opcodes.find(Name);
  if (It == Opcodes.end())
    report_fatal_error("bulkhead: this LLVM has no X86 opcode '" + Name + "'; the plugin was built for LLVM 22");
  return It->second;
}

MCRegister X86Names::reg(StringRef Name) const {
  auto It = Registers.find(Name);
  if (It == Registers.end())
    report_fatal_error("bulkhead: this LLVM has no X86 register '" + Name + "'; the plugin was built for LLVM 22");
  return It->second;
}

MCRegister X86Names::to32(MCRegister R) const {
  MCRegister S = Sub32[R.id()];
  return S ? S : R;
}

MCRegister X86Names::to64(MCRegister R) const {
  MCRegister S = Super64[R.id()];
  return S ? S : R;
}

bool X86Names::isNearStackPointer(const MCInst &I, int M) const {
  const MCOperand &Disp = I.getOperand(M + 3);
  return I.getOperand(M).getReg() == RSP && !I.getOperand(M + 2).getReg() && Disp.isImm() &&
         Disp.getImm() >= -BH_STACK_DISP_MAX && Disp.getImm() <= BH_STACK_DISP_MAX;
}

bool X86Names::isGPR64(MCRegister R) const { return R && Sub32[R.id()]; }
bool X86Names::isGPR32(MCRegister R) const { return R && Super64[R.id()]; }

unsigned X86Names::narrowed(unsigned Opcode) const {
  StringRef Name = MII->getName(Opcode);
  // `addq $c, %rsp` and its like: the upper half is replaced afterwards.
  StringRef Narrow = StringSwitch<StringRef>(Name)
                         .Case("ADD64ri8", "ADD32ri8")
                         .Case("ADD64ri32", "ADD32ri")
                         .Cases({"ADD64rr", "ADD64rr_REV"}, "ADD32rr")
                         .Case("SUB64ri8", "SUB32ri8")
                         .Case("SUB64ri32", "SUB32ri")
                         .Cases({"SUB64rr", "SUB64rr_REV"}, "SUB32rr")
                         .Case("AND64ri8", "AND32ri8")
                         .Case("AND64ri32", "AND32ri")
                         .Cases({"AND64rr", "AND64rr_REV"}, "AND32rr")
                         .Cases({"MOV64rr", "MOV64rr_REV"}, "MOV32rr")
                         .Case("MOV64rm", "MOV32rm")
                         .Case("LEA64r", "LEA64_32r")
                         .Default("");
  return Narrow.empty() ? 0 : opcode(Narrow);
}

X86Names::X86Names(const Target &T)
    : T(T), MII(T.createMCInstrInfo()), MRI(T.createMCRegInfo(Triple("x86_64-unknown-linux-gnu"))) {
  Opcodes.reserve(MII->getNumOpcodes());
  for (unsigned I = 0; I < MII->getNumOpcodes(); ++I)
    Opcodes[MII->getName(I)] = I;
  for (unsigned I = 1; I < MRI->getNumRegs(); ++I)
    Registers[MRI->getName(I)] = I;

  Sub32.resize(MRI->getNumRegs());
  Super64.resize(MRI->getNumRegs());
  Vector.resize(MRI->getNumRegs());
  HighByte.resize(MRI->getNumRegs());
  auto Pair = [&](StringRef Wide, StringRef Narrow) {
    Sub32[reg(Wide).id()] = reg(Narrow);
    Super64[reg(Narrow).id()] = reg(Wide);
  };
  for (StringRef N : {"AX", "BX", "CX", "DX", "SI", "DI", "BP", "SP", "IP", "IZ"})
    Pair(("R" + N).str(), ("E" + N).str());
  for (unsigned I = 8; I < 16; ++I)
    Pair(("R" + Twine(I)).str(), ("R" + Twine(I) + "D").str());
  for (unsigned I = 1; I < MRI->getNumRegs(); ++I) {
    StringRef N = MRI->getName(I);
    Vector[I] = N.starts_with("XMM") || N.starts_with("YMM") || N.starts_with("ZMM");
  }
  for (StringRef N : {"AH", "BH", "CH", "DH"})
    HighByte[reg(N).id()] = true;

#define OPCODE(N) N = opcode(#N)
  // clang-format off
  OPCODE(ADD64ri32); OPCODE(ADD64ri8); OPCODE(ADD64rm); OPCODE(AND32ri8);
  OPCODE(CALL64m); OPCODE(CALL64r); OPCODE(CS_PREFIX); OPCODE(DATA16_PREFIX);
  OPCODE(INT3); OPCODE(JCC_1); OPCODE(JCC_4); OPCODE(JMP64m); OPCODE(JMP64r);
  OPCODE(JMP_1); OPCODE(JMP_4); OPCODE(LEA64r); OPCODE(LOCK_PREFIX); OPCODE(MOV32mr); OPCODE(MOV32rr);
  OPCODE(MOV64mr); OPCODE(MOV64rm); OPCODE(MOV64rr); OPCODE(MOV64rr_REV);
  OPCODE(NOOP); OPCODE(NOOPL); OPCODE(NOOPW); OPCODE(POP64r); OPCODE(PUSH64r); OPCODE(REPNE_PREFIX); OPCODE(REP_PREFIX);
  OPCODE(RETI64); OPCODE(SUB64ri32); OPCODE(SUB64ri8); OPCODE(TEST8mr); OPCODE(TRAP);
#undef OPCODE
#define REGISTER(N) N = reg(#N)
  REGISTER(RSP); REGISTER(ESP); REGISTER(RBP); REGISTER(RDI); REGISTER(RSI);
  REGISTER(RAX); REGISTER(RCX); REGISTER(R10); REGISTER(R11); REGISTER(R14); REGISTER(AL);
  REGISTER(EAX); REGISTER(RIP); REGISTER(EIZ); REGISTER(FS); REGISTER(GS);
  // clang-format on
  REGISTER(EFLAGS);
#undef REGISTER
  classify();
}

namespace {
struct NamedClass {
  OpClass Class;
  std::initializer_list<StringRef> Names; // aggregates keep what it points to
};
} // namespace

static const NamedClass ClassNames[] = {
    {OpClass::Prefix,
     {"LOCK_PREFIX", "REP_PREFIX", "REPNE_PREFIX", "DATA16_PREFIX", "REX64_PREFIX", "CS_PREFIX", "DS_PREFIX",
      "ES_PREFIX", "SS_PREFIX", "FS_PREFIX", "GS_PREFIX", "ADDR32_PREFIX", "ADDR16_PREFIX", "XACQUIRE_PREFIX",
      "XRELEASE_PREFIX"}},
    {OpClass::Return, {"RET64", "RETI64"}},
    {OpClass::CallReg, {"CALL64r", "CALL64r_NT"}},
    {OpClass::CallMem, {"CALL64m", "CALL64m_NT"}},
    {OpClass::CallDirect, {"CALL64pcrel32"}},
    {OpClass::JumpReg, {"JMP64r", "JMP64r_NT", "JMP64r_REX"}},
    {OpClass::JumpMem, {"JMP64m", "JMP64m_NT", "JMP64m_REX"}},
    {OpClass::JumpDirect, {"JMP_1", "JMP_4"}},
    {OpClass::JumpCond, {"JCC_1", "JCC_4"}},
    {OpClass::JumpShort, {"LOOP", "LOOPE", "LOOPNE", "JRCXZ", "JECXZ"}},
    {OpClass::Syscall, {"SYSCALL"}},
    {OpClass::Leave, {"LEAVE64"}},
    {OpClass::Lea, {"LEA64r", "LEA32r", "LEA16r", "LEA64_32r", "LEA64_16r"}},
    {OpClass::Nop, {"NOOP", "NOOPL", "NOOPW", "NOOPQ", "NOOPLr", "NOOPWr", "NOOPQr"}},
    {OpClass::Trap, {"HLT", "TRAP", "UD1Lr", "UD1Lm", "UD1Qr", "UD1Qm"}},
};

void X86Names::classify() {
  for (StringRef Op : {"ADC", "ADD", "AND", "CMP", "OR", "SBB", "SUB", "TEST", "XOR"}) {
    GeneralForms[opcode((Op + "64i32").str())] = opcode((Op + "64ri32").str());
    GeneralForms[opcode((Op + "32i32").str())] = opcode((Op + "32ri").str());
  }
  unsigned Count = MII->getNumOpcodes();
  Classes.resize(Count, OpClass::Plain);
  for (const auto &[Class, Names] : ClassNames)
    for (StringRef Name : Names) // some LLVM may lack some
      if (auto It = Opcodes.find(Name); It != Opcodes.end())
        Classes[It->second] = Class;
  MemoryIndex.assign(Count, -1);
  StringRegs.resize(Count);
  CertainAccess.resize(Count);
  PrintsPrefix.resize(Count);
  for (unsigned I = 0; I < Count; ++I) {
    StringRef N = MII->getName(I);
    const MCInstrDesc &D = MII->get(I);
    unsigned Run = 0;
    for (auto [K, Op] : enumerate(D.operands())) {
      Run = Op.OperandType == MCOI::OPERAND_MEMORY ? Run + 1 : 0;
      if (Run == 5) {
        MemoryIndex[I] = K - 4;
        break;
      }
    }
    // lea's memory operand carries no type: it is not an access.
    if (Classes[I] == OpClass::Lea)
      MemoryIndex[I] = -1;

    // movs, stos, lods, cmps, scas with their width letter, and the forms the
    // compiler makes with rep built in. CMPSD and MOVSD with operands of another
    // shape are SSE instructions.
    StringRef S = N;
    bool Rep = S.consume_front("REP_");
    if (Rep)
      S = S.split('_').first;
    if (S.size() == 5 && StringRef("BWLQD").contains(S[4]) &&
        (Rep ||
         (D.getNumOperands() <= 3 && D.getNumOperands() >= 1 && D.operands()[0].OperandType == MCOI::OPERAND_MEMORY))) {
      StringRegs[I] = StringSwitch<unsigned>(S.take_front(4))
                          .Cases({"MOVS", "CMPS"}, 3)
                          .Cases({"STOS", "SCAS"}, 1)
                          .Case("LODS", 2)
                          .Default(0);
      if (StringRegs[I])
        Classes[I] = OpClass::StringOp;
    }
    if (MemoryIndex[I] >= 0 && Classes[I] == OpClass::Plain) {
      bool HasRegister = D.getNumOperands() > unsigned(MemoryIndex[I]) + 5 &&
                         D.operands()[MemoryIndex[I] + 5].OperandType == MCOI::OPERAND_REGISTER;
      if (HasRegister && (N.starts_with("BT") || N.starts_with("LOCK_BT")))
        Classes[I] = OpClass::BitTestMem;
      if (N.contains("GATHER") || N.contains("SCATTER"))
        Classes[I] = OpClass::Gather;
    }
    PrintsPrefix[I] = N.starts_with("LOCK_") || N.starts_with("LXADD") || N.starts_with("LCMPXCHG") ||
                      N.starts_with("REP_") || N.ends_with("Locked");
    // Plain moves and arithmetic only: what an unusual instruction does is left
    // to an extra touch.
    CertainAccess[I] = MemoryIndex[I] >= 0 && Classes[I] == OpClass::Plain &&
                       (N.starts_with("MOV") || N.starts_with("ADD") || N.starts_with("SUB") || N.starts_with("AND") ||
                        N.starts_with("OR") || N.starts_with("XOR") || N.starts_with("CMP") || N.starts_with("TEST") ||
                        N.starts_with("VMOV")) &&
                       !N.contains("MASK") && !N.contains("CMPX") && !N.contains("CMPCC") && !N.contains("MOVDIR") &&
                       (D.mayLoad() || D.mayStore());
  }
}
