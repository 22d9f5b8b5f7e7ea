/* The reference verifier: the rules about one instruction by itself (prefix, memory, M1, M2, M3, S1). */
#include "insn.h"

/* Only on the instructions that the processor lets it stand on, and only when they write memory. */
static bool lock_is_allowed(const struct insn *insn)
{
    static const ZydisMnemonic lockable[] = {
        ZYDIS_MNEMONIC_ADC, ZYDIS_MNEMONIC_ADD, ZYDIS_MNEMONIC_AND, ZYDIS_MNEMONIC_BTC, ZYDIS_MNEMONIC_BTR, ZYDIS_MNEMONIC_BTS,
        ZYDIS_MNEMONIC_CMPXCHG, ZYDIS_MNEMONIC_CMPXCHG8B, ZYDIS_MNEMONIC_CMPXCHG16B, ZYDIS_MNEMONIC_DEC, ZYDIS_MNEMONIC_INC,
        ZYDIS_MNEMONIC_NEG, ZYDIS_MNEMONIC_NOT, ZYDIS_MNEMONIC_OR, ZYDIS_MNEMONIC_SBB, ZYDIS_MNEMONIC_SUB, ZYDIS_MNEMONIC_XADD,
        ZYDIS_MNEMONIC_XCHG, ZYDIS_MNEMONIC_XOR};
    const ZydisDecodedOperand *mem = insn_memory_operand(insn);
    for (unsigned i = 0; i < sizeof lockable / sizeof *lockable; i++)
        if (insn->z.mnemonic == lockable[i])
            return mem && (mem->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE);
    return false;
}

/* Up to four 2Eh at the very start of an instruction without ModRM memory operand, no branch, no string instruction. */
static bool padding_is_allowed(const struct insn *insn)
{
    const struct prefixes *p = &insn->prefix;
    return p->n2e == p->leading && p->n2e <= BH_PADDING_PREFIX_MAX && !insn_names_memory(insn) && !insn_is_string(insn) &&
           !insn_is_direct_branch(insn) && !insn_is_indirect_branch(insn) && insn->sequence == SEQ_NONE;
}

/* Any number of 66h, then at most one 2Eh, then the opcode (REX before it); or, for 90 and 66 90, one to four 2Eh. */
static bool nop_prefixes(const struct insn *insn)
{
    unsigned i = insn->prefix.leading;
    if (i && insn_is_opcode(insn, 0x90)) {
        if (i > BH_PADDING_PREFIX_MAX)
            return false;
        if (insn->bytes[i] == 0x66)
            i++;
    } else {
        for (i = 0; insn->bytes[i] == 0x66; i++)
            continue;
        if (insn->bytes[i] == 0x2E)
            i++;
    }
    if ((insn->bytes[i] & 0xF0) == 0x40)
        i++;
    return i == insn->prefix.total;
}

/* No prefix but REX 40h; and 67 e8, which linkers write. */
static bool direct_branch_prefixes(const struct insn *insn)
{
    if (insn->prefix.total == 0)
        return true;
    return insn->prefix.total == 1 && (insn->bytes[0] == 0x40 || (insn->bytes[0] == 0x67 && insn->bytes[1] == 0xE8));
}

/* Not where the operand has 16 bits with or without 66h (x87). */
static bool has_16_bit_operand(const struct insn *insn)
{
    if (insn->z.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT && insn->z.opcode >= 0xD8 && insn->z.opcode <= 0xDF)
        return false;
    for (unsigned i = 0; i < insn->z.operand_count; i++)
        if (insn->op[i].size == 16)
            return true;
    return false;
}

/* 66h is part of the opcode or selects 16-bit operands; nowhere else, and not together with REX.W where it selects. */
static bool operand_size_prefix(const struct insn *insn)
{
    if (!insn->prefix.n66 || insn_has_mandatory(insn, 0x66))
        return true;
    if (insn_is_opcode(insn, 0x90))
        return !insn->prefix.f3; /* an exchange with r8, whatever REX.W; not a pause */
    return !insn_rex_w(insn) && insn->z.operand_width == 16 && has_16_bit_operand(insn) &&
           insn->z.mnemonic != ZYDIS_MNEMONIC_UD1;
}

/* REX bits that change what some processors or decoders read. */
static bool rex_is_allowed(const struct insn *insn)
{
    if (insn_is_opcode(insn, 0x90) && insn->prefix.f3) /* pause, or an exchange with r8 */
        return !(insn->prefix.rex_byte & 15);
    return !(insn->z.mnemonic == ZYDIS_MNEMONIC_CLWB || insn->z.mnemonic == ZYDIS_MNEMONIC_CLFLUSHOPT) || !insn_rex_w(insn);
}

