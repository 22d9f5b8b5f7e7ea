/* See mutate.h. */
#include "mutate.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"
#include "verifier/decode.h"

enum { NOP = 0x90 };

const char *const mutation_names[MUTATION_OPERATOR_COUNT] = {
#define X(name, text) text,
    MUTATION_OPERATORS(X)
#undef X
};

/* How often each operator is chosen: those that are worth more, more often. */
static const uint8_t weights[MUTATION_OPERATOR_COUNT] = {
    [MUTATE_BIT] = 10, [MUTATE_REGISTERS] = 14, [MUTATE_SIB] = 8, [MUTATE_DISPLACEMENT] = 10, [MUTATE_IMMEDIATE] = 8,
    [MUTATE_REX] = 8, [MUTATE_OPCODE] = 10, [MUTATE_PREFIX] = 4, [MUTATE_INSERT] = 4, [MUTATE_REMOVE] = 5, [MUTATE_SWAP] = 8,
    [MUTATE_ROTATE] = 3, [MUTATE_COPY] = 10, [MUTATE_BRANCH] = 8, [MUTATE_BUNDLE] = 4, [MUTATE_RANDOM] = 1,
};

/* Where an instruction's parts are; 0 for what it has not. */
struct parts {
    struct insn in;
    unsigned length, modrm, sib, disp, disp_size, imm, imm_size, opcode;
};

static bool take_apart(const uint8_t *code, unsigned room, struct parts *p)
{
    uint8_t window[BH_DECODE_WINDOW] = {0};
    memset(p, 0, sizeof *p);
    memcpy(window, code, room);
    decode(&p->in, window);
    p->length = p->in.length;
    if (!p->in.entry || !p->length || p->length > room)
        return false;
    p->imm_size = imm_length(&p->in);
    p->imm = p->length - p->imm_size;
    p->opcode = p->imm - 1;
    if (p->in.entry->flags & BH_MODRM) {
        unsigned mod = insn_mod(&p->in), rm = p->in.modrm & 7;
        bool sib = mod != 3 && rm == 4;
        bool wide = mod == 2 || (mod == 0 && (rm == 5 || (sib && (p->in.sib & 7) == 5)));
        p->disp_size = mod == 1 ? 1 : wide ? 4 : 0;
        p->disp = p->imm - p->disp_size;
        p->sib = sib ? p->disp - 1 : 0;
        p->modrm = p->disp - sib - 1;
        p->opcode = p->modrm - 1;
    }
    return true;
}

static bool is_filler(const struct parts *p)
{
    enum bh_class class = (enum bh_class)p->in.entry->cls;
    return class == BH_CLASS_NOP || class == BH_CLASS_TRAP || class == BH_CLASS_INT3;
}

void mutator_init(struct mutator *m, uint8_t *code, const struct bh_verify_input *input, uint64_t seed)
{
    struct parts p;
    memset(m, 0, sizeof *m);
    m->code = code;
    m->size = input->size;
    m->random = seed;
    m->input = *input;
    m->input.code = code;
    m->input.scratch_size = bh_verify_scratch_size(m->size);
    m->input.scratch = malloc(m->input.scratch_size);
    m->offsets = malloc(m->size * sizeof *m->offsets);
    if (!m->input.scratch || !m->offsets) {
        fprintf(stderr, "out of memory\n");
        exit(2);
    }
    for (size_t bundle = 0; bundle < m->size; bundle += BH_BUNDLE_SIZE)
        for (unsigned at = 0; at < BH_BUNDLE_SIZE && take_apart(code + bundle + at, BH_BUNDLE_SIZE - at, &p); at += p.length)
            if (!is_filler(&p))
                m->offsets[m->count++] = (uint32_t)(bundle + at);
}

void mutator_free(struct mutator *m)
{
    free(m->input.scratch);
    free(m->offsets);
}

static uint32_t below(struct mutator *m, uint32_t limit)
{
    return random_below(&m->random, limit);
}

