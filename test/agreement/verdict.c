/* The verifier's verdict on one instruction, and its beliefs about it, seen through bh_verify_code alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agreement.h"

enum { HLT = 0xF4, LONGEST = 512 };

static uint64_t scratch[64];

/* As the automaton reads it, and as the rules themselves judge it, which also counts: they must answer alike. */
bool accepts(const uint8_t *code, unsigned size, int isolation, uint64_t image_lo, uint64_t image_hi,
             struct bh_verify_facts *facts)
{
    struct bh_verify_facts unused, by_automaton;
    struct bh_verify_input in = {.code = code, .size = size, .address = CODE_ADDRESS, .image_lo = image_lo,
                                 .image_hi = image_hi, .isolation = isolation, .scratch = scratch,
                                 .scratch_size = sizeof scratch};
    bool read = bh_verify_code(&in, &by_automaton) == BH_VERIFY_ACCEPTED;
    facts = facts ? facts : &unused;
    in.statistics = true;
    bool accepted = bh_verify_code(&in, facts) == BH_VERIFY_ACCEPTED;
    if (read == accepted && (!accepted || (by_automaton.facts == facts->facts &&
                                           !memcmp(by_automaton.hostcall, facts->hostcall, sizeof facts->hostcall))))
        return accepted;
    printf("FAIL: the automaton answers %d (facts %x), the rules %d (facts %x):", read, by_automaton.facts, accepted, facts->facts);
    for (unsigned i = 0; i < size; i++)
        printf(" %02x", code[i]);
    printf("\n");
    exit(1);
}

/* The length that the counters tell: everything but the instruction is hlt, one byte each. hlt and int3 themselves, with
 * or without prefixes, are counted as fill: there the table must do, and the branch targets below tell as well. */
static unsigned counted_length(const struct bh_verify_facts *facts, unsigned total, const uint8_t *bytes)
{
    if (facts->instructions + facts->nops + facts->sequences == 1)
        return total - (unsigned)facts->fill_bytes;
    return facts->fill_bytes == total ? bh_verify_length(bytes, MAX_INSN) : 0;
}

/* hlt, the instruction at an offset, at least one hlt. */
static unsigned place(uint8_t *code, unsigned offset, const uint8_t *bytes, unsigned size, unsigned total)
{
    memset(code, HLT, total);
    memcpy(code + offset, bytes, size);
    return total;
}

static bool touches_stack(const struct subject *s)
{
    static const uint8_t sub[] = {0x48, 0x83, 0xEC, 0x10}, jump[] = {0xEB, 0x00};
    uint8_t code[32];
    if (s->length > sizeof code - sizeof sub - sizeof jump - 1)
        return false;
    memset(code, HLT, sizeof code);
    memcpy(code, sub, sizeof sub);
    memcpy(code + sizeof sub, s->bytes, s->length);
    memcpy(code + sizeof sub + s->length, jump, sizeof jump);
    return accepts(code, sizeof code, BH_ISOLATE_FULL, 0, IMAGE_HI, NULL);
}

bool judge(const uint8_t *bytes, unsigned size, struct subject *s)
{
    uint8_t code[64];
    uint64_t h = hash_bytes(bytes, size);
    unsigned offset = h >> 62 ? 0 : (unsigned)(h % (BH_BUNDLE_SIZE + 1 - size)), total;
    /* Now and then in the middle of longer code, which a verifier may walk differently. */
    uint8_t longer[320];
    const uint8_t *where = code;
    if (h >> 58 == 0) {
        total = place(longer, 64 + offset, bytes, size, sizeof longer);
        where = longer;
    } else {
        /* A whole bundle is read by the automaton, what ends with the instruction is not. */
        total = place(code, offset, bytes, size, h >> 56 & 3 ? BH_BUNDLE_SIZE : offset + size + 1);
    }
    s->full = accepts(where, total, BH_ISOLATE_FULL, 0, IMAGE_HI, &s->facts);
    if (!s->full && !accepts(where, total, BH_ISOLATE_STORES, 0, IMAGE_HI, &s->facts))
        return false;
    memset(s->bytes, HLT, sizeof s->bytes);
    memcpy(s->bytes, bytes, size);
    s->length = counted_length(&s->facts, total, s->bytes);
    s->touch = s->full && touches_stack(s);
    return true;
}

