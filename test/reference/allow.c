/* The reference verifier: the list of instructions (rule allow-list; section 7 of docs/contract.md).
 *
 * Integer instructions by name, vector instructions by instruction set less those that access memory which no operand
 * shows. What is not here is refused, and so are all the instructions that the contract refuses by name.
 */
#include "insn.h"

#define M(name) ZYDIS_MNEMONIC_##name

static const ZydisMnemonic integer[] = {
    /* arithmetic and logic */
    M(ADC), M(ADD), M(AND), M(CMP), M(DEC), M(DIV), M(IDIV), M(IMUL), M(INC), M(MUL), M(NEG), M(NOT), M(OR), M(SBB), M(SUB),
    M(TEST), M(XOR), M(RCL), M(RCR), M(ROL), M(ROR), M(SAR), M(SHL), M(SHR), M(SHLD), M(SHRD), M(CBW), M(CWDE), M(CDQE), M(CWD),
    M(CDQ), M(CQO), M(BSF), M(BSR), M(BSWAP), M(BT), M(BTC), M(BTR), M(BTS), M(POPCNT), M(LZCNT), M(TZCNT), M(CRC32), M(ADCX),
    M(ADOX),
    /* moves */
    M(MOV), M(MOVSX), M(MOVSXD), M(MOVZX), M(MOVBE), M(MOVNTI), M(LEA), M(XCHG), M(XADD), M(CMPXCHG), M(CMPXCHG8B),
    M(CMPXCHG16B), M(PUSH), M(POP), M(PUSHFQ), M(CMOVB), M(CMOVBE), M(CMOVL), M(CMOVLE), M(CMOVNB), M(CMOVNBE), M(CMOVNL),
    M(CMOVNLE), M(CMOVNO), M(CMOVNP), M(CMOVNS), M(CMOVNZ), M(CMOVO), M(CMOVP), M(CMOVS), M(CMOVZ), M(SETB), M(SETBE), M(SETL),
    M(SETLE), M(SETNB), M(SETNBE), M(SETNL), M(SETNLE), M(SETNO), M(SETNP), M(SETNS), M(SETNZ), M(SETO), M(SETP), M(SETS),
    M(SETZ),
    /* control flow; rules C2 to C5 look at operands */
    M(CALL), M(JMP), M(JB), M(JBE), M(JL), M(JLE), M(JNB), M(JNBE), M(JNL), M(JNLE), M(JNO), M(JNP), M(JNS), M(JNZ), M(JO),
    M(JP), M(JS), M(JZ), M(JRCXZ), M(LOOP), M(LOOPE), M(LOOPNE), M(HLT), M(INT3), M(UD1), M(UD2), M(ENDBR64),
    /* flags, the processor, caches */
    M(CLC), M(CLD), M(CMC), M(STC), M(LAHF), M(SAHF), M(CPUID), M(XGETBV), M(RDTSC), M(RDTSCP), M(RDRAND), M(RDSEED), M(RDPID),
    M(PAUSE), M(NOP), M(LFENCE), M(MFENCE), M(SFENCE), M(PREFETCH), M(PREFETCHW), M(PREFETCHNTA), M(PREFETCHT0),
    M(PREFETCHT1), M(PREFETCHT2), M(CLFLUSH), M(CLFLUSHOPT), M(CLWB), M(LDMXCSR), M(STMXCSR),
};

static const ZydisISASet legacy_sets[] = {
    ZYDIS_ISA_SET_X87, ZYDIS_ISA_SET_FCMOV, ZYDIS_ISA_SET_SSE3X87, ZYDIS_ISA_SET_PENTIUMMMX, ZYDIS_ISA_SET_SSE,
    ZYDIS_ISA_SET_SSE2, ZYDIS_ISA_SET_SSE2MMX, ZYDIS_ISA_SET_SSE3, ZYDIS_ISA_SET_SSSE3, ZYDIS_ISA_SET_SSSE3MMX,
    ZYDIS_ISA_SET_SSE4, ZYDIS_ISA_SET_SSE42, ZYDIS_ISA_SET_AES, ZYDIS_ISA_SET_PCLMULQDQ, ZYDIS_ISA_SET_SHA,
};

static const ZydisISASet vex_sets[] = {
    ZYDIS_ISA_SET_AVX, ZYDIS_ISA_SET_AVX2, ZYDIS_ISA_SET_FMA, ZYDIS_ISA_SET_F16C, ZYDIS_ISA_SET_AVXAES, ZYDIS_ISA_SET_VAES,
    ZYDIS_ISA_SET_VPCLMULQDQ, ZYDIS_ISA_SET_BMI1, ZYDIS_ISA_SET_BMI2,
};

/* Members of those sets that are not in the list. */
static const ZydisMnemonic excluded[] = {
    M(MASKMOVQ), M(MASKMOVDQU), M(VMASKMOVDQU), /* store through rdi */
    M(FNSAVE), M(FRSTOR), M(FFREEP), M(FDISI8087_NOP), M(FENI8087_NOP), M(FSETPM287_NOP), M(FSTPNCE),
};

