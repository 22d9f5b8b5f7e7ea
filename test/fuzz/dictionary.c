/* The pieces that fuzz-code's mutator puts together. */
#include <Zydis/Zydis.h>
#include <stdlib.h>
#include <string.h>

#include "code_input.h"
#include "random.h"

/* Instructions of real programs, one of each shape: made by harvest.c. */
static const struct piece real[] = {
#define INSN(...) {sizeof((uint8_t[]){__VA_ARGS__}), {__VA_ARGS__}},
#include "real-instructions.def"
#undef INSN
};
enum { REAL = sizeof real / sizeof *real, MAX_MADE = 1 << 17 };

struct pieces {
    unsigned count;
    struct piece piece[MAX_MADE];
};
static struct pieces known, unknown; /* to the verifier's table; the unknown ones are known to Zydis */
static ZydisDecoder decoder;

static void add_to(struct pieces *pieces, const uint8_t *bytes, unsigned length)
{
    if (pieces->count == MAX_MADE)
        abort(); /* a whole part of the opcode space would be missing */
    pieces->piece[pieces->count].length = (uint8_t)length;
    memcpy(pieces->piece[pieces->count++].bytes, bytes, length);
}

static void add_made(const uint8_t *bytes)
{
    ZydisDecodedInstruction z;
    ZydisDecoderContext context;
    unsigned length = bh_verify_length(bytes, 31);
    if (length)
        add_to(&known, bytes, length);
    else if (ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, &context, bytes, 15, &z)))
        add_to(&unknown, bytes, z.length);
}

/* All ModRM.reg, with the operands (%rsp), 0(%rip), %gs:(%eax) and a register. */
static void make_all(const uint8_t *head, unsigned size, bool gs)
{
    static const uint8_t register_forms[] = {0xC0, 0xC4, 0xE1};
    uint8_t bytes[32] = {0};
    memcpy(bytes, head, size);
    for (unsigned reg = 0; reg < 8; reg++) {
        bytes[size] = (uint8_t)(reg << 3 | (gs ? 0 : 4));
        bytes[size + 1] = gs ? 0 : 0x24;
        add_made(bytes);
        if (gs)
            continue;
        bytes[size] = (uint8_t)(reg << 3 | 5);
        bytes[size + 1] = 0;
        add_made(bytes);
        bytes[size] = (uint8_t)(0xC0 | reg << 3 | RANDOM_OF(&(struct random){size + reg}, register_forms));
        add_made(bytes);
    }
}

/* Every opcode of every map. */
void dictionary_init(void)
{
    static const char *const prefixes[] = {"", "\x66", "\xF3", "\xF2", "\x48", "\x66\x48", "\xF3\x48", "\xF2\x48"};
    static const char *const maps[] = {"", "\x0F", "\x0F\x38", "\x0F\x3A"};
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    for (unsigned p = 0; p < sizeof prefixes / sizeof *prefixes; p++)
        for (unsigned m = 0; m < 4; m++)
            for (unsigned opcode = 0; opcode < 256; opcode++)
                for (unsigned gs = 0; gs < 2; gs++) {
                    uint8_t head[8];
                    unsigned n = 0;
                    if (gs)
                        head[n++] = 0x65, head[n++] = 0x67;
                    for (const char *c = prefixes[p]; *c; c++)
                        head[n++] = (uint8_t)*c;
                    for (const char *c = maps[m]; *c; c++)
                        head[n++] = (uint8_t)*c;
                    head[n++] = (uint8_t)opcode;
                    make_all(head, n, gs);
                }
    for (unsigned map = 1; map < 4; map++)
        for (unsigned opcode = 0; opcode < 256; opcode++)
            for (unsigned lwpp = 0; lwpp < 16; lwpp++)
                for (unsigned used = 0; used < 2; used++) {
                    uint8_t head[4] = {0xC4, (uint8_t)(0xE0 | map), (uint8_t)((lwpp & 8) << 4 | (used ? 11 : 15) << 3 | (lwpp & 7)),
                                       (uint8_t)opcode};
                    make_all(head, 4, false);
                }
}

struct piece dictionary_pick(struct random *r)
{
    const struct pieces *made = random_below(r, 8) ? &known : &unknown;
    if (random_below(r, 2))
        return real[random_below(r, REAL)];
    return made->piece[random_below(r, made->count)];
}

