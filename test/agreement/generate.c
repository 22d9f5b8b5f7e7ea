/* The walk through the encoding space: legal prefixes with every opcode and ModRM byte, near misses around them, both
 * VEX forms, what lies outside, and random bytes. */
#include "agreement.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* An index is taken apart digit by digit. */
static unsigned take(uint64_t *index, unsigned radix)
{
    unsigned digit = (unsigned)(*index % radix);
    *index /= radix;
    return digit;
}

static void append_all(struct head *h, const char *bytes)
{
    for (; *bytes; bytes++)
        append(h, (uint8_t)*bytes);
}

static unsigned append_opcode(struct head *h, unsigned map, unsigned opcode)
{
    if (map)
        append(h, 0x0F);
    if (map > 1)
        append(h, map == 2 ? 0x38 : 0x3A);
    append(h, (uint8_t)opcode);
    return map * 1024 + opcode;
}

/* The slot's mandatory prefix, by the prefixes that stand before it. */
static unsigned mandatory(const struct head *h)
{
    unsigned pp = 0;
    for (unsigned i = 0; i < h->size; i++)
        pp = h->bytes[i] == 0xF3 ? 2 : h->bytes[i] == 0xF2 && pp != 2 ? 3 : h->bytes[i] == 0x66 && !pp ? 1 : pp;
    return pp;
}

/* The two orders of 65h and 67h mean the same; W and R have no part in addresses. So all SIB classes come with one order and
 * without W and R, and one class for each ModRM byte with the others. */
static const char *const addresses[] = {"", "\x67\x65", "\x65\x67", "\x65"};
enum { ADDRESS_OTHER_ORDER = 2, BIT_R = 4, BIT_W = 8 };

static enum breadth breadth_of(unsigned address, unsigned wrxb, bool sample)
{
    return sample ? BREADTH_SAMPLE : address >= ADDRESS_OTHER_ORDER || wrxb & (BIT_R | BIT_W) ? BREADTH_ONE_SIB : BREADTH_ALL;
}

/* Opcodes that the table does not know: all ModRM bytes with some values of REX, a few with the others. */
static void try_free(const struct head *h, unsigned wrxb, bool sample, uint64_t salt)
{
    if (wrxb == 0 || wrxb == BIT_W || wrxb == 15)
        try_forms(h, sample ? BREADTH_SAMPLE : BREADTH_ONE_SIB, salt);
    else
        try_few_forms(h, salt);
}

/* ---- legacy encodings: every opcode, every REX, the prefixes that may be legal ------------------------------------ */

static const char *const mandatories[] = {"", "\x66", "\xF3", "\xF2", "\x66\xF3", "\xF2\x66"};
static const char *const others[] = {"\x2E", "\x2E\x2E", "\x2E\x2E\x2E\x2E", "\x2E\x2E\x2E\x2E\x2E", "\x2E\x66", "\x66\x2E",
                                     "\x2E\xF3", "\x2E\xF2", "\x67", "\x67\x66", "\x64", "\x36", "\x3E", "\x26", "\x66\x66\x2E"};
enum { LEGACY_PREFIXES = COUNT(mandatories) * COUNT(addresses) * 2 + COUNT(others), REXES = 17,
       LEGACY_ITEMS = LEGACY_PREFIXES * REXES * 1024 };

static void run_legacy(uint64_t index, bool sample)
{
    uint64_t salt = index;
    struct head h = {.size = 0};
    unsigned opcode = take(&index, 256), map = take(&index, 4), rex = take(&index, REXES), prefix = (unsigned)index;
    unsigned address = 0;
    if (!map && (opcode == 0x0F || opcode == 0xC4 || opcode == 0xC5 || (opcode & 0xF0) == 0x40))
        return;
    if (prefix < COUNT(others)) {
        append_all(&h, others[prefix]);
    } else {
        index = prefix - COUNT(others);
        append_all(&h, mandatories[take(&index, COUNT(mandatories))]);
        address = take(&index, COUNT(addresses));
        append_all(&h, addresses[address]);
        append_all(&h, index ? "\xF0" : "");
    }
    unsigned pp = mandatory(&h);
    if (rex)
        append(&h, (uint8_t)(0x3F + rex));
    enum slot_kind kind = slot_kind(append_opcode(&h, map, opcode) + pp * 256);
    h.modrm = kind != SLOT_NO_MODRM;
    if (kind == SLOT_FREE)
        try_free(&h, rex ? rex - 1 : 0, sample, salt);
    else
        try_forms(&h, breadth_of(address, rex ? rex - 1 : 0, sample), salt);
}