bool rule_prefix(const struct insn *insn)
{
    const struct prefixes *p = &insn->prefix;
    if (p->other_segment || !p->rex_is_last || p->rex > 1)
        return false;
    if (insn_is_direct_branch(insn))
        return direct_branch_prefixes(insn);
    if (p->n67 > 1 || p->gs > 1 || p->lock > 1 || p->f2 + p->f3 > 1)
        return false;
    if (insn->z.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX && (p->rex || p->n66 || p->f2 || p->f3 || p->lock))
        return false;
    if (insn_is_nop(insn))
        return nop_prefixes(insn);
    if (p->n66 > 1 || (p->n2e && !padding_is_allowed(insn)))
        return false;
    if (p->lock && !lock_is_allowed(insn))
        return false;
    if (!operand_size_prefix(insn) || !rex_is_allowed(insn))
        return false;
    if (p->f2 && !insn_has_mandatory(insn, 0xF2) && !insn_is_string(insn))
        return false;
    if (p->f3 && !insn_has_mandatory(insn, 0xF3) && !insn_is_string(insn))
        return false;
    /* GS and 67h belong to a memory operand; lea and ud1 may compute with 32 bits. (M1 to M3 look at them once more.) */
    if (p->gs && !insn_memory_operand(insn))
        return false;
    if (p->n67 && !insn_names_memory(insn))
        return false;
    return true;
}

static bool is_bit_test(ZydisMnemonic mnemonic)
{
    return mnemonic == ZYDIS_MNEMONIC_BT || mnemonic == ZYDIS_MNEMONIC_BTS || mnemonic == ZYDIS_MNEMONIC_BTR ||
           mnemonic == ZYDIS_MNEMONIC_BTC;
}

/* FS is never used; no access that the operand does not bound. */
bool rule_memory(const struct insn *insn)
{
    if (insn->prefix.fs)
        return false;
    if (insn_memory_operand(insn) && is_bit_test(insn->z.mnemonic) && insn->op[1].type != ZYDIS_OPERAND_TYPE_IMMEDIATE)
        return false;
    /* No implicit memory but the stack and what string instructions use; the list should leave no other. */
    for (unsigned i = 0; i < insn->z.operand_count; i++) {
        const ZydisDecodedOperand *op = &insn->op[i];
        if (op->type != ZYDIS_OPERAND_TYPE_MEMORY || op->encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM)
            continue;
        if (op->mem.base != ZYDIS_REGISTER_RSP && !insn_is_string(insn))
            return false;
    }
    return true;
}

static bool writes_memory(const struct insn *insn, const ZydisDecodedOperand *mem)
{
    ZydisMnemonic m = insn->z.mnemonic;
    return (mem->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) || m == ZYDIS_MNEMONIC_PREFETCHW || m == ZYDIS_MNEMONIC_CLFLUSH ||
           m == ZYDIS_MNEMONIC_CLFLUSHOPT || m == ZYDIS_MNEMONIC_CLWB;
}

static bool is_hint(const struct insn *insn)
{
    switch (insn->z.mnemonic) {
    case ZYDIS_MNEMONIC_PREFETCH: case ZYDIS_MNEMONIC_PREFETCHW: case ZYDIS_MNEMONIC_PREFETCHNTA:
    case ZYDIS_MNEMONIC_PREFETCHT0: case ZYDIS_MNEMONIC_PREFETCHT1: case ZYDIS_MNEMONIC_PREFETCHT2:
    case ZYDIS_MNEMONIC_CLFLUSH: case ZYDIS_MNEMONIC_CLFLUSHOPT: case ZYDIS_MNEMONIC_CLWB:
        return true;
    default:
        return false;
    }
}

static bool is_rip_relative(const struct insn *insn)
{
    return insn->z.raw.modrm.mod == 0 && insn->z.raw.modrm.rm == 5;
}

static bool keeps_M1(const struct insn *insn)
{
    const ZydisDecodedInstruction *z = &insn->z;
    if (insn->prefix.gs != 1 || is_rip_relative(insn))
        return false;
    if (insn->prefix.n67 == 1)
        return true;
    /* %gs:disp32 */
    return z->raw.modrm.mod == 0 && z->raw.modrm.rm == 4 && insn->bytes[z->raw.modrm.offset + 1] == 0x25 && !insn_rex_x(insn) &&
           z->raw.disp.value >= 0;
}

static bool keeps_M2(const struct insn *insn, const ZydisDecodedOperand *mem, const struct bh_verify_input *input)
{
    int64_t first = (int64_t)(insn->address + insn->length) + insn->z.raw.disp.value;
    /* A hint names one byte; its line does not leave the page. */
    int64_t size = is_hint(insn) ? 1 : mem->size / 8;
    return !insn->prefix.gs && !insn->prefix.n67 && size > 0 && first >= (int64_t)input->image_lo &&
           first + size <= (int64_t)input->image_hi;
}

