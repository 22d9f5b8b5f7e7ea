/* Generates the automaton of automaton.h (C source on standard output). Runs on the build machine.
 *
 * It holds no rule. For every encoding that the automaton is to read it asks bh_verify_step, with several displacements
 * and immediates, whether the instruction is accepted, how long it is, whether it touches the stack, which facts it
 * sets, and what of this hangs on the displacement or the constant. What is not accepted leads to the state that sends
 * the bundle to bh_verify_step. Only what cannot matter is not asked again: rows are remembered by the decoder's view
 * of what was read so far, and SIB bytes are asked by class (SIB_CLASSES). test/agreement and the fuzzers compare the
 * result with other decoders.
 *
 * Rows are made from the last byte of an instruction to its first and equal ones are stored once, so the automaton is
 * minimal.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "automaton.h"
#include "decode.h"
#include "step.h"

enum { MAX_STATES = 65536 / BH_ENDS, REFUSED = BH_STATE_REFUSED * BH_ENDS, MAX_PREFIXES = 7, REGION = 96 };

static void die(const char *format, ...) {
    va_list args;
    va_start(args, format);
    fprintf(stderr, "genautomaton: ");
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

static int isolation, known_skips;

/* ---- rows and ends ----------------------------------------------------------------------------------------------- */

typedef uint16_t row[256];

static row rows[MAX_STATES];
static unsigned row_count;
static uint16_t row_hash[4 * MAX_STATES];
static struct bh_end ends[BH_ENDS];
static unsigned end_count;

static uint16_t all_the_same(const row r) {
    for (unsigned i = 1; i < 256; i++)
        if (r[i] != r[0])
            return 0;
    return r[0];
}

/* The transition into a state with this row. */
static uint16_t enter(const row r) {
    uint64_t hash = 0, word;
    if (all_the_same(r) == REFUSED)
        return REFUSED;
    for (unsigned i = 0; i < 256; i += 4) {
        memcpy(&word, r + i, sizeof word);
        hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
        hash ^= hash >> 32;
    }
    for (unsigned at = hash % (4 * MAX_STATES);; at = (at + 1) % (4 * MAX_STATES)) {
        unsigned state = row_hash[at];
        if (state && !memcmp(rows[state], r, sizeof(row)))
            return (uint16_t)(state * BH_ENDS);
        if (state)
            continue;
        if (row_count == MAX_STATES)
            die("more than %d states: read fewer encodings", MAX_STATES);
        memcpy(rows[row_count], r, sizeof(row));
        row_hash[at] = (uint16_t)row_count;
        return (uint16_t)(row_count++ * BH_ENDS);
    }
}

/* `count` bytes that do not matter, then `last`. */
static uint16_t skip(unsigned count, uint16_t last) {
    enum { LONGEST = 12 };
    static uint16_t known[LONGEST][MAX_STATES * BH_ENDS]; /* 0: not yet */
    row r;
    if (!count || last == REFUSED)
        return last;
    if (count >= LONGEST)
        die("%u bytes that do not matter", count);
    if (isolation != known_skips) {
        memset(known, 0, sizeof known);
        known_skips = isolation;
    }
    if (!known[count][last]) {
        uint16_t next = skip(count - 1, last);
        for (unsigned i = 0; i < 256; i++)
            r[i] = next;
        known[count][last] = enter(r);
    }
    return known[count][last];
}

/* A 32-bit displacement that is not negative, `count` bytes that do not matter, then `last`. */
static uint16_t skip_positive(unsigned count, uint16_t last) {
    row r;
    last = skip(count, last);
    for (unsigned i = 0; i < 256; i++)
        r[i] = i < 0x80 ? last : REFUSED;
    return skip(3, enter(r));
}

/* The value of a transition on the last byte of an instruction. */
static uint16_t end(enum bh_what what, unsigned size, unsigned facts) {
    unsigned i = what == BH_END_PLAIN && !facts ? 1 : what == BH_END_TOUCH && !facts ? 2 : BH_END_FIRST_LOOK;
    struct bh_end e = {(uint8_t)what, (uint8_t)size, (uint16_t)facts};
    for (; i < end_count; i++)
        if (!memcmp(&ends[i], &e, sizeof e))
            return (uint16_t)i;
    if (end_count == BH_ENDS)
        die("more than %d kinds of ends", BH_ENDS - 1);
    ends[end_count++] = e;
    return (uint16_t)i;
}

