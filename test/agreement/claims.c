/* Each line of the verifier's table, exercised so that nothing in it can go unseen: a line whose forms are never accepted
 * would be dead, or tested by nobody. */
#include <stdio.h>
#include <string.h>

#include "agreement.h"
#include "entry.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct claim {
    unsigned line, slot;
    uint64_t memory, registers;
    bool modrm;
    unsigned class, access;
};

static const struct claim claims[] = {
#define CLAIM(line, slot, memory, registers, modrm, class, access) {line, slot, memory, registers, modrm, class, access},
#include "claims.inc"
};

/* Where the operand is. */
enum place { PLACE_M1, PLACE_ABSOLUTE, PLACE_M2, PLACE_M3, PLACE_FREE, PLACES };
static const char *const place_names[PLACES] = {"M1", "M1 without registers", "M2", "M3", "unconfined load"};

enum slot_kind slot_kind(unsigned slot)
{
    static uint8_t kinds[SLOTS];
    static bool known;
    if (!known) {
        for (unsigned i = 0; i < COUNT(claims); i++)
            kinds[claims[i].slot] = claims[i].modrm ? SLOT_MODRM : SLOT_NO_MODRM;
        known = true;
    }
    return kinds[slot];
}

uint64_t claim_count(void)
{
    return COUNT(claims);
}

/* The bytes up to the opcode come in variants, a bit for each: of REX (none, 40h, 41h and so on), or of VEX.RXB and, three bits
 * further, of vvvv: those that are enough to reach every register number as source and destination. */
enum { VARIANTS = 32 };
static const uint32_t legacy_variants = 1u << 0 | 1u << 1 | 1u << 2 | 1u << 5 | 1u << 6 | 1u << 7 | 1u << 9 | 1u << 16;
static const uint32_t vex_variants = 1u << 0 | 1u << 7 | 1u << (8 + 3) | 1u << (16 + 4) | 1u << 24 | 1u << (24 + 7);

static struct head make_head(const struct claim *c, unsigned variant, enum place place)
{
    static const uint8_t pp_byte[] = {0, 0x66, 0xF3, 0xF2}, vvvv[] = {15, 0, 11, 6};
    struct head h = {.modrm = c->modrm};
    if (place == PLACE_M1)
        append(&h, 0x67);
    if (place == PLACE_M1 || place == PLACE_ABSOLUTE)
        append(&h, 0x65);
    if (c->slot < LEGACY_SLOTS) {
        unsigned map = c->slot / 1024, pp = c->slot / 256 % 4;
        if (pp)
            append(&h, pp_byte[pp]);
        if (variant)
            append(&h, (uint8_t)(0x3F + variant));
        if (map)
            append(&h, 0x0F);
        if (map > 1)
            append(&h, map == 2 ? 0x38 : 0x3A);
    } else {
        unsigned rest = c->slot - LEGACY_SLOTS, lw = rest / 256 % 4, pp = rest / 1024 % 4, map = rest / 4096 + 1;
        append(&h, 0xC4);
        append(&h, (uint8_t)((7 - variant % 8) << 5 | map));
        append(&h, (uint8_t)((lw & 1) << 7 | vvvv[variant / 8] << 3 | (lw & 2) << 1 | pp));
    }
    append(&h, (uint8_t)c->slot);
    return h;
}

static bool try_place(const struct head *h, unsigned reg, enum place place)
{
    static const uint8_t modrm[PLACES] = {0x00, 0x04, 0x05, 0x44, 0x00};
    return try_form(h, (uint8_t)(modrm[place] | reg << 3), place == PLACE_M3 ? 0x24 : 0x25,
                    place == PLACE_M2 ? RIP_DISP : place == PLACE_ABSOLUTE ? 0x10100 : 0x10, 0);
}

static void missing(const struct claim *c, const char *what, unsigned number)
{
    statistics.disagreements++;
    printf("instructions.tbl:%u: opcode %02x, slot %u: %s %u is never accepted\n", c->line, c->slot & 255, c->slot, what, number);
}

/* The kinds of operands that the verifier's rules leave to this line. */
static bool is_expected(const struct claim *c, enum place place)
{
    if (c->class == BH_CLASS_INDIRECT)
        return place == PLACE_ABSOLUTE; /* host calls */
    if (place == PLACE_FREE)
        return c->access == BH_MEM_LOAD || c->access == BH_MEM_ADDRESS;
    return c->access != BH_MEM_ADDRESS || place >= PLACE_M2;
}

static void run_memory(const struct claim *c, uint32_t variants)
{
    for (unsigned reg = 0; reg < 8; reg++)
        for (enum place place = 0; place < PLACES && c->memory >> reg & 1; place++) {
            bool seen = false;
            for (unsigned v = 0; v < VARIANTS; v++) {
                if (!(variants >> v & 1))
                    continue;
                struct head h = make_head(c, v, place);
                seen |= try_place(&h, reg, place);
            }
            if (!seen && is_expected(c, place))
                missing(c, place_names[place], reg);
        }
}

void run_claim(uint64_t number, bool sample)
{
    (void)sample;
    const struct claim *c = &claims[number];
    bool legacy = c->slot < LEGACY_SLOTS;
    uint32_t variants = legacy ? legacy_variants : vex_variants;
    bool seen[64] = {false}, seen_plain = false;
    for (unsigned v = 0; v < VARIANTS; v++) {
        if (!(variants >> v & 1))
            continue;
        struct head h = make_head(c, v, PLACES);
        if (!c->modrm)
            seen_plain |= try_form(&h, 0, 0, 0, 0);
        for (unsigned i = 0; i < 64 && c->modrm; i++)
            if (c->registers >> i & 1)
                seen[i] |= try_form(&h, (uint8_t)(0xC0 + i), 0, 0, 0);
    }
    if (c->class == BH_CLASS_REFUSED) {
        for (unsigned i = 0; i < 64; i++)
            seen_plain |= seen[i];
        if (seen_plain) {
            statistics.disagreements++;
            printf("instructions.tbl:%u: refused by name, but accepted\n", c->line);
        }
        return;
    }
    /* String instructions and indirect branches through registers: sequences.c. */
    if (!c->modrm && !seen_plain && c->class != BH_CLASS_STRING)
        missing(c, "form", 0);
    for (unsigned i = 0; i < 64; i++)
        if (c->registers >> i & 1 && !seen[i] && c->class != BH_CLASS_INDIRECT)
            missing(c, "register form", i);
    run_memory(c, variants);
}