/* ---- stray prefixes: any three, and REX in other places ----------------------------------------------------------- */

static const uint8_t prefixes[] = {0x66, 0xF2, 0xF3, 0xF0, 0x67, 0x65, 0x2E, 0x64, 0x26, 0x36, 0x3E};
enum { PREFIX_STRINGS = 12 * 12 * 12, REX_PLACES = 7 };
#define STRAY_ITEMS ((uint64_t)PREFIX_STRINGS * REX_PLACES * 1024)

static void run_stray(uint64_t index, bool sample)
{
    uint64_t salt = index;
    struct head h = {.size = 0};
    unsigned opcode = take(&index, 256), map = take(&index, 4), place = take(&index, REX_PLACES);
    unsigned string[3] = {take(&index, 12), take(&index, 12), take(&index, 12)};
    (void)sample;
    if ((string[0] && !string[1]) || (string[1] && !string[2]))
        return; /* the same as another */
    if (place == 4)
        append(&h, 0x48);
    for (unsigned i = 0; i < 3; i++) {
        if (i == 2 && place == 5)
            append(&h, 0x41);
        if (string[i])
            append(&h, prefixes[string[i] - 1]);
    }
    unsigned pp = mandatory(&h);
    if (place >= 1 && place <= 3)
        append(&h, place == 1 ? 0x40 : place == 2 ? 0x48 : 0x4F);
    if (place == 6) {
        append(&h, 0x40);
        append(&h, 0x48);
    }
    h.modrm = slot_kind(append_opcode(&h, map, opcode) + pp * 256) != SLOT_NO_MODRM;
    try_few_forms(&h, salt);
}

/* ---- VEX ----------------------------------------------------------------------------------------------------------- */

#define VEX3_ITEMS ((uint64_t)256 * 16 * 3 * 8 * 16 * 3)
enum { VEX2_ITEMS = 256 * 256 * 3 };

static unsigned vex_slot(unsigned map, unsigned lw_pp, unsigned opcode)
{
    unsigned lw = (lw_pp & 4 ? 2 : 0) | lw_pp >> 3;
    return LEGACY_SLOTS + (((map - 1) * 4 + (lw_pp & 3)) * 4 + lw) * 256 + opcode;
}

/* Three-byte VEX, maps 1 to 3. Opcodes that the table does not know get a part of the other fields' values; all memory forms
 * come with vvvv = 1111b, one for each ModRM byte with 0000b, a few with the others; register forms with all of
 * RXB for vvvv = 1111b, 0000b and rsp. */
static void run_vex3(uint64_t index, bool sample)
{
    uint64_t salt = index;
    struct head h = {.size = 0};
    unsigned opcode = take(&index, 256), lwpp = take(&index, 16), map = 1 + take(&index, 3), rxb = take(&index, 8);
    unsigned vvvv = take(&index, 16), address = take(&index, 3);
    enum slot_kind kind = slot_kind(vex_slot(map, lwpp, opcode));
    if (kind == SLOT_FREE && ((rxb && rxb != 7) || (vvvv && vvvv != 15) || address == ADDRESS_OTHER_ORDER))
        return;
    append_all(&h, addresses[address]);
    append(&h, 0xC4);
    append(&h, (uint8_t)(rxb << 5 | map));
    append(&h, (uint8_t)((lwpp & 8) << 4 | vvvv << 3 | (lwpp & 7)));
    append(&h, (uint8_t)opcode);
    h.modrm = kind != SLOT_NO_MODRM;
    if (kind == SLOT_FREE)
        try_free(&h, rxb ? 0 : BIT_W, sample, salt);
    else if (sample || vvvv == 15 || !h.modrm)
        try_forms(&h, breadth_of(address, ~rxb & 7, sample), salt);
    else if (vvvv == 0)
        try_forms(&h, BREADTH_ONE_SIB, salt);
    else if (address)
        try_few_forms(&h, salt);
    else if (vvvv == 11 || rxb == 0 || rxb == 7)
        try_register_forms(&h, salt), try_few_forms(&h, salt);
    else
        try_few_forms(&h, salt);
}