/* ---- asking bh_verify_step
 * ---------------------------------------------------------------------------------------------- */

struct answer {
    bool accepted;
    uint32_t debt; /* afterwards */
    uint32_t facts;
};

static bool same(const struct answer *a, const struct answer *b) {
    return a->accepted == b->accepted && a->debt == b->debt && a->facts == b->facts;
}

/* The instruction alone in the middle of a region of hlt, with room for every direct branch. */
static struct answer ask(const uint8_t *code, unsigned length, uint32_t debt) {
    enum { BEFORE = 32 };
    static uint8_t bytes[REGION + BH_STEP_WINDOW];
    uint32_t maps[3 * (REGION / 32)] = {0};
    struct bh_verify_facts facts = {0};
    struct bh_verify_input input = {.size = REGION, .image_hi = 0x10000, .isolation = isolation};
    struct verifier v = {.in = &input,
                         .facts = &facts,
                         .starts = maps,
                         .interior = maps + REGION / 32,
                         .targets = maps + 2 * (REGION / 32),
                         .target_hi = REGION,
                         .debt = debt};
    struct place place = {bytes + BEFORE, BEFORE, BH_BUNDLE_SIZE};
    if (!bytes[0])
        memset(bytes, 0xF4, sizeof bytes);
    memcpy(bytes + BEFORE, code, length);
    unsigned stepped = bh_verify_step(&v, &place);
    memset(bytes + BEFORE, 0xF4, length);
    return (struct answer){!v.refusals && stepped == length, v.debt, facts.facts};
}

static struct answer ask_displaced(const uint8_t *code, unsigned header, unsigned length, int32_t displacement,
                                   uint32_t debt) {
    uint8_t copy[BH_STEP_WINDOW];
    memcpy(copy, code, length);
    memcpy(copy + header, &displacement, sizeof displacement);
    return ask(copy, length, debt);
}

/* ---- one encoding ------------------------------------------------------------------------------------------------ */

enum { SOME_DEBT = 8 };

/* Whether whole programs are full of instructions like this one. The others go to bh_verify_step: the automaton has few
 * ends to tell facts by, and rows for them would be rows that no cache keeps. */
static bool frequent(const struct insn *in, unsigned facts) {
    bool x87 = (in->opcode & 0xF8) == 0xD8;
    return !(facts & ~(unsigned)(BH_FACT_AVX | BH_FACT_UPPER | BH_FACT_BMI | (x87 ? BH_FACT_X87 : 0)));
}

static unsigned displacement_size(const struct insn *in) {
    unsigned mod = insn_mod(in), rm = in->modrm & 7;
    if (!(in->entry->flags & BH_MODRM) || mod == 3)
        return 0;
    if (mod == 1)
        return 1;
    return mod == 2 || rm == 5 || (rm == 4 && (in->sib & 7) == 5) ? 4 : 0;
}

/* Whether the bytes of the immediate change the answer; only constants added to rsp and distances may. */
static bool immediate_matters(const uint8_t *code, unsigned from, unsigned length) {
    uint8_t copy[BH_STEP_WINDOW];
    struct answer first = ask(code, length, 0);
    memcpy(copy, code, length);
    for (unsigned fill = 1; fill < 256; fill += 127) { /* 01 and 80 */
        memset(copy + from, (int)fill, length - from);
        struct answer other = ask(copy, length, 0);
        if (!same(&first, &other))
            return true;
    }
    return false;
}

/* What an accepted encoding ends as, when nothing of it hangs on its displacement. */
static uint16_t plain_end(const struct insn *in, const uint8_t *code, unsigned facts) {
    struct answer with_debt = ask(code, in->length, SOME_DEBT);
    bool touches = with_debt.accepted && !with_debt.debt;
    return end(touches ? BH_END_TOUCH : BH_END_PLAIN, 0, facts);
}

/* After the header (everything but displacement and immediate) of an accepted instruction with a 32-bit displacement.
 */