static const ZydisMnemonic x87_compares[] = {M(FCOMI), M(FCOMIP), M(FUCOMI), M(FUCOMIP)};

static bool among(const ZydisMnemonic *list, size_t count, ZydisMnemonic mnemonic)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == mnemonic)
            return true;
    return false;
}

static bool among_sets(const ZydisISASet *list, size_t count, ZydisISASet set)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == set)
            return true;
    return false;
}
#define AMONG(list, value) among(list, sizeof list / sizeof *list, value)
#define AMONG_SETS(list, value) among_sets(list, sizeof list / sizeof *list, value)

/* mov between general registers, memory and immediates; not segment, control and debug registers, not A0 to A3. */
static bool plain_mov(const struct insn *insn)
{
    unsigned opcode = insn->z.opcode;
    return insn->z.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && ((opcode >= 0x88 && opcode <= 0x8B) ||
                                                             (opcode >= 0xB0 && opcode <= 0xBF) || opcode == 0xC6 || opcode == 0xC7);
}

static bool plain_push_or_pop(const struct insn *insn)
{
    return insn->z.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT; /* fs and gs are pushed and popped by 0F A0 and the like */
}

/* A second encoding of something that has a documented one. */
static bool is_alias(const struct insn *insn)
{
    unsigned reg = insn->z.raw.modrm.reg;
    bool mod3 = insn->z.raw.modrm.mod == 3;
    if (insn_is_0f(insn, 0xAE) && mod3 && insn->z.raw.modrm.rm)
        return true; /* lfence, mfence, sfence */
    if (insn_is_0f(insn, 0x0D) && reg > 1)
        return true; /* reserved; /0 and /1 are prefetch and prefetchw */
    if (insn->z.meta.category == ZYDIS_CATEGORY_SETCC && reg)
        return true; /* ModRM.reg means nothing */
    if (insn_is_opcode(insn, 0x63) && insn->prefix.n66)
        return true; /* movsxd of 16 bits is mov */
    if (insn->z.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY || insn->z.opcode_map != ZYDIS_OPCODE_MAP_DEFAULT)
        return false;
    switch (insn->z.opcode) {
    case 0xC0: case 0xC1: case 0xD0: case 0xD1: case 0xD2: case 0xD3:
        return reg == 6; /* shl */
    case 0xF6: case 0xF7:
        return reg == 1; /* test */
    case 0xDC:
        return mod3 && (reg == 2 || reg == 3); /* fcom, fcomp */
    case 0xDD:
        return mod3 && reg == 1; /* fxch */
    case 0xDE:
        return mod3 && reg == 2; /* fcomp */
    case 0xDF:
        return mod3 && (reg == 1 || reg == 2 || reg == 3); /* fxch, fstp */
    case 0xD9:
        return mod3 && reg == 3; /* fstp */
    }
    return false;
}

/* VEX.L is 0 where it would mean nothing (scalar instructions). */
static bool has_256_bit_form(const struct insn *insn)
{
    for (unsigned i = 0; i < insn->z.operand_count; i++) {
        const ZydisDecodedOperand *op = &insn->op[i];
        if (op->type == ZYDIS_OPERAND_TYPE_REGISTER ? ZydisRegisterGetClass(op->reg.value) == ZYDIS_REGCLASS_YMM : op->size == 256)
            return true;
    }
    return insn->z.mnemonic == ZYDIS_MNEMONIC_VZEROALL;
}

bool rule_allow_list(const struct insn *insn)
{
    const ZydisDecodedInstruction *z = &insn->z;
    if (AMONG(excluded, z->mnemonic) || is_alias(insn))
        return false;
    if (z->encoding == ZYDIS_INSTRUCTION_ENCODING_VEX)
        return AMONG_SETS(vex_sets, z->meta.isa_set) && (!z->raw.vex.L || has_256_bit_form(insn));
    if (z->encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY)
        return false; /* EVEX, XOP, 3DNow! */
    if (z->mnemonic == ZYDIS_MNEMONIC_MOV)
        return plain_mov(insn);
    if (z->mnemonic == ZYDIS_MNEMONIC_PUSH || z->mnemonic == ZYDIS_MNEMONIC_POP)
        return plain_push_or_pop(insn);
    if (z->mnemonic == ZYDIS_MNEMONIC_NOP || insn_is_nop(insn))
        return insn_is_nop(insn); /* not the reserved hints, which Zydis calls nop too */
    /* FF /3 and /5 are far. */
    if (insn_is_indirect_branch(insn))
        return z->raw.modrm.reg == 2 || z->raw.modrm.reg == 4;
    return AMONG(integer, z->mnemonic) || AMONG(x87_compares, z->mnemonic) || insn_is_string(insn) ||
           AMONG_SETS(legacy_sets, z->meta.isa_set);
}
