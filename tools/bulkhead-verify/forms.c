/* See forms.h. */
#include "forms.h"

#include <string.h>

#include "lines.inc"

const struct bh_table_line *const table_lines = bh_lines;
const size_t table_line_count = sizeof bh_lines / sizeof *bh_lines;

static bool has_opcode(const struct bh_table_line *line, unsigned opcode) {
    return line->opcode[opcode / 32] >> (opcode % 32) & 1;
}

/* The ModRM bytes of a form whose prefixes and opcode are chosen. */
static void each_modrm(const struct bh_table_line *line, struct form form, form_visitor *visit, void *context) {
    bool memory_only = true, exact = true;
    if (line->no_modrm) {
        visit(context, line, &form);
        return;
    }
    for (unsigned i = 0; i < BH_GROUP_SLOTS; i++) {
        memory_only &= i < 8 || !line->modrm[i];
        exact &= i >= 8 || !line->modrm[i];
    }
    /* /r: every reg is the same instruction. 1 is not rsp, and no special case of anything. */
    bool any_reg = strstr(line->encoding, "/r") != NULL;
    for (unsigned reg = 0; reg < 8; reg++) {
        if (any_reg && reg != 1)
            continue;
        form.memory = true;
        form.modrm = reg << 3;
        if (line->modrm[reg])
            visit(context, line, &form);
        form.memory = false;
        for (unsigned rm = 0; rm < 8 && !memory_only; rm++) {
            form.modrm = reg << 3 | rm;
            if (line->modrm[8 + form.modrm] && (rm == 2 || (exact && line->form != BH_FORM_REGISTER)))
                visit(context, line, &form);
        }
    }
}

void for_each_form(const struct bh_table_line *line, form_visitor *visit, void *context) {
    for (unsigned encoding = 0; encoding < 2; encoding++)
        for (unsigned pp = 0; pp < 4; pp++)
            for (unsigned lw = 0; lw < 4; lw++)
                for (unsigned opcode = 0; opcode < 256; opcode++) {
                    struct form form = {.vex = encoding, .pp = pp, .lw = lw, .map = line->map, .opcode = opcode};
                    if (!(encoding ? line->vex : line->legacy) || !(line->pp_mask >> pp & 1) ||
                        !has_opcode(line, opcode) || (encoding ? !(line->lw_mask >> lw & 1) : lw != 0))
                        continue;
                    if (line->plus_r && !encoding && opcode % 8 && has_opcode(line, opcode & ~7u))
                        continue;
                    each_modrm(line, form, visit, context);
                }
}

const struct bh_table_line *line_of(const struct form *form) {
    for (size_t i = 0; i < table_line_count; i++) {
        const struct bh_table_line *line = &table_lines[i];
        if (!(form->vex ? line->vex : line->legacy) || line->map != form->map || !(line->pp_mask >> form->pp & 1) ||
            !has_opcode(line, form->opcode) || (form->vex && !(line->lw_mask >> form->lw & 1)))
            continue;
        if (line->no_modrm || line->modrm[form->memory ? form->modrm >> 3 : 8 + form->modrm])
            return line;
    }
    return NULL;
}

static size_t immediate_size(const struct bh_table_line *line, const struct form *form, const struct encoding *how) {
    bool wide = how->rex & 8, word = form->pp == 1 && !wide;
    switch (line->entry.imm) {
    case BH_IMM_Z: return word ? 2 : 4;
    case BH_IMM_V: return wide ? 8 : word ? 2 : 4;
    default: return line->entry.imm;
    }
}

static unsigned char *put_vex(unsigned char *p, const struct form *form, const struct encoding *how) {
    *p++ = 0xC4;
    *p++ = (unsigned char)(0xE0 | form->map);
    *p++ = (unsigned char)((form->lw & 1) << 7 | (~how->vvvv & 15) << 3 | (form->lw & 2) << 1 | form->pp);
    return p;
}

static unsigned char *put_map(unsigned char *p, unsigned map) {
    if (map)
        *p++ = 0x0F;
    if (map > 1)
        *p++ = map == 2 ? 0x38 : 0x3A;
    return p;
}

size_t encode_form(const struct bh_table_line *line, const struct form *form, const struct encoding *how,
                   unsigned char *out) {
    static const unsigned char mandatory[] = {0, 0x66, 0xF3, 0xF2};
    unsigned char *p = out;
    bool memory = !line->no_modrm && form->memory, accesses = memory && line->entry.mem != BH_MEM_ADDRESS;
    for (const char *c = how->prefix; c && *c; c++)
        *p++ = (unsigned char)*c;
    if (accesses && how->operand == OPERAND_CONFINED) {
        *p++ = 0x65;
        *p++ = 0x67;
    }
    if (memory && how->operand == OPERAND_FS)
        *p++ = 0x64;
    if (how->lock)
        *p++ = 0xF0;
    if (form->pp && !form->vex)
        *p++ = mandatory[form->pp];
    if (how->rex && !form->vex)
        *p++ = (unsigned char)how->rex;
    p = form->vex ? put_vex(p, form, how) : put_map(p, form->map);
    *p++ = (unsigned char)form->opcode;
    if (!line->no_modrm) {
        if (!memory) {
            *p++ = (unsigned char)(0xC0 | form->modrm);
        } else {
            *p++ = (unsigned char)((form->modrm & 0x38) | (how->operand == OPERAND_RSP ? 4 : 0));
            if (how->operand == OPERAND_RSP)
                *p++ = 0x24;
        }
    }
    size_t immediate = immediate_size(line, form, how);
    memset(p, 0, immediate);
    return (size_t)(p - out) + immediate;
}