static uint16_t after_displaced(const struct insn *in, const uint8_t *code, unsigned header, unsigned facts) {
    static const int32_t far[] = {0x7FFFFFFF, -0x7FFFFFFF - 1, 0x4001, -0x4001};
    struct answer near = ask_displaced(code, header, in->length, 0, SOME_DEBT);
    unsigned behind = in->length - header - 4;
    bool accepted[4], hangs = false;
    for (unsigned i = 0; i < 4; i++) {
        struct answer a = ask_displaced(code, header, in->length, far[i], SOME_DEBT);
        accepted[i] = a.accepted;
        hangs |= !same(&near, &a);
    }
    if (!hangs)
        return skip(in->length - header, plain_end(in, code, facts));
    bool rip = (in->modrm & 0xC7) == 5;
    if (rip && !accepted[0] && !accepted[1] && near.debt == SOME_DEBT && behind != 2 && !(facts & BH_FACT_BMI))
        return skip(in->length - header, end(BH_END_M2, behind, facts));
    if (!rip && accepted[0] && !accepted[1] && accepted[2] && !accepted[3] && near.debt == SOME_DEBT)
        return skip_positive(behind, plain_end(in, code, facts));
    bool rsp = (in->modrm & 7) == 4 && in->sib == 0x24;
    if (rsp && !near.debt && behind != 2 && !facts)
        return skip(in->length - header, end(BH_END_M3, behind, facts));
    return skip(in->length - header, end(BH_END_STEP, 0, 0));
}

/* An encoding whose header has been read. code holds it, followed by zeros. Returns the transition on the header's last
 * byte. */
static uint16_t after_header(const uint8_t *code, unsigned header) {
    struct insn in;
    decode(&in, code);
    if (!in.entry || in.length > BH_MAX_LENGTH || in.length < header)
        return REFUSED;
    const struct bh_entry *e = in.entry;
    unsigned rest = in.length - header, displacement = displacement_size(&in);
    bool lone = !in.prefix && in.rex <= 0x41 && !in.vex; /* as the heads of sequences are written */
    uint16_t by_step = skip(rest, end(BH_END_STEP, 0, 0));
    if (e->cls == BH_CLASS_REFUSED)
        return REFUSED;
    if (e->cls == BH_CLASS_INDIRECT || e->cls == BH_CLASS_STRING)
        return by_step;
    struct answer a = ask(code, in.length, 0);
    if (!a.accepted)
        return REFUSED;
    if (!frequent(&in, a.facts))
        return by_step;
    if (e->cls == BH_CLASS_JUMP || e->cls == BH_CLASS_CALL)
        return skip(rest, end(e->cls == BH_CLASS_JUMP ? BH_END_JUMP : BH_END_CALL, rest, 0));
    if (e->flags & BH_SEQ_HEAD) {
        bool mask = in.opcode == 0x83, pop = (in.opcode & 0xF8) == 0x58;
        if (lone && pop)
            return skip(rest, end(BH_END_POP, 0, a.facts));
        if (lone && mask && insn_mod(&in) == 3)
            return skip(rest, end(BH_END_MASK, 0, a.facts));
        /* movl %edi,%edi; movl %esi,%esi; movq %gs:0x10000,%R */
        if (!mask && !pop && (insn_mod(&in) == 3 ? insn_reg(&in) == insn_rm(&in) : in.prefix == PREFIX_GS))
            return by_step;
    }
    if (displacement == 4)
        return after_displaced(&in, code, header, a.facts);
    if (rest > displacement && immediate_matters(code, header + displacement, in.length)) {
        if (e->sp == BH_SP_ADD || e->sp == BH_SP_SUB)
            return skip(rest, end(BH_END_S1, rest, a.facts));
        die("an immediate matters that no rule speaks of: opcode %02x", in.opcode);
    }
    if (displacement == 1 && immediate_matters(code, header, in.length)) {
        if (e->sp == BH_SP_LEA)
            return skip(rest, end(BH_END_S1, rest, a.facts));
        die("a displacement of one byte matters: opcode %02x", in.opcode);
    }
    return skip(rest, plain_end(&in, code, a.facts));
}

/* ---- opcodes and operands ---------------------------------------------------------------------------------------- */

/* The decoder and the rules tell SIB bytes apart by: scale 1, index none, base rsp, base none; nothing else. */
static unsigned sib_class(unsigned sib) {
    unsigned base = sib & 7;
    return (sib >> 6 ? 8 : 0) | ((sib >> 3 & 7) == 4 ? 4 : 0) | (base == 4 ? 1 : base == 5 ? 2 : 0);
}
enum { SIB_CLASSES = 16 };

