/* What LLVM's decoder says about an accepted instruction: against Zydis's operands, which zydis.c compares with the
 * verifier, and against the verifier itself. */
#include <string.h>

#include "agreement.h"
#include "llvm.h"

static const char WHO[] = "LLVM";

static int address_register(ZydisRegister reg)
{
    if (reg == ZYDIS_REGISTER_NONE)
        return LLVM_NONE;
    if (reg == ZYDIS_REGISTER_RIP)
        return LLVM_RIP;
    if (reg == ZYDIS_REGISTER_EIP)
        return LLVM_EIP;
    int wide = ZydisRegisterGetClass(reg) == ZYDIS_REGCLASS_GPR32 ? LLVM_32BIT : 0;
    return wide + ZydisRegisterGetId(reg);
}

static void check_operand(const struct subject *s, const struct llvm_insn *l, const ZydisDecodedOperand *mem)
{
    int64_t disp = mem->mem.disp.has_displacement ? mem->mem.disp.value : 0;
    int segment = mem->mem.segment == ZYDIS_REGISTER_GS ? 'g' : mem->mem.segment == ZYDIS_REGISTER_FS ? 'f' : LLVM_NONE;
    int base = address_register(mem->mem.base), index = address_register(mem->mem.index);
    /* With 67h Zydis takes SIB base 5 with REX.B and mod = 0 for r13d without displacement. It is no base and disp32 whatever
     * REX.B is: LLVM says so, both makers' manuals do, and compare_cpu.c sees the address. */
    if (s->insn.raw.sib.base == 5 && s->insn.raw.modrm.mod == 0 && base == LLVM_32BIT + 13)
        base = LLVM_NONE, disp = s->insn.raw.disp.value;
    if (l->base != base || l->index != index)
        disagree(s, WHO, "base and index %d and %d, Zydis says %d and %d", l->base, l->index, base, index);
    if (l->index != LLVM_NONE && l->scale != mem->mem.scale)
        disagree(s, WHO, "scale %d", l->scale);
    if (l->disp != disp)
        disagree(s, WHO, "displacement %lld, Zydis says %lld", (long long)l->disp, (long long)disp);
    if (l->segment != segment && !zydis_accesses_nothing(s))
        disagree(s, WHO, "segment %d", l->segment);
}

/* LLVM marks what it must not move as a load and store; these access no memory, or do not write it. */
static bool ordered_only(const char *name)
{
    static const char *const names[] = {"LFENCE", "MFENCE", "SFENCE", "PAUSE", "MMX_EMMS", "PREFETCHNTA", "PREFETCHT0", "PREFETCHT1",
                                        "PREFETCHT2", "PREFETCH", "PREFETCHW", "LDMXCSR", "VLDMXCSR", "CLFLUSH",
                                        "CLFLUSHOPT", "CLWB"};
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i]))
            return true;
    return false;
}

static void check_memory(const struct subject *s, const struct llvm_insn *l)
{
    const ZydisDecodedOperand *mem = NULL;
    bool reads = false, writes = false, stack = false;
    for (unsigned i = 0; i < s->insn.operand_count; i++) {
        const ZydisDecodedOperand *op = &s->ops[i];
        if (op->type != ZYDIS_OPERAND_TYPE_MEMORY)
            continue;
        if (op->visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT)
            mem = op;
        else
            stack = stack || op->mem.base == ZYDIS_REGISTER_RSP;
        if (op->mem.type == ZYDIS_MEMOP_TYPE_AGEN)
            continue;
        reads = reads || op->actions & ZYDIS_OPERAND_ACTION_MASK_READ;
        writes = writes || op->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE;
    }
    if (l->memory != (mem ? 1 : 0))
        disagree(s, WHO, "%u memory operands", l->memory);
    else if (mem)
        check_operand(s, l, mem);
    if (zydis_accesses_nothing(s))
        return;
    if (l->may_store && !writes && !ordered_only(l->name))
        disagree(s, WHO, "%s may store", l->name);
    if (l->may_load && !reads && !writes && !ordered_only(l->name))
        disagree(s, WHO, "%s may load", l->name);
    if (writes && !l->may_store && !l->side_effects && !stack)
        disagree(s, WHO, "%s does not store", l->name);
    if (reads && !l->may_load && !l->side_effects && !stack)
        disagree(s, WHO, "%s does not load", l->name);
}

/* The lists of implicit results differ: LLVM names eax for cdq, cqo and cwd, not rcx for loops, not rsp for calls; Zydis does
 * not name rsi and rdi for string instructions. */
