/* The reference verifier: one flat code region, bundle by bundle (C1, C2, C3, C4, C5, M4, S2, S3, truncated). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "insn.h"

enum { MAX_INSNS = BH_BUNDLE_SIZE };

/* What a byte of the code is. */
enum { BYTE_INSIDE, BYTE_TARGET, BYTE_IN_SEQUENCE };

struct branch {
    uint64_t from, target;
};

struct region {
    const struct bh_verify_input *input;
    struct ref_verdict *verdict;
    uint8_t *byte;           /* of each byte of the code: BYTE_* */
    struct branch *branch;
    size_t branch_count, branch_room;
    int64_t debt;            /* S2: sum of the absolute constants since the last touch */
};

const char *ref_rule_name(enum ref_rule rule)
{
    static const char *const names[] = {"C1", "C2", "C3", "C4", "C5", "M1", "M2", "M3", "M4", "S1", "S2", "S3", "prefix",
                                        "memory", "allow-list", "truncated"};
    return rule < REF_RULE_COUNT ? names[rule] : "none";
}

static void *need(void *memory)
{
    if (!memory) {
        fputs("reference verifier: out of memory\n", stderr);
        abort();
    }
    return memory;
}

static void refuse(struct region *region, enum ref_rule rule, uint64_t address)
{
    if (!(region->verdict->rules >> rule & 1))
        region->verdict->where[rule] = address;
    region->verdict->rules |= 1u << rule;
}

/* Pass 1: the instructions of the bundle that begins at offset, if the code has one there. Returns their number; decoding
 * stops at the first that cannot be. */
static unsigned decode_bundle(struct region *region, uint64_t offset, struct insn *insn)
{
    const struct bh_verify_input *in = region->input;
    uint64_t end = in->size - offset < BH_BUNDLE_SIZE ? in->size : offset + BH_BUNDLE_SIZE;
    unsigned count = 0;
    while (offset < end) {
        uint64_t address = in->address + offset;
        switch (insn_decode(&insn[count], in->code + offset, in->size - offset, address)) {
        case DECODE_TRUNCATED: refuse(region, REF_TRUNCATED, address); return count;
        case DECODE_UNKNOWN: refuse(region, REF_ALLOW_LIST, address); return count;
        case DECODED: break;
        }
        region->byte[offset] = BYTE_TARGET;
        offset += insn[count++].length;
        if (offset > end) {
            refuse(region, REF_C1, address);
            return count - 1;
        }
    }
    return count;
}

static void add_branch(struct region *region, uint64_t from, uint64_t target)
{
    if (region->branch_count == region->branch_room) {
        region->branch_room = region->branch_room * 2 + 64;
        region->branch = need(realloc(region->branch, region->branch_room * sizeof *region->branch));
    }
    region->branch[region->branch_count++] = (struct branch){from, target};
}

/* 65 ff 14|24 25 disp32: the table's entry, or -1. */
static int hostcall_entry(const struct insn *insn)
{
    const uint8_t *b = insn->bytes;
    if (insn->length != 8 || b[0] != 0x65 || b[1] != 0xFF || (b[2] != 0x14 && b[2] != 0x24) || b[3] != 0x25)
        return -1;
    int64_t offset = insn->z.raw.disp.value;
    if (offset < BH_HOSTCALL_TABLE || offset >= BH_HOSTCALL_TABLE_END || offset % 8)
        return -1;
    return (int)(offset - BH_HOSTCALL_TABLE) / 8;
}

static void rule_C3_C5(struct region *region, const struct insn *insn)
{
    int entry = hostcall_entry(insn);
    if (!insn_is_indirect_branch(insn))
        return;
    if (entry < 0) {
        refuse(region, insn->prefix.gs ? REF_C5 : REF_C3, insn->address);
        return;
    }
    region->verdict->hostcall[entry / 64] |= 1ull << entry % 64;
    region->verdict->facts |= BH_FACT_HOSTCALL;
}

/* String instructions stand at the end of M4; under stores-only isolation those that only read may stand alone. */
static void rule_M4(struct region *region, const struct insn *insn)
{
    bool rdi, rsi, repeats;
    if (!insn_is_string(insn))
        return;
    uint8_t group = insn->bytes[insn->length - 1] & 0xFE;
    bool writes = group == 0xA4 || group == 0xAA;
    if (region->input->isolation != BH_ISOLATE_STORES || writes || !string_template(insn, &rdi, &rsi, &repeats))
        refuse(region, REF_M4, insn->address);
}