struct piece random_instruction(struct random *r)
{
    static const uint8_t prefixes[] = {0x2E, 0x66, 0x67, 0x65, 0x64, 0x26, 0x36, 0x3E, 0xF0, 0xF2, 0xF3};
    struct piece piece = {.length = 0};
    unsigned n = 0;
    for (unsigned i = random_below(r, 4); i > 1; i--)
        piece.bytes[n++] = RANDOM_OF(r, prefixes);
    if (!random_below(r, 3))
        piece.bytes[n++] = (uint8_t)(0x40 | random_below(r, 16));
    unsigned map = random_below(r, 5);
    if (map == 4) {
        piece.bytes[n++] = 0xC4;
        piece.bytes[n++] = (uint8_t)(random_below(r, 8) << 5 | (1 + random_below(r, 3)));
        piece.bytes[n++] = (uint8_t)random_next(r);
    } else if (map) {
        piece.bytes[n++] = 0x0F;
        if (map > 1)
            piece.bytes[n++] = map == 2 ? 0x38 : 0x3A;
    }
    while (n < 20)
        piece.bytes[n++] = (uint8_t)random_next(r);
    unsigned length = bh_verify_length(piece.bytes, n);
    piece.length = (uint8_t)(length ? length : 1 + random_below(r, 8));
    return piece;
}

static void put(struct piece *p, const void *bytes, unsigned size)
{
    if (p->length + size > sizeof p->bytes)
        return;
    memcpy(p->bytes + p->length, bytes, size);
    p->length = (uint8_t)(p->length + size);
}
#define PUT(p, ...) put((p), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void put_base(struct piece *p, uint8_t opcode, unsigned reg)
{
    PUT(p, 0x65, reg & 8 ? 0x4C : 0x48, opcode, (uint8_t)((reg & 7) << 3 | 4), 0x25, 0, 0, 1, 0);
}

static void put_branch(struct piece *p, struct random *r)
{
    unsigned reg = random_below(r, 16);
    uint8_t rex = 0x41, low = (uint8_t)(reg & 7);
    if (random_below(r, 2)) {
        put(p, &rex, reg >> 3);
        PUT(p, (uint8_t)(0x58 | low));
    }
    put(p, &rex, reg >> 3);
    PUT(p, 0x83, (uint8_t)(0xE0 | low), 0xE0);
    put_base(p, 0x03, reg);
    put(p, &rex, reg >> 3);
    PUT(p, 0xFF, (uint8_t)((random_below(r, 3) ? 0xE0 : 0xD0) | low));
}

static void put_string(struct piece *p, struct random *r)
{
    static const uint8_t opcodes[] = {0xA4, 0xA5, 0xA6, 0xA7, 0xAA, 0xAB, 0xAC, 0xAD, 0xAE, 0xAF}, sizes[] = {0, 0, 0x48, 0x66, 0x40},
                         repeats[] = {0, 0, 0xF3, 0xF2};
    uint8_t size = RANDOM_OF(r, sizes), repeat = RANDOM_OF(r, repeats), opcode = RANDOM_OF(r, opcodes);
    put(p, &repeat, repeat != 0);
    put(p, &size, size != 0);
    put(p, &opcode, 1);
}

static void put_M4(struct piece *p, struct random *r)
{
    unsigned which = random_below(r, 4), base = random_below(r, 16);
    bool lea = random_below(r, 2);
    if (lea)
        put_base(p, 0x8B, base);
    for (unsigned reg = 7; reg >= 6; reg--) {
        if (!(which & (reg == 7 ? 1 : 2)))
            continue;
        PUT(p, 0x89, (uint8_t)(0xC0 | reg << 3 | reg));
        if (!lea)
            put_base(p, 0x03, reg);
        else if ((base & 7) == 5)
            PUT(p, (uint8_t)(0x48 | base >> 3), 0x8D, (uint8_t)(0x44 | reg << 3), (uint8_t)(reg << 3 | (base & 7)), 0);
        else
            PUT(p, (uint8_t)(0x48 | base >> 3), 0x8D, (uint8_t)(0x04 | reg << 3), (uint8_t)(reg << 3 | (base & 7)));
    }
    put_string(p, r);
}