static uint16_t after_modrm_of_sib(uint8_t *code, unsigned length) {
    uint16_t by_class[SIB_CLASSES];
    bool known[SIB_CLASSES] = {false};
    row r;
    for (unsigned sib = 0; sib < 256; sib++) {
        unsigned class = sib_class(sib);
        code[length] = (uint8_t)sib;
        if (!known[class])
            by_class[class] = after_header(code, length + 1);
        known[class] = true;
        r[sib] = by_class[class];
    }
    code[length] = 0;
    return enter(r);
}

/* group: ModRM.reg selects the instruction. */
static uint16_t after_opcode_with_modrm(uint8_t *code, unsigned length, bool group) {
    row r;
    for (unsigned modrm = 0; modrm < 256; modrm++) {
        unsigned reg = modrm >> 3 & 7;
        if (!group && modrm < 0xC0 && reg && reg != 4) { /* not rsp, whatever REX.R: as register 0 */
            r[modrm] = r[modrm & ~0x38u];
            continue;
        }
        code[length] = (uint8_t)modrm;
        r[modrm] =
            modrm < 0xC0 && (modrm & 7) == 4 ? after_modrm_of_sib(code, length + 1) : after_header(code, length + 1);
    }
    code[length] = 0;
    return enter(r);
}

/* What the decoder knows once the opcode is read; equal views have equal rows. */
struct view {
    uint32_t prefix, cs_count, prefixes, rex, vex_l, vvvv, slot;
};
static struct known {
    struct view view;
    uint16_t value;
} *known_views;
static size_t known_count, known_room;

/* The table's slot and whether ModRM follows, from the tables themselves. */
static bool has_modrm(unsigned slot) {
    if (slot & BH_GROUP) {
        for (unsigned i = 0; i < BH_GROUP_SLOTS; i++) {
            unsigned entry = bh_groups[slot & ~(unsigned)BH_GROUP][i];
            if (entry)
                return bh_entries[entry].flags & BH_MODRM;
        }
        return false;
    }
    return bh_entries[slot].flags & BH_MODRM;
}

static uint16_t after_opcode(uint8_t *code, unsigned length, unsigned prefixes) {
    struct insn in;
    const uint8_t *p = code;
    memset(&in, 0, sizeof in);
    p = decode_prefixes(&in, p);
    if ((*p & 0xF0) == 0x40)
        in.rex = *p++;
    unsigned slot = (*p & 0xFE) == 0xC4 ? decode_vex(&in, &p) : decode_legacy(&in, &p);
    if (!slot || (!(slot & BH_GROUP) && bh_entries[slot].cls == BH_CLASS_REFUSED))
        return REFUSED;
    /* Up to three prefixes make no instruction too long, and four 2Eh are like one, but for 2E 0F 1F. Opcodes that the
     * rules name, and registers in the opcode, are told apart from their neighbours. */
    bool modrm = has_modrm(slot), named = !modrm || in.opcode == 0x8B;
    if (in.prefix & PREFIX_CS && modrm && in.opcode == 0x1F)
        return REFUSED;
    struct view view = {in.prefix,
                        in.cs_count != 0,
                        prefixes > 3 ? prefixes : 0,
                        in.rex,
                        in.vex_l,
                        in.vex ? (in.vvvv == 0   ? 1
                                  : in.vvvv == 4 ? 2
                                                 : 3)
                               : 0,
                        slot | (named ? (uint32_t)in.opcode << 16 : 0)};
    uint64_t hash = (uint64_t)view.prefix << 48 ^ (uint64_t)view.cs_count << 47 ^ (uint64_t)view.prefixes << 40 ^
                    (uint64_t)view.rex << 32 ^ view.vex_l << 30 ^ view.vvvv << 28 ^ view.slot;
    size_t at = (hash * 0x9E3779B97F4A7C15u >> 32) & (known_room - 1);
    for (; known_views[at].view.slot; at = (at + 1) & (known_room - 1))
        if (!memcmp(&known_views[at].view, &view, sizeof view))
            return known_views[at].value;
    if (++known_count > known_room / 2)
        die("too many views");
    uint16_t value = modrm ? after_opcode_with_modrm(code, length, slot & BH_GROUP) : after_header(code, length);
    known_views[at] = (struct known){view, value};
    return value;
}

