/* fuzz-code: changes one field of one instruction, found by decoding it. */
#include <Zydis/Zydis.h>
#include <string.h>

#include "code_input.h"
#include "random.h"

static const uint8_t prefixes[] = {0x2E, 0x2E, 0x66, 0x67, 0x65, 0x64, 0x26, 0x36, 0x3E, 0xF0, 0xF2, 0xF3,
                                   0x40, 0x41, 0x42, 0x44, 0x48, 0x4C};

static void remove_byte(struct piece *p, unsigned at)
{
    memmove(p->bytes + at, p->bytes + at + 1, sizeof p->bytes - at - 1);
    if (p->length > 1)
        p->length--;
}

static void insert_byte(struct piece *p, unsigned at, uint8_t byte)
{
    if (p->length + 1u >= sizeof p->bytes)
        return;
    memmove(p->bytes + at + 1, p->bytes + at, sizeof p->bytes - at - 1);
    p->bytes[at] = byte;
    p->length++;
}

static void mutate_prefix(struct piece *p, const ZydisDecodedInstruction *z, struct random *r)
{
    unsigned count = z->raw.prefix_count, at = random_below(r, count + 1);
    switch (random_below(r, 4)) {
    case 0:
        if (count)
            remove_byte(p, at % count);
        break;
    case 1:
        if (count)
            p->bytes[at % count] = RANDOM_OF(r, prefixes);
        break;
    default: insert_byte(p, at, RANDOM_OF(r, prefixes)); break;
    }
}

static void mutate_operand_bytes(struct piece *p, const ZydisDecodedInstruction *z, struct random *r)
{
    static const uint8_t modrms[] = {0x04, 0x05, 0x44, 0x84, 0xC4, 0xE0, 0x24, 0x25, 0x00}, sibs[] = {0x24, 0x25, 0x64, 0x65, 0x04, 0xE4};
    if (!(z->attributes & ZYDIS_ATTRIB_HAS_MODRM))
        return;
    unsigned at = z->raw.modrm.offset;
    if (random_below(r, 2) && z->raw.sib.offset)
        at = z->raw.sib.offset;
    if (random_below(r, 2))
        p->bytes[at] = at == z->raw.sib.offset ? RANDOM_OF(r, sibs) : RANDOM_OF(r, modrms);
    else
        p->bytes[at] ^= (uint8_t)(1u << random_below(r, 8));
}

/* Displacements and immediates: the values at which a rule changes its mind. */
static void mutate_number(struct piece *p, const ZydisDecodedInstruction *z, struct random *r)
{
    static const uint32_t values[] = {0, 1, 8, 0x7F, 0x80, 0xE0, 0xFFFFFFFF, 0x3FFF, 0x4000, 0x4001, 0xFFFFC000, 0xFFFFBFFF, 0x10000,
                                      0x10008, 0x10100, 0x10104, 0x10FF8, 0x11000, 0x7FFFFFFF, 0x80000000, 0xFFFFF000, 0x1000, 0x2000};
    unsigned offset = z->raw.disp.offset, bits = z->raw.disp.size;
    if (!offset || (z->raw.imm[0].size && random_below(r, 2))) {
        offset = z->raw.imm[0].offset;
        bits = z->raw.imm[0].size;
    }
    if (!bits)
        return;
    uint32_t value = RANDOM_OF(r, values) + (random_below(r, 4) ? 0 : random_below(r, 33) - 16);
    if (!random_below(r, 4))
        value = random_below(r, 0x3000); /* near the edges of the image, relative to rip */
    if (!random_below(r, 4))
        p->bytes[offset + random_below(r, bits / 8)] ^= (uint8_t)(1u << random_below(r, 8));
    else
        memcpy(p->bytes + offset, &value, bits < 32 ? bits / 8 : 4);
}

static void mutate_opcode(struct piece *p, const ZydisDecodedInstruction *z, struct random *r)
{
    unsigned end = z->attributes & ZYDIS_ATTRIB_HAS_MODRM ? z->raw.modrm.offset : p->length;
    unsigned begin = z->raw.prefix_count < end ? z->raw.prefix_count : 0;
    unsigned at = begin + random_below(r, end > begin ? end - begin : 1);
    p->bytes[at] = random_below(r, 2) ? (uint8_t)(p->bytes[at] ^ 1u << random_below(r, 8)) : (uint8_t)random_next(r);
}

void mutate_piece(struct piece *p, struct random *r)
{
    static void (*const mutations[])(struct piece *, const ZydisDecodedInstruction *, struct random *) = {
        mutate_prefix, mutate_prefix, mutate_operand_bytes, mutate_operand_bytes, mutate_number, mutate_number, mutate_opcode};
    ZydisDecoder decoder;
    ZydisDecoderContext context;
    ZydisDecodedInstruction z;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    if (ZYAN_FAILED(ZydisDecoderDecodeInstruction(&decoder, &context, p->bytes, p->length, &z)))
        p->bytes[random_below(r, p->length)] ^= (uint8_t)(1u << random_below(r, 8));
    else
        RANDOM_OF(r, mutations)(p, &z, r);
    /* A changed prefix or ModRM byte may make it longer or shorter; keep it whole when it still is an instruction. */
    unsigned length = bh_verify_length(p->bytes, sizeof p->bytes);
    if (length)
        p->length = (uint8_t)length;
}