static bool is_exempt(const char *name)
{
    static const char *const prefixes[] = {"CDQ", "CQO", "CWD", "LOOP", "CALL", "CMPS", "SCAS", "LODS", "STOS", "MOVS"};
    for (unsigned i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (!strncmp(name, prefixes[i], strlen(prefixes[i])))
            return true;
    return false;
}

static void check_registers(const struct subject *s, const struct llvm_insn *l)
{
    uint32_t facts = s->facts.facts;
    if (l->writes & LLVM_SP && !zydis_writes_stack_pointer(s))
        disagree(s, WHO, "%s writes rsp", l->name);
    if (l->touches & LLVM_X87 && !(facts & BH_FACT_X87))
        disagree(s, WHO, "%s uses x87 or MMX, fact missing", l->name);
    if (l->writes & LLVM_YMM && !(facts & BH_FACT_UPPER) && s->insn.mnemonic != ZYDIS_MNEMONIC_VZEROALL &&
        s->insn.mnemonic != ZYDIS_MNEMONIC_VZEROUPPER)
        disagree(s, WHO, "%s writes a ymm register, fact missing", l->name);
    if (l->writes & LLVM_MXCSR && !(facts & BH_FACT_MXCSR))
        disagree(s, WHO, "%s writes MXCSR, fact missing", l->name);
    if (l->touches & LLVM_AVX512)
        disagree(s, WHO, "%s is AVX-512, AMX or APX", l->name);
    if (l->writes & (LLVM_SEGMENT | LLVM_SSP))
        disagree(s, WHO, "%s writes a segment or system register", l->name);
    if (l->writes & LLVM_DF && s->insn.mnemonic != ZYDIS_MNEMONIC_CLD)
        disagree(s, WHO, "%s writes the direction flag", l->name);
    /* The general registers that it writes, in any width. */
    uint16_t writes = 0;
    if (is_exempt(l->name))
        return;
    for (unsigned i = 0; i < s->insn.operand_count; i++) {
        ZydisRegister reg = s->ops[i].reg.value;
        if (s->ops[i].type != ZYDIS_OPERAND_TYPE_REGISTER || !(s->ops[i].actions & ZYDIS_OPERAND_ACTION_MASK_WRITE))
            continue;
        ZydisRegister whole = ZydisRegisterGetLargestEnclosing(ZYDIS_MACHINE_MODE_LONG_64, reg);
        if (ZydisRegisterGetClass(whole) == ZYDIS_REGCLASS_GPR64)
            writes |= (uint16_t)(1u << ZydisRegisterGetId(whole));
    }
    if (l->gpr_writes != writes)
        disagree(s, WHO, "%s writes general registers %04x, Zydis says %04x", l->name, l->gpr_writes, writes);
}

/* Takes the first `byte` among code[0..end) to the end of them. */
static void move_last(uint8_t *code, unsigned end, uint8_t byte)
{
    uint8_t *at = memchr(code, byte, end);
    if (!at)
        return;
    memmove(at, at + 1, (size_t)(code + end - 1 - at));
    code[end - 1] = byte;
}

/* LLVM is wrong in two places where both makers' manuals, Zydis and the processor say the same, so it gets the bytes so
 * written that it reads them right; their number stays.
 * - The order of prefixes has no meaning, but LLVM takes a 66h right before REX or 0Fh for the mandatory prefix though there is
 *   an F3h or F2h, and under REX.W it overlooks a mandatory 66h that stands elsewhere.
 * - F3 REX.W 0F 7E is movq between vector registers, which ignores W; LLVM reads movq from an mmx to a general register. */
static void rewrite(const struct subject *s, uint8_t *code)
{
    unsigned end = 0;
    memcpy(code, s->bytes, sizeof s->bytes);
    if (s->insn.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT || s->insn.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY)
        return;
    while (memchr("\x66\xF2\xF3\xF0\x67\x65\x2E", code[end], 7))
        end++;
    bool repeat = memchr(code, 0xF3, end) || memchr(code, 0xF2, end);
    move_last(code, end, 0xF2);
    move_last(code, end, 0xF3);
    if (s->insn.raw.rex.W && !repeat)
        move_last(code, end, 0x66);
    if (s->insn.raw.rex.W && repeat && s->insn.opcode_map == ZYDIS_OPCODE_MAP_0F && s->insn.opcode == 0x7E)
        code[end] &= (uint8_t)~8;
}

static int number(int reg)
{
    return reg >= LLVM_32BIT ? reg - LLVM_32BIT : reg;
}

bool compare_llvm_length(const struct subject *s)
{
    struct llvm_insn l;
    uint8_t code[sizeof s->bytes];
    rewrite(s, code);
    bool known = llvm_decode(code, sizeof code, &l);
    if (!known || l.length != s->length)
        disagree(s, WHO, "%s", known ? "another length" : "unknown");
    return known;
}

bool compare_llvm(struct subject *s)
{
    struct llvm_insn l;
    uint8_t code[sizeof s->bytes];
    rewrite(s, code);
    if (!llvm_decode(code, sizeof code, &l)) {
        disagree(s, WHO, "unknown");
        return false;
    }
    if (l.length != s->length)
        disagree(s, WHO, "length %u (%s)", l.length, l.name);
    check_registers(s, &l);
    check_memory(s, &l);
    s->operand = (struct operand){.present = l.memory, .wide = s->insn.address_width == 64, .base = number(l.base),
                                  .index = number(l.index), .scale = l.scale, .disp = l.disp, .gs = l.segment == 'g'};
    return true;
}
