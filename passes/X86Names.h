//===- X86Names.h - X86 opcodes and registers, resolved by name ------------===//
//
// LLVM does not install the X86 target's private headers, so the numbers of
// opcodes and registers are looked up once by their names, which are stable.
// An LLVM that lacks one of them is refused with a message.
//
//===----------------------------------------------------------------------===//
#ifndef BULKHEAD_PASSES_X86NAMES_H
#define BULKHEAD_PASSES_X86NAMES_H

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/MC/MCInst.h"
#include "llvm/MC/MCInstrInfo.h"
#include "llvm/MC/MCRegisterInfo.h"
#include "llvm/MC/TargetRegistry.h"
#include <memory>
#include <vector>

namespace bulkhead {

/// Instruction flags of the X86 target (X86BaseInfo.h, not installed). Their effect
/// is measured by encoding where it matters, so a flag that lost it does no harm.
enum InstFlags : unsigned {
  HasRepeatNE = 4, // set by the decoder
  HasRepeat = 8,
  HasLock = 16,
  UseRex = 64,
  UseVex3 = 1024,
  UseDisp8 = 4096,
  UseDisp32 = 8192,
};

/// How an opcode must be treated.
enum class OpClass : uint8_t {
  Plain,  ///< at most its ModRM memory operand needs confining
  Prefix, ///< a prefix that the assembler parsed as an instruction
  Return,
  CallReg,
  CallMem,
  CallDirect,
  JumpReg,
  JumpMem,
  JumpDirect, ///< operand 0 is the target; short and long form
  JumpCond,   ///< the same, conditional
  JumpShort,  ///< loop, jrcxz: has no long form
  Syscall,
  Leave,
  StringOp,
  Lea,        ///< computes an address, accesses nothing
  Nop,        ///< the same, and computes nothing
  BitTestMem, ///< register bit offset and memory operand
  Trap,       ///< never falls through
  Gather,
};

class X86Names {
public:
  /// The tables for \p T, which must be the x86-64 target; made on first use
  /// and never freed. Safe to call from several threads.
  static const X86Names &get(const llvm::Target &T);

  const llvm::Target &T;
  std::unique_ptr<const llvm::MCInstrInfo> MII;
  std::unique_ptr<const llvm::MCRegisterInfo> MRI;

  OpClass classOf(unsigned Opcode) const { return Classes[Opcode]; }
  /// Index of the first of the five operands of the ModRM memory operand (base,
  /// scale, index, displacement, segment), or -1.
  int memoryOperand(unsigned Opcode) const { return MemoryIndex[Opcode]; }
  /// Whether the memory operand of \p I that begins at \p M is M3, near rsp and
  /// with no other register, whatever its segment.
  bool isNearStackPointer(const llvm::MCInst &I, int M) const;
  /// Strings: which of rdi (1) and rsi (2) the opcode goes through.
  unsigned stringRegs(unsigned Opcode) const { return StringRegs[Opcode]; }
  /// Whether a memory operand of the opcode, based on rsp, certainly touches
  /// memory: rule S2.
  bool isCertainAccess(unsigned Opcode) const { return CertainAccess[Opcode]; }
  /// Whether the opcode prints a prefix of its own, which in text no form such as
  /// {disp32} may follow.
  bool printsPrefix(unsigned Opcode) const { return PrintsPrefix[Opcode]; }
  /// The opcode with the same meaning in 32 bits, for `op ..., %rsp`; 0: none.
  unsigned narrowed(unsigned Opcode) const;

  /// For the short form of arithmetic on rax or eax with an immediate: the form
  /// that names the register; 0: the opcode is no such form.
  unsigned generalForm(unsigned Opcode) const {
    auto It = GeneralForms.find(Opcode);
    return It == GeneralForms.end() ? 0 : It->second;
  }

  /// The 32-bit part of a 64-bit general register (rip and riz included), or the
  /// register itself.
  llvm::MCRegister to32(llvm::MCRegister R) const;
  llvm::MCRegister to64(llvm::MCRegister R) const;
  bool isGPR64(llvm::MCRegister R) const;
  bool isGPR32(llvm::MCRegister R) const;
  bool isVector(llvm::MCRegister R) const { return Vector[R.id()]; }
  bool isHighByte(llvm::MCRegister R) const { return HighByte[R.id()]; }
  bool overlaps(llvm::MCRegister A, llvm::MCRegister B) const { return A && B && MRI->regsOverlap(A, B); }
  llvm::MCRegister reg(llvm::StringRef Name) const;
  unsigned opcode(llvm::StringRef Name) const;

  // Opcodes the rewriter writes or recognises.
  unsigned ADD64ri32, ADD64ri8, ADD64rm, AND32ri8, CALL64m, CALL64r, CS_PREFIX, DATA16_PREFIX, INT3, JCC_1, JCC_4,
      JMP64m, JMP64r, JMP_1, JMP_4, LEA64r, LOCK_PREFIX, MOV32mr, MOV32rr, MOV64mr, MOV64rm, MOV64rr, MOV64rr_REV, NOOP,
      NOOPL, NOOPW, POP64r, PUSH64r, REPNE_PREFIX, REP_PREFIX, RETI64, SUB64ri32, SUB64ri8, TEST8mr, TRAP;
  llvm::MCRegister RSP, ESP, RBP, RDI, RSI, RAX, RCX, R10, R11, R14, AL, EAX, RIP, EIZ, FS, GS, EFLAGS;

private:
  explicit X86Names(const llvm::Target &T);
  void classify();

  llvm::DenseMap<llvm::StringRef, unsigned> Opcodes, Registers;
  llvm::DenseMap<unsigned, unsigned> GeneralForms;
  std::vector<OpClass> Classes;
  std::vector<int8_t> MemoryIndex;
  std::vector<uint8_t> StringRegs, CertainAccess, PrintsPrefix, Vector, HighByte;
  std::vector<llvm::MCRegister> Sub32, Super64;
};

} // namespace bulkhead

#endif