static void run_vex2(uint64_t index, bool sample)
{
    uint64_t salt = index;
    struct head h = {.size = 0};
    unsigned opcode = take(&index, 256), fields = take(&index, 256), address = take(&index, 3);
    enum slot_kind kind = slot_kind(vex_slot(1, fields & 7, opcode));
    append_all(&h, addresses[address]);
    append(&h, 0xC5);
    append(&h, (uint8_t)fields);
    append(&h, (uint8_t)opcode);
    h.modrm = kind != SLOT_NO_MODRM;
    if (kind == SLOT_FREE)
        try_free(&h, 0, sample, salt);
    else
        try_forms(&h, breadth_of(address, (fields & 0xF8) == 0xF8 ? 0 : BIT_R, sample), salt);
}

/* Maps that do not exist, and VEX behind prefixes that it must not have. */
static const char *const before_vex[] = {"", "\x66", "\xF3", "\xF2", "\xF0", "\x48", "\x40", "\x2E", "\x64", "\x67", "\x67\x67\x65",
                                         "\x65\x67\x48", "\x67\x65\x66", "\x67\x65\xF0"};
enum { ODD_VEX_ITEMS = 256 * 16 * 33 * COUNT(before_vex) };

static void run_odd_vex(uint64_t index, bool sample)
{
    uint64_t salt = index;
    struct head h = {.modrm = true};
    unsigned opcode = take(&index, 256), lwpp = take(&index, 16), map = take(&index, 33), before = (unsigned)index;
    (void)sample;
    append_all(&h, before_vex[before]);
    if (map == 32) { /* the two-byte form */
        append(&h, 0xC5);
    } else {
        append(&h, 0xC4);
        append(&h, (uint8_t)(0xE0 | map));
    }
    append(&h, (uint8_t)((lwpp & 8) << 4 | 0x78 | (lwpp & 7)));
    append(&h, (uint8_t)opcode);
    try_few_forms(&h, salt);
}

/* ---- other encodings, and anything at all -------------------------------------------------------------------------- */

enum { RANDOM_ITEMS = 25000, RANDOM_PER_ITEM = 256 };

/* Random bytes: behind likely prefixes, behind EVEX, XOP, REX2 and 3DNow!, or behind nothing. */
static void run_random(uint64_t index, bool sample)
{
    static const char *const starts[] = {"", "", "", "\x62", "\x8F", "\xD5", "\x0F\x0F", "\x67\x65", "\x65\x67", "\xC4", "\xC5",
                                         "\x0F", "\x66\x0F", "\xF3\x0F", "\xF2\x0F", "\x67\x65\x66\x0F"};
    uint64_t r = mix(index + 0x5EED);
    for (unsigned i = 0; i < RANDOM_PER_ITEM / (sample ? 8u : 1u); i++) {
        struct head h = {.modrm = false};
        append_all(&h, starts[(r = mix(r + i)) % COUNT(starts)]);
        while (h.size < 9)
            append(&h, (uint8_t)((r = mix(r + 1)) >> 20));
        try_form(&h, 0, 0, 0, mix(r + 2));
    }
}

/* ---- all ------------------------------------------------------------------------------------------------------------ */

static const struct {
    uint64_t count;
    void (*run)(uint64_t index, bool sample);
} parts[] = {{LEGACY_ITEMS, run_legacy}, {STRAY_ITEMS, run_stray}, {VEX3_ITEMS, run_vex3}, {VEX2_ITEMS, run_vex2},
             {ODD_VEX_ITEMS, run_odd_vex}, {RANDOM_ITEMS, run_random}};

uint64_t item_count(void)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < COUNT(parts); i++)
        sum += parts[i].count;
    return sum;
}

void run_item(uint64_t number, bool sample)
{
    unsigned part = 0;
    while (number >= parts[part].count)
        number -= parts[part++].count;
    parts[part].run(number, sample);
}