/* ---- placement ---------------------------------------------------------------------------------------------------- */

static void collect_targets(void *context, const struct bh_verify_refusal *refusal)
{
    uint64_t *refused = context;
    if (!strcmp(refusal->rule, "C2") && refusal->target - CODE_ADDRESS < 32)
        *refused |= (uint64_t)1 << (refusal->target - CODE_ADDRESS);
    else
        *refused |= (uint64_t)1 << 63; /* something else is refused */
}

/* A jump to each byte of the instruction's bundle: those into the instruction, and no others, must be refused. */
static void check_targets(const struct subject *s, int isolation, unsigned offset)
{
    uint8_t code[32 + 64];
    uint64_t refused = 0, inside = 0;
    place(code, offset, s->bytes, s->length, sizeof code);
    for (unsigned i = 0; i < 32; i++) {
        code[32 + 2 * i] = 0xEB;
        code[33 + 2 * i] = (uint8_t)(int)(i - (34 + 2 * i));
        if (i > offset && i < offset + s->length)
            inside |= (uint64_t)1 << i;
    }
    struct bh_verify_input in = {.code = code, .size = sizeof code, .address = CODE_ADDRESS, .image_hi = IMAGE_HI,
                                 .isolation = isolation, .scratch = scratch, .scratch_size = sizeof scratch,
                                 .report = collect_targets, .report_context = &refused};
    bh_verify_code(&in, NULL);
    if (refused != inside)
        disagree(s, "verifier", "branch targets in its bundle: refused %llx, should be %llx", (unsigned long long)refused,
                 (unsigned long long)inside);
}

static void check_cut(const struct subject *s, int isolation, unsigned cut)
{
    uint8_t code[LONGEST];
    place(code, 0, s->bytes, cut, cut);
    if (accepts(code, cut, isolation, 0, IMAGE_HI, NULL))
        disagree(s, "verifier", "accepted though cut off after %u bytes", cut);
    unsigned total = place(code, 32 - cut, s->bytes, s->length, cut == 1 ? 320 : 48);
    if (accepts(code, total, isolation, 0, IMAGE_HI, NULL))
        disagree(s, "verifier", "accepted across a bundle boundary, %u bytes before it", cut);
}

static void check_offset(const struct subject *s, int isolation, unsigned offset, unsigned total)
{
    uint8_t code[LONGEST];
    struct bh_verify_facts facts;
    place(code, offset, s->bytes, s->length, total);
    if (!accepts(code, total, isolation, 0, IMAGE_HI, &facts) || counted_length(&facts, total, s->bytes) != s->length)
        disagree(s, "verifier", "another verdict or length at offset %u of %u bytes", offset, total);
}

void check_placement(const struct subject *s)
{
    int isolation = s->full ? BH_ISOLATE_FULL : BH_ISOLATE_STORES;
    unsigned n = s->length;
    uint64_t h = hash_bytes(s->bytes, n);
    if (bh_verify_length(s->bytes, sizeof s->bytes) != n)
        disagree(s, "verifier", "bh_verify_length says %u bytes", bh_verify_length(s->bytes, sizeof s->bytes));
    if (s->facts.branches && s->insn.raw.imm[0].value.s)
        return; /* elsewhere it may lead into itself or out of the code */
    check_offset(s, isolation, 32 - n, 33);
    check_targets(s, isolation, (unsigned)(h % (32 - n)));
    if (n > 1)
        check_cut(s, isolation, 1 + (unsigned)(h >> 8) % (n - 1));
    if (h >> 60)
        return;
    /* One in sixteen at more places. */
    unsigned offsets[] = {0, 1, 16 - n / 2, 31 - n};
    for (unsigned i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        check_offset(s, isolation, offsets[i], 33);
        check_offset(s, isolation, 96 + offsets[i], 320);
    }
    for (unsigned cut = 1; cut < n; cut++)
        check_cut(s, isolation, cut);
}
