/* What Zydis says about an accepted instruction, against what the verifier was seen to believe. */
#include <string.h>

#include "agreement.h"

static const char WHO[] = "Zydis";
static ZydisDecoder decoder;

bool zydis_init(void)
{
    return ZYAN_SUCCESS(ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64));
}

static bool is_stack_pointer(ZydisRegister reg)
{
    return reg == ZYDIS_REGISTER_RSP || reg == ZYDIS_REGISTER_ESP || reg == ZYDIS_REGISTER_SP || reg == ZYDIS_REGISTER_SPL;
}

static bool is_x87(ZydisRegister reg)
{
    ZydisRegisterClass class = ZydisRegisterGetClass(reg);
    return class == ZYDIS_REGCLASS_X87 || class == ZYDIS_REGCLASS_MMX || reg == ZYDIS_REGISTER_X87CONTROL ||
           reg == ZYDIS_REGISTER_X87STATUS || reg == ZYDIS_REGISTER_X87TAG;
}

/* The memory on the stack that push, pop and call access besides their operand. */
static bool is_stack(const ZydisDecodedOperand *op)
{
    return op->type == ZYDIS_OPERAND_TYPE_MEMORY && op->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN &&
           op->mem.base == ZYDIS_REGISTER_RSP;
}

static bool touches_stack(const struct subject *s)
{
    for (unsigned i = 0; i < s->insn.operand_count; i++)
        if (is_stack(&s->ops[i]))
            return true;
    return false;
}