static uint32_t extreme(struct mutator *m, uint32_t old)
{
    static const uint32_t values[] = {0, 1, 0xFFFFFFFF, 0x7F, 0x80, 0x7FFFFFFF, 0x80000000, 0x4000, 0xFFFFC000, 0x10000, 0x10008,
                                      0x10100, 0x10108, 0xFF000000, 0xFFFFFFE0, 0x20, 4096, 8, 0xFFFFFFF8};
    switch (below(m, 4)) {
    case 0: return old ^ 1u << below(m, 32);
    case 1: return old + (below(m, 129) - 64) * 8;
    case 2: return values[below(m, sizeof values / sizeof *values)];
    default: return (uint32_t)random_next(&m->random);
    }
}

static void change_number(struct mutator *m, uint8_t *p, unsigned size)
{
    uint32_t value = 0;
    unsigned n = size < 4 ? size : 4;
    memcpy(&value, p, n);
    value = extreme(m, value);
    memcpy(p, &value, n);
}

/* The bundle's instructions one after the other; returns how many. Those that cannot be decoded end the list. */
static unsigned list_bundle(const uint8_t *bundle, struct parts *parts, unsigned *at)
{
    unsigned n = 0, position = 0;
    while (position < BH_BUNDLE_SIZE && take_apart(bundle + position, BH_BUNDLE_SIZE - position, &parts[n])) {
        at[n] = position;
        position += parts[n++].length;
    }
    at[n] = position;
    return n;
}

/* Puts pieces of the bundle together in another order; what does not fit is cut off, what is left is filled with nops. */
static void reorder(uint8_t *bundle, const unsigned *order, unsigned n, const struct parts *parts, const unsigned *at)
{
    uint8_t old[BH_BUNDLE_SIZE];
    unsigned position = 0;
    memcpy(old, bundle, sizeof old);
    for (unsigned i = 0; i < n; i++) {
        unsigned length = parts[order[i]].length;
        if (position + length > BH_BUNDLE_SIZE)
            break;
        memcpy(bundle + position, old + at[order[i]], length);
        position += length;
    }
    memset(bundle + position, NOP, BH_BUNDLE_SIZE - position);
}

static void rearrange(struct mutator *m, enum mutation_operator operator, uint8_t *bundle)
{
    struct parts parts[BH_BUNDLE_SIZE];
    unsigned at[BH_BUNDLE_SIZE + 1], order[BH_BUNDLE_SIZE], n = list_bundle(bundle, parts, at), count = 0;
    if (n < 2)
        return;
    unsigned chosen = below(m, n - (operator == MUTATE_SWAP)), shift = 1 + below(m, n - 1);
    for (unsigned i = 0; i < n; i++)
        order[i] = operator == MUTATE_ROTATE ? (i + shift) % n : i;
    if (operator == MUTATE_SWAP) {
        order[chosen] = chosen + 1;
        order[chosen + 1] = chosen;
        count = n;
    } else if (operator == MUTATE_REMOVE) {
        for (unsigned i = 0; i < n; i++)
            if (i != chosen)
                order[count++] = i;
    } else {
        count = n;
    }
    reorder(bundle, order, count, parts, at);
}

/* One byte more: a prefix before the instruction, or anything; the rest moves up, over a nop if there is one. */
static void insert_byte(struct mutator *m, uint8_t *bundle, unsigned position)
{
    static const uint8_t prefixes[] = {0x2E, 0x66, 0xF2, 0xF3, 0xF0, 0x65, 0x67, 0x40, 0x41, 0x44, 0x48, 0x4C, 0x3E, 0x64};
    struct parts parts[BH_BUNDLE_SIZE];
    unsigned at[BH_BUNDLE_SIZE + 1], order[BH_BUNDLE_SIZE], n = list_bundle(bundle, parts, at), count = 0;
    bool dropped = false;
    uint8_t byte = below(m, 8) ? prefixes[below(m, sizeof prefixes)] : (uint8_t)below(m, 256);
    unsigned before = 0;
    for (unsigned i = 0; i < n; i++) {
        if (!dropped && is_filler(&parts[i]) && at[i] != position) {
            dropped = true;
            continue;
        }
        before += at[i] < position ? parts[i].length : 0;
        order[count++] = i;
    }
    reorder(bundle, order, count, parts, at);
    memmove(bundle + before + 1, bundle + before, BH_BUNDLE_SIZE - before - 1);
    bundle[before] = byte;
}

