/* The reference verifier: decoding, and questions about one instruction. */
#include <string.h>

#include "insn.h"

static void read_prefixes(struct insn *insn)
{
    struct prefixes *p = &insn->prefix;
    bool at_start = true;
    memset(p, 0, sizeof *p);
    p->rex_is_last = true;
    for (unsigned i = 0; i < insn->length; i++) {
        uint8_t byte = insn->bytes[i];
        bool rex = (byte & 0xF0) == 0x40;
        at_start &= byte == 0x2E;
        p->leading += at_start;
        switch (byte) {
        case 0x2E: p->n2e++; break;
        case 0x66: p->n66++; break;
        case 0x67: p->n67++; break;
        case 0x65: p->gs++; break;
        case 0x64: p->fs++; break;
        case 0x26: case 0x36: case 0x3E: p->other_segment++; break;
        case 0xF0: p->lock++; break;
        case 0xF2: p->f2++; break;
        case 0xF3: p->f3++; break;
        default:
            if (!rex)
                return;
            p->rex++;
            p->rex_byte = byte;
        }
        p->rex_is_last = rex || !p->rex;
        p->total++;
    }
}

enum decode_result insn_decode(struct insn *insn, const uint8_t *bytes, uint64_t available, uint64_t address)
{
    ZydisDecoder decoder;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    insn->address = address;
    insn->bytes = bytes;
    insn->sequence = SEQ_NONE;
    insn->position = 0;
    ZyanStatus status = ZydisDecoderDecodeFull(&decoder, bytes, available < 15 ? available : 15, &insn->z, insn->op);
    if (status == ZYDIS_STATUS_NO_MORE_DATA)
        return available < 15 ? DECODE_TRUNCATED : DECODE_UNKNOWN;
    if (ZYAN_FAILED(status))
        return DECODE_UNKNOWN;
    insn->length = insn->z.length;
    read_prefixes(insn);
    return DECODED;
}

static bool is_vex(const struct insn *insn)
{
    return insn->z.encoding == ZYDIS_INSTRUCTION_ENCODING_VEX;
}

bool insn_rex_w(const struct insn *insn)
{
    return is_vex(insn) ? insn->z.raw.vex.W : insn->prefix.rex_byte >> 3 & 1;
}

bool insn_rex_r(const struct insn *insn)
{
    return is_vex(insn) ? !insn->z.raw.vex.R : insn->prefix.rex_byte >> 2 & 1;
}

bool insn_rex_x(const struct insn *insn)
{
    return is_vex(insn) ? !insn->z.raw.vex.X : insn->prefix.rex_byte >> 1 & 1;
}

bool insn_rex_b(const struct insn *insn)
{
    return is_vex(insn) ? !insn->z.raw.vex.B : insn->prefix.rex_byte & 1;
}

bool insn_is_opcode(const struct insn *insn, unsigned opcode)
{
    return insn->z.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY && insn->z.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT &&
           insn->z.opcode == opcode;
}

bool insn_is_0f(const struct insn *insn, unsigned opcode)
{
    return insn->z.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY && insn->z.opcode_map == ZYDIS_OPCODE_MAP_0F &&
           insn->z.opcode == opcode;
}

bool insn_names_memory(const struct insn *insn)
{
    return (insn->z.attributes & ZYDIS_ATTRIB_HAS_MODRM) && insn->z.raw.modrm.mod != 3;
}

const ZydisDecodedOperand *insn_memory_operand(const struct insn *insn)
{
    if (!insn_names_memory(insn) || insn_is_nop(insn) || insn->z.mnemonic == ZYDIS_MNEMONIC_LEA ||
        insn->z.mnemonic == ZYDIS_MNEMONIC_UD1)
        return NULL;
    for (unsigned i = 0; i < insn->z.operand_count; i++)
        if (insn->op[i].type == ZYDIS_OPERAND_TYPE_MEMORY && insn->op[i].encoding == ZYDIS_OPERAND_ENCODING_MODRM_RM)
            return &insn->op[i];
    return NULL;
}

/* 90 is a nop unless REX.B makes it an exchange with r8, or F3 a pause. */
bool insn_is_nop(const struct insn *insn)
{
    if (insn->prefix.f2 || insn->prefix.f3)
        return false;
    return (insn_is_opcode(insn, 0x90) && !insn_rex_b(insn)) || (insn_is_0f(insn, 0x1F) && insn->z.raw.modrm.reg == 0);
}

bool insn_is_string(const struct insn *insn)
{
    return insn->z.encoding == ZYDIS_INSTRUCTION_ENCODING_LEGACY && insn->z.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT &&
           ((insn->z.opcode >= 0xA4 && insn->z.opcode <= 0xA7) || (insn->z.opcode >= 0xAA && insn->z.opcode <= 0xAF));
}

bool insn_is_direct_branch(const struct insn *insn)
{
    uint8_t opcode = insn->z.opcode;
    if (insn->z.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY)
        return false;
    if (insn->z.opcode_map == ZYDIS_OPCODE_MAP_0F)
        return opcode >= 0x80 && opcode <= 0x8F;
    return insn->z.opcode_map == ZYDIS_OPCODE_MAP_DEFAULT &&
           ((opcode >= 0x70 && opcode <= 0x7F) || (opcode >= 0xE0 && opcode <= 0xE3) || opcode == 0xE8 || opcode == 0xE9 ||
            opcode == 0xEB);
}

bool insn_is_indirect_branch(const struct insn *insn)
{
    return insn_is_opcode(insn, 0xFF) && insn->z.raw.modrm.reg >= 2 && insn->z.raw.modrm.reg <= 5;
}

/* pushf counts; pushes and pops of segment registers are not in the list. */
bool insn_is_push(const struct insn *insn)
{
    return (insn->z.mnemonic == ZYDIS_MNEMONIC_PUSH || insn->z.mnemonic == ZYDIS_MNEMONIC_PUSHFQ);
}

bool insn_is_pop(const struct insn *insn)
{
    return insn->z.mnemonic == ZYDIS_MNEMONIC_POP;
}

bool insn_has_mandatory(const struct insn *insn, uint8_t prefix)
{
    for (unsigned i = 0; i < insn->z.raw.prefix_count; i++)
        if (insn->z.raw.prefixes[i].value == prefix && insn->z.raw.prefixes[i].type == ZYDIS_PREFIX_TYPE_MANDATORY)
            return true;
    return false;
}