bool zydis_writes_stack_pointer(const struct subject *s)
{
    for (unsigned i = 0; i < s->insn.operand_count; i++)
        if (s->ops[i].type == ZYDIS_OPERAND_TYPE_REGISTER && is_stack_pointer(s->ops[i].reg.value) &&
            s->ops[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE)
            return true;
    return false;
}

bool zydis_is_trap(const struct subject *s)
{
    switch (s->insn.mnemonic) {
    case ZYDIS_MNEMONIC_HLT:
    case ZYDIS_MNEMONIC_INT3:
    case ZYDIS_MNEMONIC_UD1:
    case ZYDIS_MNEMONIC_UD2: return true;
    default: return false;
    }
}

/* nop and the traps may have a memory operand that nothing accesses. */
bool zydis_accesses_nothing(const struct subject *s)
{
    return s->insn.mnemonic == ZYDIS_MNEMONIC_NOP || zydis_is_trap(s);
}

/* ---- registers ---------------------------------------------------------------------------------------------------- */

/* S1: add or sub of an immediate, lea of a displacement; at most 16 KiB, 64 bits. */
static bool is_constant(const struct subject *s)
{
    const ZydisDecodedOperand *source = &s->ops[1];
    int64_t constant;
    if (s->insn.operand_width != 64 || s->ops[0].type != ZYDIS_OPERAND_TYPE_REGISTER || s->ops[0].reg.value != ZYDIS_REGISTER_RSP)
        return false;
    if (s->insn.mnemonic == ZYDIS_MNEMONIC_LEA) {
        if (source->mem.base != ZYDIS_REGISTER_RSP || source->mem.index != ZYDIS_REGISTER_NONE || s->insn.address_width != 64)
            return false;
        constant = source->mem.disp.has_displacement ? source->mem.disp.value : 0;
    } else if ((s->insn.mnemonic == ZYDIS_MNEMONIC_ADD || s->insn.mnemonic == ZYDIS_MNEMONIC_SUB) &&
               source->type == ZYDIS_OPERAND_TYPE_IMMEDIATE) {
        constant = source->imm.value.s;
    } else {
        return false;
    }
    return constant >= -BH_STACK_DISP_MAX && constant <= BH_STACK_DISP_MAX;
}

static void check_register(const struct subject *s, const ZydisDecodedOperand *op)
{
    ZydisRegister reg = op->reg.value;
    ZydisRegisterClass class = ZydisRegisterGetClass(reg);
    bool writes = op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE, hidden = op->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN;
    uint32_t facts = s->facts.facts;
    if (writes && is_stack_pointer(reg) && !(hidden && touches_stack(s)) && !is_constant(s))
        disagree(s, WHO, "writes rsp");
    if (is_x87(reg) && !(facts & BH_FACT_X87))
        disagree(s, WHO, "uses x87 or MMX, fact missing");
    if (class == ZYDIS_REGCLASS_YMM && writes && !(facts & BH_FACT_UPPER) && s->insn.mnemonic != ZYDIS_MNEMONIC_VZEROALL &&
        s->insn.mnemonic != ZYDIS_MNEMONIC_VZEROUPPER)
        disagree(s, WHO, "writes a ymm register, fact missing");
    if (writes && (class == ZYDIS_REGCLASS_SEGMENT || class == ZYDIS_REGCLASS_CONTROL || class == ZYDIS_REGCLASS_DEBUG ||
                   class == ZYDIS_REGCLASS_TABLE || class == ZYDIS_REGCLASS_BOUND || class == ZYDIS_REGCLASS_TEST ||
                   reg == ZYDIS_REGISTER_PKRU || reg == ZYDIS_REGISTER_XCR0))
        disagree(s, WHO, "writes %s", ZydisRegisterGetString(reg));
    if (class == ZYDIS_REGCLASS_ZMM || class == ZYDIS_REGCLASS_MASK || class == ZYDIS_REGCLASS_TMM)
        disagree(s, WHO, "uses %s", ZydisRegisterGetString(reg));
}

static void check_flags(const struct subject *s)
{
    static const ZydisAccessedFlagsMask kept = ZYDIS_CPUFLAG_TF | ZYDIS_CPUFLAG_IF | ZYDIS_CPUFLAG_IOPL | ZYDIS_CPUFLAG_NT |
                                               ZYDIS_CPUFLAG_RF | ZYDIS_CPUFLAG_VM | ZYDIS_CPUFLAG_AC | ZYDIS_CPUFLAG_VIF |
                                               ZYDIS_CPUFLAG_VIP | ZYDIS_CPUFLAG_ID;
    const ZydisAccessedFlags *flags = s->insn.cpu_flags;
    if (!flags || zydis_is_trap(s))
        return; /* the flags that a trap changes are those of its handler */
    ZydisAccessedFlagsMask written = flags->modified | flags->set_0 | flags->set_1 | flags->undefined;
    if (written & kept || (flags->modified | flags->set_1 | flags->undefined) & ZYDIS_CPUFLAG_DF)
        disagree(s, WHO, "changes flags of the system or sets the direction flag (%x)", written);
}

/* ---- facts -------------------------------------------------------------------------------------------------------- */

static uint32_t facts_of_mnemonic(ZydisMnemonic mnemonic)
{
    switch (mnemonic) {
    case ZYDIS_MNEMONIC_CPUID: return BH_FACT_CPUID;
    case ZYDIS_MNEMONIC_RDTSC: return BH_FACT_TIMER;
    case ZYDIS_MNEMONIC_RDTSCP: return BH_FACT_TIMER | BH_FACT_RDPID;
    case ZYDIS_MNEMONIC_RDPID: return BH_FACT_RDPID;
    case ZYDIS_MNEMONIC_RDRAND:
    case ZYDIS_MNEMONIC_RDSEED: return BH_FACT_RDRAND;
    case ZYDIS_MNEMONIC_XGETBV: return BH_FACT_XGETBV;
    case ZYDIS_MNEMONIC_CLFLUSH:
    case ZYDIS_MNEMONIC_CLFLUSHOPT:
    case ZYDIS_MNEMONIC_CLWB: return BH_FACT_FLUSH;
    case ZYDIS_MNEMONIC_LDMXCSR:
    case ZYDIS_MNEMONIC_VLDMXCSR:
    case ZYDIS_MNEMONIC_STMXCSR:
    case ZYDIS_MNEMONIC_VSTMXCSR: return BH_FACT_MXCSR;
    default: return 0;
    }
}

static void check_facts(const struct subject *s)
{
    static const uint32_t by_mnemonic = BH_FACT_CPUID | BH_FACT_TIMER | BH_FACT_RDPID | BH_FACT_RDRAND | BH_FACT_XGETBV |
                                        BH_FACT_FLUSH | BH_FACT_MXCSR;
    uint32_t facts = s->facts.facts;
    if ((facts & by_mnemonic) != facts_of_mnemonic(s->insn.mnemonic))
        disagree(s, WHO, "facts are %x, should be %x", facts & by_mnemonic, facts_of_mnemonic(s->insn.mnemonic));
    bool vex = s->insn.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX;
    bool bmi = s->insn.meta.category == ZYDIS_CATEGORY_BMI1 || s->insn.meta.category == ZYDIS_CATEGORY_BMI2;
    if (((facts & BH_FACT_AVX) != 0) != (vex && !bmi))
        disagree(s, WHO, "the fact avx is wrong");
    if (((facts & BH_FACT_BMI) != 0) != (vex && bmi))
        disagree(s, WHO, "the fact bmi is wrong");
    /* by which the runtime refuses modules that the processor cannot run */
    ZydisISASet set = s->insn.meta.isa_set;
    bool aes = set == ZYDIS_ISA_SET_AES || set == ZYDIS_ISA_SET_AVXAES || set == ZYDIS_ISA_SET_VAES ||
               set == ZYDIS_ISA_SET_PCLMULQDQ || set == ZYDIS_ISA_SET_VPCLMULQDQ ||
               s->insn.mnemonic == ZYDIS_MNEMONIC_VPCLMULQDQ;
    if ((set == ZYDIS_ISA_SET_LZCNT) != !!(facts & BH_FACT_LZCNT) || (set == ZYDIS_ISA_SET_MOVBE) != !!(facts & BH_FACT_MOVBE) ||
        (set == ZYDIS_ISA_SET_F16C) != !!(facts & BH_FACT_F16C) || aes != !!(facts & BH_FACT_AES))
        disagree(s, WHO, "the facts do not say which extension it needs");
    /* indirect branches alone are host calls */
    bool indirect = s->insn.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE && s->insn.raw.modrm.offset;
    if (((facts & BH_FACT_HOSTCALL) != 0) != indirect)
        disagree(s, WHO, "the fact hostcall is wrong");
}

/* ---- memory ------------------------------------------------------------------------------------------------------- */

/* The memory operand besides the stack of push, pop and call. lea and prefetch-like address-only operands are none. */
static const ZydisDecodedOperand *memory_operand(const struct subject *s, unsigned *count)
{
    const ZydisDecodedOperand *found = NULL;
    *count = 0;
    for (unsigned i = 0; i < s->insn.operand_count; i++) {
        const ZydisDecodedOperand *op = &s->ops[i];
        if (op->type != ZYDIS_OPERAND_TYPE_MEMORY || is_stack(op) || op->mem.type == ZYDIS_MEMOP_TYPE_AGEN)
            continue;
        found = op;
        ++*count;
    }
    return found;
}

/* Cache lines are written back or dropped: the verifier treats them as written. */
static bool is_cache_line(const struct subject *s)
{
    return s->facts.facts & BH_FACT_FLUSH || s->insn.mnemonic == ZYDIS_MNEMONIC_PREFETCHW;
}

/* M2: the operand is exactly where and as large as Zydis says: the verdict turns at both ends of the image's range. */
static void check_extent(const struct subject *s, const ZydisDecodedOperand *mem)
{
    uint64_t first = CODE_ADDRESS + s->length + (uint64_t)mem->mem.disp.value;
    /* A line flush names any byte of its line, which never leaves the page. */
    uint64_t end = first + (s->facts.facts & BH_FACT_FLUSH ? 1 : mem->size / 8);
    uint8_t code[32];
    memcpy(code, s->bytes, sizeof code);
    if (!accepts(code, sizeof code, BH_ISOLATE_FULL, first, end, NULL))
        disagree(s, WHO, "M2: the operand is smaller, or elsewhere");
    if (accepts(code, sizeof code, BH_ISOLATE_FULL, first, end - 1, NULL) ||
        accepts(code, sizeof code, BH_ISOLATE_FULL, first + 1, end, NULL))
        disagree(s, WHO, "M2: the operand is larger, or elsewhere");
}

/* The same instruction with (%rax) for its RIP-relative operand: stores-only isolation refuses exactly those that write. */
static void check_direction(const struct subject *s, bool writes)
{
    uint8_t code[32];
    unsigned at = s->insn.raw.modrm.offset, rest = s->length - (at + 5);
    memset(code, 0xF4, sizeof code);
    memcpy(code, s->bytes, at + 1u);
    code[at] &= 0xF8;
    memcpy(code + at + 1, s->bytes + at + 5, rest);
    bool free = accepts(code, sizeof code, BH_ISOLATE_STORES, 0, IMAGE_HI, NULL);
    if (free && (writes || is_cache_line(s)))
        disagree(s, WHO, "the memory operand is written, but taken for a load");
    if (!free && !writes && !is_cache_line(s) && !zydis_writes_stack_pointer(s) && !(s->facts.facts & BH_FACT_HOSTCALL))
        disagree(s, WHO, "the memory operand is only read, but taken for a store");
}

static void check_form(const struct subject *s, const ZydisDecodedOperand *mem)
{
    int64_t disp = mem->mem.disp.has_displacement ? mem->mem.disp.value : 0;
    bool gs = mem->mem.segment == ZYDIS_REGISTER_GS;
    bool m1 = gs && s->insn.address_width == 32 && mem->mem.base != ZYDIS_REGISTER_EIP && mem->mem.base != ZYDIS_REGISTER_RIP;
    bool absolute = gs && mem->mem.base == ZYDIS_REGISTER_NONE && mem->mem.index == ZYDIS_REGISTER_NONE && disp >= 0;
    bool m2 = mem->mem.base == ZYDIS_REGISTER_RIP && mem->mem.segment == ZYDIS_REGISTER_DS && s->insn.address_width == 64;
    bool m3 = mem->mem.base == ZYDIS_REGISTER_RSP && mem->mem.index == ZYDIS_REGISTER_NONE &&
              mem->mem.segment == ZYDIS_REGISTER_SS && disp >= -BH_STACK_DISP_MAX && disp <= BH_STACK_DISP_MAX;
    if (!m1 && !absolute && !m2 && !m3)
        disagree(s, WHO, "the memory operand is not M1, M2 or M3");
    if (mem->mem.type != ZYDIS_MEMOP_TYPE_MEM)
        disagree(s, WHO, "the memory operand is no plain one (VSIB, MIB)");
    if (m2) {
        check_extent(s, mem);
        check_direction(s, mem->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE);
    }
    if (m3 && s->touch && !(mem->actions & (ZYDIS_OPERAND_ACTION_READ | ZYDIS_OPERAND_ACTION_WRITE)))
        disagree(s, WHO, "counts as touching the stack, but the access is not certain");
}

static void check_memory(const struct subject *s)
{
    unsigned count;
    const ZydisDecodedOperand *mem = memory_operand(s, &count);
    bool touches = touches_stack(s);
    for (unsigned i = 0; i < s->insn.operand_count; i++)
        if (s->ops[i].type == ZYDIS_OPERAND_TYPE_MEMORY && s->ops[i].mem.segment == ZYDIS_REGISTER_FS)
            disagree(s, WHO, "FS");
    if (!mem || zydis_accesses_nothing(s)) {
        bool stops = zydis_is_trap(s) && s->insn.mnemonic != ZYDIS_MNEMONIC_INT3;
        if (s->touch && !touches && !stops)
            disagree(s, WHO, "counts as touching the stack, but accesses no memory");
        if (!s->full)
            disagree(s, WHO, "accepted under stores-only isolation alone, but loads nothing");
        return;
    }
    if (count > 1 && s->full)
        disagree(s, WHO, "more than one memory operand");
    if (s->full) {
        check_form(s, mem);
        return;
    }
    for (unsigned i = 0; i < s->insn.operand_count; i++)
        if (s->ops[i].type == ZYDIS_OPERAND_TYPE_MEMORY && s->ops[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE &&
            !is_stack(&s->ops[i]))
            disagree(s, WHO, "an unconfined store is accepted under stores-only isolation");
}

/* ---- all ---------------------------------------------------------------------------------------------------------- */

bool zydis_decode(struct subject *s)
{
    if (ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder, s->bytes, sizeof s->bytes, &s->insn, s->ops)))
        return false;
    s->length = s->insn.length;
    return true;
}

bool compare_zydis(struct subject *s)
{
    if (ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder, s->bytes, sizeof s->bytes, &s->insn, s->ops))) {
        memset(&s->insn, 0, sizeof s->insn);
        disagree(s, WHO, "unknown");
        return false;
    }
    if (s->insn.length != s->length)
        disagree(s, WHO, "length %u", s->insn.length);
    if (s->insn.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY && s->insn.encoding != ZYDIS_INSTRUCTION_ENCODING_VEX)
        disagree(s, WHO, "neither legacy nor VEX");
    if (s->insn.attributes & ZYDIS_ATTRIB_IS_PRIVILEGED && s->insn.mnemonic != ZYDIS_MNEMONIC_HLT)
        disagree(s, WHO, "privileged");
    if (s->insn.meta.branch_type == ZYDIS_BRANCH_TYPE_FAR)
        disagree(s, WHO, "a far branch");
    for (unsigned i = 0; i < s->insn.operand_count; i++)
        if (s->ops[i].type == ZYDIS_OPERAND_TYPE_REGISTER)
            check_register(s, &s->ops[i]);
    check_flags(s);
    check_facts(s);
    check_memory(s);
    return true;
}
