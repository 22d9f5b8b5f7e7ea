/* The reference verifier: what accepted code can do (section 7, Facts). */
#include "insn.h"

static bool uses_class(const struct insn *insn, ZydisRegisterClass class)
{
    for (unsigned i = 0; i < insn->z.operand_count; i++)
        if (insn->op[i].type == ZYDIS_OPERAND_TYPE_REGISTER && ZydisRegisterGetClass(insn->op[i].reg.value) == class)
            return true;
    return false;
}

static bool is_x87_or_mmx(const struct insn *insn)
{
    switch (insn->z.meta.isa_set) {
    case ZYDIS_ISA_SET_X87: case ZYDIS_ISA_SET_FCMOV: case ZYDIS_ISA_SET_SSE3X87: case ZYDIS_ISA_SET_PENTIUMMMX:
    case ZYDIS_ISA_SET_SSE2MMX: case ZYDIS_ISA_SET_SSSE3MMX:
        return true;
    default:
        /* The operand of these is an mm register or memory; the memory form counts as well. */
        if (insn->z.mnemonic == ZYDIS_MNEMONIC_CVTPI2PS || insn->z.mnemonic == ZYDIS_MNEMONIC_CVTPI2PD)
            return true;
        return uses_class(insn, ZYDIS_REGCLASS_X87) || uses_class(insn, ZYDIS_REGCLASS_MMX);
    }
}

/* All that computes with 256 bits counts, also where the result is shorter: whoever uses ymm registers at all writes them. */
static uint32_t vex_facts(const struct insn *insn)
{
    bool integer = insn->z.meta.isa_set == ZYDIS_ISA_SET_BMI1 || insn->z.meta.isa_set == ZYDIS_ISA_SET_BMI2;
    bool zero = insn->z.mnemonic == ZYDIS_MNEMONIC_VZEROALL || insn->z.mnemonic == ZYDIS_MNEMONIC_VZEROUPPER;
    if (insn->z.encoding != ZYDIS_INSTRUCTION_ENCODING_VEX)
        return 0;
    if (integer)
        return BH_FACT_BMI;
    return BH_FACT_AVX | (insn->z.avx.vector_length == 256 && !zero ? BH_FACT_UPPER : 0);
}

/* Extensions that the processor may lack, as the runtime asks for them. */
static uint32_t extension_facts(const struct insn *insn)
{
    switch (insn->z.meta.isa_set) {
    case ZYDIS_ISA_SET_LZCNT: return BH_FACT_LZCNT;
    case ZYDIS_ISA_SET_MOVBE: return BH_FACT_MOVBE;
    case ZYDIS_ISA_SET_F16C: return BH_FACT_F16C;
    case ZYDIS_ISA_SET_AES: case ZYDIS_ISA_SET_AVXAES: case ZYDIS_ISA_SET_VAES: case ZYDIS_ISA_SET_PCLMULQDQ:
    case ZYDIS_ISA_SET_VPCLMULQDQ:
        return BH_FACT_AES;
    default:
        return insn->z.mnemonic == ZYDIS_MNEMONIC_VPCLMULQDQ ? BH_FACT_AES : 0;
    }
}

uint32_t insn_facts(const struct insn *insn)
{
    uint32_t facts = vex_facts(insn) | extension_facts(insn) | (is_x87_or_mmx(insn) ? BH_FACT_X87 : 0);
    switch (insn->z.mnemonic) {
    case ZYDIS_MNEMONIC_LDMXCSR: case ZYDIS_MNEMONIC_VLDMXCSR:
    case ZYDIS_MNEMONIC_STMXCSR: case ZYDIS_MNEMONIC_VSTMXCSR: return facts | BH_FACT_MXCSR;
    case ZYDIS_MNEMONIC_RDTSC: return facts | BH_FACT_TIMER;
    case ZYDIS_MNEMONIC_RDTSCP: return facts | BH_FACT_TIMER | BH_FACT_RDPID;
    case ZYDIS_MNEMONIC_RDPID: return facts | BH_FACT_RDPID;
    case ZYDIS_MNEMONIC_CPUID: return facts | BH_FACT_CPUID;
    case ZYDIS_MNEMONIC_RDRAND: case ZYDIS_MNEMONIC_RDSEED: return facts | BH_FACT_RDRAND;
    case ZYDIS_MNEMONIC_XGETBV: return facts | BH_FACT_XGETBV;
    case ZYDIS_MNEMONIC_CLFLUSH: case ZYDIS_MNEMONIC_CLFLUSHOPT: case ZYDIS_MNEMONIC_CLWB: return facts | BH_FACT_FLUSH;
    default: return facts;
    }
}