/* An instruction of the program in another's place, with nops if it is shorter. */
static void copy_instruction(struct mutator *m, uint8_t *bundle, unsigned position, unsigned length)
{
    struct parts p;
    for (unsigned tries = 0; tries < 20; tries++) {
        uint32_t from = m->offsets[below(m, m->count)];
        if (!take_apart(m->code + from, BH_BUNDLE_SIZE - from % BH_BUNDLE_SIZE, &p) || p.length > length)
            continue;
        memcpy(bundle + position, m->code + from, p.length);
        memset(bundle + position + p.length, NOP, length - p.length);
        return;
    }
}

/* Sends a direct branch to another instruction's start, which is often near. */
static void retarget(struct mutator *m, uint32_t bundle_offset, uint8_t *bundle, unsigned position, const struct parts *p)
{
    uint32_t from = bundle_offset + position, near = below(m, m->count);
    if (p->imm_size != 1 && p->imm_size != 4)
        return;
    if (p->imm_size == 1) {
        while (near > 0 && m->offsets[near] > from)
            near = below(m, near);
        near = near + below(m, 24) < m->count ? near + below(m, 24) : near;
    }
    if (near >= m->count)
        near = m->count - 1;
    int32_t distance = (int32_t)(m->offsets[near] - from - p->length);
    if (p->imm_size == 1)
        bundle[position + p->imm] = (uint8_t)distance;
    else
        memcpy(bundle + position + p->imm, &distance, sizeof distance);
}

static void change_rex(struct mutator *m, uint8_t *insn, const struct parts *p)
{
    for (unsigned i = 0; i < p->opcode; i++)
        if (p->in.vex ? (insn[i] & 0xFE) == 0xC4 : (insn[i] & 0xF0) == 0x40) {
            if (p->in.vex)
                insn[i + 1 + below(m, insn[i] == 0xC4 ? 2 : 1)] ^= (uint8_t)(1 << below(m, 8));
            else
                insn[i] ^= (uint8_t)(1 << below(m, 4));
            return;
        }
}

static void change_prefix(struct mutator *m, uint8_t *insn, const struct parts *p)
{
    static const uint8_t prefixes[] = {0x2E, 0x66, 0xF2, 0xF3, 0xF0, 0x65, 0x67, 0x40, 0x41, 0x48, 0x3E, 0x64, 0x26, 0x36};
    if (p->opcode)
        insn[below(m, p->opcode)] = prefixes[below(m, sizeof prefixes)];
}

static void change_opcode(struct mutator *m, uint8_t *opcode)
{
    *opcode = below(m, 2) ? *opcode ^ (uint8_t)(1 << below(m, 8)) : (uint8_t)below(m, 256);
}

static void apply(struct mutator *m, enum mutation_operator operator, uint32_t offset, uint8_t *bundle)
{
    unsigned position = offset % BH_BUNDLE_SIZE;
    uint8_t *insn = bundle + position;
    struct parts p;
    if (!take_apart(insn, BH_BUNDLE_SIZE - position, &p))
        return;
    switch (operator) {
    case MUTATE_BIT:
        insn[below(m, p.length)] ^= (uint8_t)(1 << below(m, 8));
        break;
    case MUTATE_REGISTERS:
        if (p.modrm)
            insn[p.modrm] ^= below(m, 2) ? (uint8_t)(1 + below(m, 7)) : (uint8_t)(1 + below(m, 7)) << 3;
        else
            insn[p.opcode] ^= (uint8_t)(1 + below(m, 7));
        break;
    case MUTATE_SIB:
        if (p.sib)
            insn[p.sib] = (uint8_t)below(m, 256);
        break;
    case MUTATE_DISPLACEMENT:
        if (p.disp_size)
            change_number(m, insn + p.disp, p.disp_size);
        break;
    case MUTATE_IMMEDIATE:
        if (p.imm_size)
            change_number(m, insn + p.imm, p.imm_size);
        break;
    case MUTATE_REX:
        change_rex(m, insn, &p);
        break;
    case MUTATE_OPCODE:
        change_opcode(m, insn + p.opcode);
        break;
    case MUTATE_PREFIX:
        change_prefix(m, insn, &p);
        break;
    case MUTATE_INSERT:
        insert_byte(m, bundle, position);
        break;
    case MUTATE_REMOVE:
    case MUTATE_SWAP:
    case MUTATE_ROTATE:
        rearrange(m, operator, bundle);
        break;
    case MUTATE_COPY:
        copy_instruction(m, bundle, position, p.length);
        break;
    case MUTATE_BRANCH:
        if (p.in.entry->cls == BH_CLASS_JUMP || p.in.entry->cls == BH_CLASS_CALL)
            retarget(m, offset - position, bundle, position, &p);
        break;
    case MUTATE_BUNDLE:
        memcpy(bundle, m->code + m->offsets[below(m, m->count)] / BH_BUNDLE_SIZE * BH_BUNDLE_SIZE, BH_BUNDLE_SIZE);
        break;
    default:
        for (unsigned i = 0; i < p.length; i++)
            insn[i] = (uint8_t)below(m, 256);
    }
}