/* The row after prefixes and REX, and after 0F, 0F 38, 0F 3A. */
static uint16_t after_escape(uint8_t *code, unsigned length, unsigned prefixes, bool more) {
    row r;
    for (unsigned byte = 0; byte < 256; byte++) {
        code[length] = (uint8_t)byte;
        r[byte] = more && (byte == 0x38 || byte == 0x3A) ? after_escape(code, length + 1, prefixes, false)
                                                         : after_opcode(code, length + 1, prefixes);
    }
    code[length] = 0;
    return enter(r);
}

static uint16_t after_rex(uint8_t *code, unsigned length, unsigned prefixes) {
    row r;
    for (unsigned byte = 0; byte < 256; byte++) {
        bool stray = prefix_bit((uint8_t)byte) || (byte & 0xF0) == 0x40 || (byte & 0xFE) == 0xC4;
        code[length] = (uint8_t)byte;
        r[byte] = stray          ? REFUSED
                  : byte == 0x0F ? after_escape(code, length + 1, prefixes, true)
                                 : after_opcode(code, length + 1, prefixes);
    }
    code[length] = 0;
    return enter(r);
}

/* `bytes` bytes of a VEX prefix are still to come. */
static uint16_t after_vex(uint8_t *code, unsigned length, unsigned bytes, unsigned prefixes) {
    row r;
    if (!bytes)
        return after_escape(code, length, prefixes, false);
    for (unsigned byte = 0; byte < 256; byte++) {
        unsigned map = byte & 0x1F, vvvv = byte >> 3 & 15, alike = byte & ~0x78u;
        code[length] = (uint8_t)byte;
        if (bytes == 2)
            r[byte] = map < 1 || map > 3 ? REFUSED : after_vex(code, length + 1, 1, prefixes);
        else if (vvvv > 0 && vvvv != 11 && vvvv != 15) /* neither rsp nor 1111b: as register 15, which came first */
            r[byte] = r[alike];
        else
            r[byte] = after_vex(code, length + 1, 0, prefixes);
    }
    code[length] = 0;
    return enter(r);
}

/* ---- prefixes ---------------------------------------------------------------------------------------------------- */

/* The sets of prefixes that the automaton reads, in any order: what compilers emit, and few enough for its states. */
static bool worth_reading(const struct insn *in, unsigned count) {
    unsigned set = in->prefix, operand = set & (PREFIX_66 | PREFIX_F3 | PREFIX_F2), others = set & ~operand;
    if (set & (PREFIX_REPEATED | PREFIX_CS_LATE)) /* long nops */
        return in->cs_count <= 1 && !(set & ~(unsigned)(PREFIX_66 | PREFIX_REPEATED | PREFIX_CS_LATE)) &&
               count <= MAX_PREFIXES;
    if (operand & (operand - 1))
        return false;
    switch (others) {
    case 0:
    case PREFIX_67 | PREFIX_GS: return true;
    case PREFIX_GS: return !operand;
    case PREFIX_LOCK | PREFIX_67 | PREFIX_GS: return operand == (set & PREFIX_66);
    case PREFIX_CS: return in->cs_count <= BH_PADDING_PREFIX_MAX;
    default: return false;
    }
}

static bool can_become_worth_reading(const struct insn *in, unsigned count) {
    struct insn more = *in;
    if (worth_reading(in, count))
        return true;
    more.prefix |= PREFIX_67 | PREFIX_GS;
    return worth_reading(&more, count + 1);
}

static struct {
    unsigned prefix, cs_count, count;
    uint16_t value;
} prefix_states[256];
static unsigned prefix_state_count;

static void prefix_row(uint8_t *code, unsigned count, row r);

