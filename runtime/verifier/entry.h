/* The format of the generated decoder tables: shared by gentable.c, which writes them, and core.c, which reads them.
 *
 * A slot is chosen by encoding (legacy or VEX), opcode map, mandatory prefix, for VEX also L and W, and opcode. It
 * holds 0 (refused), an entry's index, or BH_GROUP | index of a group: then ModRM picks one of the group's 72 entries,
 * eight for the memory forms (by the reg field) and 64 for the register forms (by reg and rm). Default deny is thus a
 * zero.
 */
#ifndef BULKHEAD_VERIFIER_ENTRY_H
#define BULKHEAD_VERIFIER_ENTRY_H

#include <stdint.h>

enum { BH_GROUP = 0x8000, BH_GROUP_SLOTS = 72 };

/* What the core does with an instruction besides checking prefixes, operands and rsp. */
enum bh_class {
    BH_CLASS_PLAIN,
    BH_CLASS_JUMP,     /* direct, conditional or not: C2, and S2 must be settled */
    BH_CLASS_CALL,     /* direct: C2 */
    BH_CLASS_INDIRECT, /* FF /2 and /4: refused outside C3, C4, C5 */
    BH_CLASS_NOP,
    BH_CLASS_TRAP, /* hlt, ud2, ud1: execution never goes past it */
    BH_CLASS_INT3,
    BH_CLASS_STRING,  /* refused outside M4 */
    BH_CLASS_REFUSED, /* by name: rule and reason are in the entry */
};

enum bh_mem {
    BH_MEM_NONE,    /* no memory form */
    BH_MEM_ADDRESS, /* lea, nop, ud1: nothing is accessed */
    BH_MEM_LOAD,
    BH_MEM_STORE, /* also read-modify-write */
};

/* Sizes of the memory operand; up to 32 the number itself. */
enum bh_size { BH_SIZE_V = 64, BH_SIZE_S, BH_SIZE_C, BH_SIZE_L, BH_SIZE_H, BH_SIZE_F, BH_SIZE_E };

/* Sizes of all immediates together; up to 8 the number itself. */
enum bh_imm { BH_IMM_Z = 16, BH_IMM_V };

enum bh_entry_flag {
    BH_MODRM = 1 << 0,
    BH_WRITES_REG = 1 << 1,  /* the general register in ModRM.reg */
    BH_WRITES_RM = 1 << 2,   /* the general register in ModRM.rm, when mod = 3 */
    BH_WRITES_VVVV = 1 << 3, /* the general register in VEX.vvvv */
    BH_WRITES_OPC = 1 << 4,  /* the general register in the opcode */
    BH_WRITES_BYTE = 1 << 5, /* these are byte registers: 4 without REX is ah */
    BH_LOCKABLE = 1 << 6,
    BH_NO_TOUCH = 1 << 7,
    BH_OPSIZE = 1 << 8, /* 66 selects the operand size */
    BH_SEQ_HEAD = 1 << 9,
    BH_STACK = 1 << 10,
    BH_USES_VVVV = 1 << 11,
    BH_NO_REX = 1 << 12, /* no REX but 40h */
    BH_NO_REX_W = 1 << 13,
};

/* How it may write rsp. */
enum bh_sp { BH_SP_NO, BH_SP_ADD, BH_SP_SUB, BH_SP_LEA, BH_SP_S3 };

struct bh_entry {
    uint8_t cls, mem, size, imm;
    uint16_t flags, facts;
    uint8_t sp, reason; /* reason: index into bh_reasons, for BH_CLASS_REFUSED */
};

struct bh_reason {
    const char *rule, *text;
};

#endif