/* Base rsp, no index, whatever the displacement. */
static bool is_rsp_relative(const struct insn *insn)
{
    const ZydisDecodedInstruction *z = &insn->z;
    return insn_names_memory(insn) && z->raw.modrm.rm == 4 && z->raw.sib.base == 4 && !insn_rex_b(insn) && z->raw.sib.index == 4 &&
           !insn_rex_x(insn);
}

bool insn_is_m3(const struct insn *insn)
{
    int64_t disp = insn->z.raw.disp.value;
    return is_rsp_relative(insn) && !insn->prefix.gs && !insn->prefix.n67 && disp >= -BH_STACK_DISP_MAX &&
           disp <= BH_STACK_DISP_MAX;
}

enum ref_rule rule_M1_M2_M3(const struct insn *insn, const struct bh_verify_input *input)
{
    const ZydisDecodedOperand *mem = insn_memory_operand(insn);
    if (!mem)
        return insn_names_memory(insn) && insn->prefix.gs ? REF_M1 : REF_RULE_COUNT;
    if (input->isolation == BH_ISOLATE_STORES && !writes_memory(insn, mem) && insn->sequence != SEQ_S3)
        return REF_RULE_COUNT;
    if (keeps_M1(insn) || insn_is_m3(insn))
        return REF_RULE_COUNT;
    if (is_rip_relative(insn))
        return keeps_M2(insn, mem, input) ? REF_RULE_COUNT : REF_M2;
    return is_rsp_relative(insn) && !insn->prefix.gs && !insn->prefix.n67 ? REF_M3 : REF_M1;
}

bool insn_rsp_constant(const struct insn *insn, int64_t *constant)
{
    const ZydisDecodedInstruction *z = &insn->z;
    unsigned reg = z->raw.modrm.reg;
    if (!insn_rex_w(insn) || insn->prefix.n66 || insn->prefix.n67)
        return false;
    if (insn_is_opcode(insn, 0x81) || insn_is_opcode(insn, 0x83)) {
        if (z->raw.modrm.mod != 3 || z->raw.modrm.rm != GPR_RSP || insn_rex_b(insn) || (reg != 0 && reg != 5))
            return false;
        *constant = reg == 0 ? z->raw.imm[0].value.s : -z->raw.imm[0].value.s;
    } else if (insn_is_opcode(insn, 0x8D)) {
        if (reg != GPR_RSP || insn_rex_r(insn) || !is_rsp_relative(insn))
            return false;
        *constant = z->raw.disp.value;
    } else {
        return false;
    }
    return *constant >= -BH_STACK_DISP_MAX && *constant <= BH_STACK_DISP_MAX;
}

static bool is_number_4(ZydisRegister reg)
{
    return reg == ZYDIS_REGISTER_RSP || reg == ZYDIS_REGISTER_ESP || reg == ZYDIS_REGISTER_SP || reg == ZYDIS_REGISTER_SPL;
}

/* Not asked about the instructions of a sequence. */
bool rule_S1(const struct insn *insn)
{
    int64_t constant;
    if (insn_rsp_constant(insn, &constant))
        return true;
    if (insn->prefix.n66 && (insn_is_push(insn) || insn_is_pop(insn)))
        return false;
    for (unsigned i = 0; i < insn->z.operand_count; i++) {
        const ZydisDecodedOperand *op = &insn->op[i];
        bool own = op->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN &&
                   (insn_is_push(insn) || insn_is_pop(insn) || insn->z.mnemonic == ZYDIS_MNEMONIC_CALL);
        if (op->type == ZYDIS_OPERAND_TYPE_REGISTER && (op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) &&
            is_number_4(op->reg.value) && !own)
            return false;
    }
    return true;
}

/* May do nothing, or only hints. */
static bool is_uncertain(const struct insn *insn)
{
    switch (insn->z.mnemonic) {
    case ZYDIS_MNEMONIC_SHLD: case ZYDIS_MNEMONIC_SHRD: case ZYDIS_MNEMONIC_VMASKMOVPD: case ZYDIS_MNEMONIC_VMASKMOVPS:
    case ZYDIS_MNEMONIC_VPMASKMOVD: case ZYDIS_MNEMONIC_VPMASKMOVQ:
        return true;
    default:
        return is_hint(insn) || insn->z.meta.category == ZYDIS_CATEGORY_CMOV;
    }
}

bool insn_touches_stack(const struct insn *insn)
{
    if (insn_is_push(insn) || insn_is_pop(insn) || insn->z.mnemonic == ZYDIS_MNEMONIC_CALL)
        return true;
    return insn_memory_operand(insn) && insn_is_m3(insn) && !is_uncertain(insn);
}