static enum mutation_operator choose(struct mutator *m)
{
    unsigned total = 0, n;
    for (unsigned i = 0; i < MUTATION_OPERATOR_COUNT; i++)
        total += weights[i];
    n = below(m, total);
    for (unsigned i = 0;; i++) {
        if (n < weights[i])
            return (enum mutation_operator)i;
        n -= weights[i];
    }
}

/* Refusals that looking at one bundle alone settles; branches and open debts depend on the rest. */
static void note_refusal(void *context, const struct bh_verify_refusal *refusal)
{
    if (strcmp(refusal->rule, "C2") && strcmp(refusal->rule, "S2"))
        *(bool *)context = true;
}

static bool accepted(struct mutator *m, const uint8_t *bundle, uint32_t offset)
{
    uint64_t scratch[8];
    bool refused = false;
    struct bh_verify_input alone = m->input;
    alone.code = bundle;
    alone.size = BH_BUNDLE_SIZE;
    alone.address += offset;
    alone.target_lo = alone.target_hi = 0;
    alone.scratch = scratch;
    alone.scratch_size = sizeof scratch;
    alone.report = note_refusal;
    alone.report_context = &refused;
    alone.limit = 0;
    if (bh_verify_code(&alone, NULL) == BH_VERIFY_BAD_ARGUMENT || refused)
        return false;
    return bh_verify_code(&m->input, NULL) == BH_VERIFY_ACCEPTED;
}

bool mutator_try(struct mutator *m, struct mutation *mutation)
{
    uint8_t *bundle;
    do {
        uint32_t offset = m->offsets[below(m, m->count)];
        mutation->operator = choose(m);
        mutation->offset = offset / BH_BUNDLE_SIZE * BH_BUNDLE_SIZE;
        bundle = m->code + mutation->offset;
        memcpy(mutation->before, bundle, BH_BUNDLE_SIZE);
        memcpy(mutation->after, bundle, BH_BUNDLE_SIZE);
        apply(m, mutation->operator, offset, mutation->after);
    } while (!memcmp(mutation->before, mutation->after, BH_BUNDLE_SIZE));
    memcpy(bundle, mutation->after, BH_BUNDLE_SIZE);
    m->tried[mutation->operator]++;
    if (accepted(m, bundle, mutation->offset)) {
        m->accepted[mutation->operator]++;
        return true;
    }
    mutator_undo(m, mutation);
    return false;
}

void mutator_undo(struct mutator *m, const struct mutation *mutation)
{
    memcpy(m->code + mutation->offset, mutation->before, BH_BUNDLE_SIZE);
}

void mutator_print(const struct mutator *m)
{
    for (unsigned i = 0; i < MUTATION_OPERATOR_COUNT; i++)
        printf("  %-32s %9" PRIu64 " tried %9" PRIu64 " accepted (%.1f %%)\n", mutation_names[i], m->tried[i], m->accepted[i],
               m->tried[i] ? 100.0 * (double)m->accepted[i] / (double)m->tried[i] : 0.0);
}