static void put_S3(struct piece *p, struct random *r)
{
    static const uint8_t writes[][8] = {{2, 0x89, 0xC4}, {2, 0x8B, 0xE0}, {3, 0x83, 0xE4, 0xC0}, {3, 0x83, 0xEC, 0x40}, {2, 0x01, 0xC4},
        {2, 0x29, 0xC4}, {2, 0x21, 0xC4}, {2, 0x03, 0xE1}, {3, 0x8D, 0x65, 0xF8}, {3, 0x8D, 0x24, 0x04}, {3, 0x8B, 0x24, 0x24},
        {4, 0x65, 0x67, 0x8B, 0x20}, {6, 0x8B, 0x25, 0, 0, 0, 0}, {5, 0xBC, 0, 0, 1, 0}, {6, 0xC7, 0xC4, 0, 0, 1, 0},
        {3, 0x44, 0x89, 0xC4}, {6, 0x81, 0xE4, 0, 0, 0xFF, 0xFF}, {4, 0x67, 0x8D, 0x65, 0xF8}, {7, 0x8D, 0x25, 0, 0, 0, 0}};
    unsigned reg = random_below(r, 16);
    if (random_below(r, 2)) {
        const uint8_t *write = RANDOM_OF(r, writes);
        put(p, write + 1, write[0]);
        put_base(p, 0x03, 4);
        return;
    }
    put_base(p, 0x8B, reg);
    PUT(p, 0x89, (uint8_t)(0xC4 | random_below(r, 8) << 3));
    PUT(p, (uint8_t)(0x48 | (reg & 8) >> 2), 0x8D, 0x24, (uint8_t)((reg & 7) << 3 | 4));
}

static void put_constant(struct piece *p, struct random *r)
{
    static const int32_t constants[] = {0, 8, 0x40, 0x7F, -0x80, 0x1000, 0x2000, 0x2001, 0x3FF8, 0x4000, 0x4001, -0x4000, -0x4001};
    int32_t value = RANDOM_OF(r, constants);
    unsigned form = random_below(r, 5);
    if (form < 2) {
        PUT(p, 0x48, 0x83, form ? 0xEC : 0xC4, (uint8_t)value);
    } else if (form < 4) {
        PUT(p, 0x48, 0x81, form == 2 ? 0xEC : 0xC4);
        put(p, &value, 4);
    } else {
        PUT(p, 0x48, 0x8D, 0xA4, 0x24);
        put(p, &value, 4);
    }
}

static void put_hostcall(struct piece *p, struct random *r)
{
    static const uint32_t entries[] = {0x10100, 0x10108, 0x10FF8, 0x100F8, 0x11000, 0x10104};
    uint32_t entry = RANDOM_OF(r, entries);
    PUT(p, 0x65, 0xFF, random_below(r, 2) ? 0x14 : 0x24, 0x25);
    put(p, &entry, 4);
}

/* What may follow a constant: touches, things that look like one, and jumps. */
static void put_after_constant(struct piece *p, struct random *r)
{
    static const uint8_t after[][6] = {{1, 0x50}, {1, 0x58}, {3, 0x8B, 0x04, 0x24}, {1, 0x9C}, {1, 0xF4}, {2, 0x0F, 0x0B}, {1, 0xCC},
        {4, 0x0F, 0x18, 0x0C, 0x24}, {4, 0x0F, 0x44, 0x04, 0x24}, {2, 0x6A, 1}, {2, 0xEB, 0}, {5, 0xE8, 0, 0, 0, 0}, {2, 0x75, 0xFE},
        {4, 0x0F, 0xAE, 0x3C, 0x24}, {5, 0x0F, 0xA4, 0x04, 0x24, 1}, {3, 0x0F, 0xB9, 0xC8}, {1, 0x90}};
    const uint8_t *bytes = RANDOM_OF(r, after);
    put_constant(p, r);
    put(p, bytes + 1, bytes[0]);
    if (random_below(r, 2)) {
        bytes = RANDOM_OF(r, after);
        put(p, bytes + 1, bytes[0]);
    }
}

struct piece pattern_pick(struct random *r)
{
    static void (*const patterns[])(struct piece *, struct random *) = {put_branch, put_branch, put_M4, put_M4, put_S3, put_S3,
                                                                       put_constant, put_after_constant, put_hostcall, put_string};
    struct piece piece = {.length = 0};
    RANDOM_OF(r, patterns)(&piece, r);
    if (!random_below(r, 4))
        piece.bytes[random_below(r, piece.length)] ^= (uint8_t)(1u << random_below(r, 8));
    return piece;
}