static bool is_trap(const struct insn *insn)
{
    return insn->z.mnemonic == ZYDIS_MNEMONIC_HLT || insn->z.mnemonic == ZYDIS_MNEMONIC_UD2 ||
           insn->z.mnemonic == ZYDIS_MNEMONIC_UD1;
}

static bool is_jump(const struct insn *insn)
{
    return (insn_is_direct_branch(insn) || insn_is_indirect_branch(insn)) && insn->z.mnemonic != ZYDIS_MNEMONIC_CALL;
}

/* The debt after this instruction. Sequences: C4 touches by its pop and C3 by its call as if they stood alone. */
static void rule_S2(struct region *region, const struct insn *insn)
{
    int64_t constant;
    if (insn->sequence == SEQ_S3) {
        region->debt = 0;
    } else if (insn->sequence == SEQ_NONE && insn_rsp_constant(insn, &constant)) {
        region->debt += constant < 0 ? -constant : constant;
        if (region->debt > BH_STACK_DISP_MAX)
            refuse(region, REF_S2, insn->address);
    } else if (is_trap(insn) || insn_touches_stack(insn)) {
        region->debt = 0;
    } else if (is_jump(insn) && region->debt) {
        refuse(region, REF_S2, insn->address);
    }
}

/* Pass 3: every rule, for one instruction. */
static void apply_rules(struct region *region, const struct insn *insn)
{
    bool template = insn->sequence != SEQ_NONE && !(insn->sequence == SEQ_S3 && insn->position == 0);
    rule_S2(region, insn);
    if (template)
        return; /* compared byte by byte */
    if (!rule_allow_list(insn))
        refuse(region, insn_is_opcode(insn, 0xC3) || insn_is_opcode(insn, 0xC2) ? REF_C4 : REF_ALLOW_LIST, insn->address);
    if (!rule_prefix(insn))
        refuse(region, REF_PREFIX, insn->address);
    if (!rule_memory(insn))
        refuse(region, REF_MEMORY, insn->address);
    enum ref_rule memory = insn_is_indirect_branch(insn) ? REF_RULE_COUNT : rule_M1_M2_M3(insn, region->input);
    if (memory != REF_RULE_COUNT)
        refuse(region, memory, insn->address);
    if (insn->sequence == SEQ_NONE && !rule_S1(insn))
        refuse(region, REF_S1, insn->address);
    rule_C3_C5(region, insn);
    rule_M4(region, insn);
    if (insn_is_direct_branch(insn))
        add_branch(region, insn->address, insn->address + insn->length + (uint64_t)insn->z.raw.imm[0].value.s);
    region->verdict->facts |= insn_facts(insn);
}

/* Passes 2 and 3 for a bundle of count instructions; the next bundle's follow in the array. */
static void verify_bundle(struct region *region, struct insn *insn, unsigned count, unsigned total)
{
    if (!mark_sequences(insn, count, total, region->input->isolation))
        refuse(region, REF_C1, insn[0].address);
    for (unsigned i = 0; i < count; i++) {
        if (insn[i].position)
            region->byte[insn[i].address - region->input->address] = BYTE_IN_SEQUENCE;
        apply_rules(region, &insn[i]);
    }
}

/* Pass 4. */
static void rule_C2(struct region *region)
{
    const struct bh_verify_input *in = region->input;
    bool all = !in->target_lo && !in->target_hi;
    for (size_t i = 0; i < region->branch_count; i++) {
        uint64_t target = region->branch[i].target, offset = target - in->address;
        bool inside = target >= in->address && offset < in->size && (all || (target >= in->target_lo && target < in->target_hi));
        if (!inside || region->byte[offset] != BYTE_TARGET)
            refuse(region, REF_C2, region->branch[i].from);
    }
}

void ref_verify_code(const struct bh_verify_input *input, struct ref_verdict *verdict)
{
    struct region region = {.input = input, .verdict = verdict};
    memset(verdict, 0, sizeof *verdict);
    region.byte = need(calloc(input->size ? input->size : 1, 1));
    struct insn insn[2 * MAX_INSNS];
    unsigned count = input->size ? decode_bundle(&region, 0, insn) : 0;
    for (uint64_t offset = BH_BUNDLE_SIZE; count || offset <= input->size; offset += BH_BUNDLE_SIZE) {
        unsigned next = offset < input->size ? decode_bundle(&region, offset, insn + count) : 0;
        verify_bundle(&region, insn, count, count + next);
        memmove(insn, insn + count, next * sizeof *insn);
        count = next;
    }
    if (region.debt)
        refuse(&region, REF_S2, input->address + input->size);
    rule_C2(&region);
    verdict->accepted = !verdict->rules;
    free(region.byte);
    free(region.branch);
}