static uint16_t after_prefix(uint8_t *code, unsigned count) {
    struct insn in = {0};
    row r;
    code[count] = 0;
    decode_prefixes(&in, code);
    if (!can_become_worth_reading(&in, count))
        return REFUSED;
    for (unsigned i = 0; i < prefix_state_count; i++)
        if (prefix_states[i].prefix == in.prefix && prefix_states[i].cs_count == in.cs_count &&
            prefix_states[i].count == count)
            return prefix_states[i].value;
    prefix_row(code, count, r);
    uint16_t value = enter(r);
    if (prefix_state_count == sizeof prefix_states / sizeof *prefix_states)
        die("too many prefixes");
    prefix_states[prefix_state_count].prefix = in.prefix;
    prefix_states[prefix_state_count].cs_count = in.cs_count;
    prefix_states[prefix_state_count].count = count;
    prefix_states[prefix_state_count++].value = value;
    return value;
}

/* The row of the state in which `count` prefixes have been read; with none, of state 0. */
static void prefix_row(uint8_t *code, unsigned count, row r) {
    static row padded; /* after 2Eh and nothing else: only how many more may follow depends on their number */
    struct insn in = {0};
    code[count] = 0;
    decode_prefixes(&in, code);
    bool worth = worth_reading(&in, count);
    for (unsigned byte = 0; byte < 256; byte++) {
        bool vex = (byte & 0xFE) == 0xC4;
        code[count] = (uint8_t)byte;
        if (!worth || prefix_bit((uint8_t)byte))
            r[byte] = REFUSED;
        else if (in.prefix == PREFIX_GS && (byte & 0xF8) != 0x48)
            r[byte] = REFUSED; /* without 67h: B and the thread pointer, 64 bits each */
        else if (in.prefix == PREFIX_CS && in.cs_count > 1)
            r[byte] = padded[byte];
        else if ((byte & 0xF0) == 0x40)
            r[byte] = after_rex(code, count + 1, count);
        else if (vex)
            r[byte] = after_vex(code, count + 1, byte == 0xC4 ? 2 : 1, count);
        else if (byte == 0x0F)
            r[byte] = after_escape(code, count + 1, count, true);
        else
            r[byte] = after_opcode(code, count + 1, count);
        memset(code + count, 0, BH_STEP_WINDOW - count);
    }
    if (in.prefix == PREFIX_CS && in.cs_count == 1)
        memcpy(padded, r, sizeof padded);
    for (unsigned byte = 0; byte < 256 && count < MAX_PREFIXES; byte++) {
        code[count] = (uint8_t)byte;
        if (prefix_bit((uint8_t)byte))
            r[byte] = after_prefix(code, count + 1);
    }
    memset(code + count, 0, BH_STEP_WINDOW - count);
}

/* ---- output ------------------------------------------------------------------------------------------------------ */

static void generate(const char *name, int which) {
    uint8_t code[BH_STEP_WINDOW] = {0};
    row start;
    isolation = which;
    row_count = 2;
    end_count = BH_END_FIRST_LOOK;
    prefix_state_count = 0;
    known_count = 0;
    memset(known_views, 0, known_room * sizeof *known_views);
    memset(row_hash, 0, sizeof row_hash);
    ends[1] = (struct bh_end){BH_END_PLAIN, 0, 0};
    ends[2] = (struct bh_end){BH_END_TOUCH, 0, 0};
    for (unsigned i = 0; i < 256; i++)
        rows[BH_STATE_REFUSED][i] = REFUSED;
    prefix_row(code, 0, start);
    memcpy(rows[0], start, sizeof start);

    printf("/* %u states, %u ends. */\nstatic const uint16_t bh_%s_next[%u][256] = {\n", row_count, end_count - 1, name,
           row_count);
    for (unsigned state = 0; state < row_count; state++) {
        putchar('{');
        for (unsigned i = 0; i < 256; i++)
            printf("%u,", rows[state][i]);
        printf("},\n");
    }
    printf("};\nstatic const struct bh_end bh_%s_ends[BH_ENDS] = {\n", name);
    for (unsigned i = 0; i < end_count; i++)
        printf("{%u,%u,0x%x},\n", ends[i].what, ends[i].size, ends[i].facts);
    printf("};\n");
}

int main(void) {
    known_room = 1 << 20;
    known_views = calloc(known_room, sizeof *known_views);
    if (!known_views)
        die("out of memory");
    printf("/* Generated from instructions.tbl and step.c by genautomaton.c. */\n");
    generate("full", BH_ISOLATE_FULL);
    generate("stores", BH_ISOLATE_STORES);
    return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
