/* LLVM's decoder behind C. One thread. */
#ifndef BULKHEAD_TEST_AGREEMENT_LLVM_H
#define BULKHEAD_TEST_AGREEMENT_LLVM_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Kinds of registers that the test asks about. */
enum llvm_register_kind {
    LLVM_SP = 1 << 0,      /* rsp, esp, sp, spl */
    LLVM_X87 = 1 << 1,     /* st, fp, mm, the x87 status and control words */
    LLVM_YMM = 1 << 2,
    LLVM_AVX512 = 1 << 3,  /* zmm, k, vector registers 16 to 31, tiles; general registers of APX */
    LLVM_SEGMENT = 1 << 4,
    LLVM_MXCSR = 1 << 5,
    LLVM_DF = 1 << 6,
    LLVM_SSP = 1 << 7,     /* shadow stack pointer, control and debug registers */
};

/* Base and index of a memory operand. */
enum { LLVM_NONE = -1, LLVM_RIP = 16, LLVM_EIP = 17, LLVM_32BIT = 32, LLVM_OTHER = 64 };

struct llvm_insn {
    unsigned length;
    const char *name;         /* LLVM's opcode */
    bool may_load, may_store, side_effects;
    unsigned writes;          /* kinds of all registers written, explicit and implicit */
    unsigned touches;         /* kinds of all registers read or written */
    uint16_t gpr_writes;      /* general registers written, any width */
    unsigned memory;          /* number of memory operands */
    int base, index;          /* number, with LLVM_32BIT added for a 32-bit register; LLVM_NONE; LLVM_RIP, LLVM_EIP */
    int scale;
    int64_t disp;
    int segment;              /* LLVM_NONE, or the ASCII letter before the s: 'g' for gs */
};

/* Returns false if LLVM for x86-64 is not there. */
bool llvm_init(void);

/* Returns false if LLVM does not know the instruction. */
bool llvm_decode(const uint8_t *code, unsigned size, struct llvm_insn *insn);

#ifdef __cplusplus
}
#endif
#endif
