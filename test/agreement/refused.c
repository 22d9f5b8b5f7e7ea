/* Encodings whose length or meaning depends on who made the processor or the decoder. No comparison can settle those, so
 * the verifier must refuse them all. Each is tried with every REX prefix, and with several bytes behind it. */
#include <stdio.h>
#include <string.h>

#include "agreement.h"

static const struct {
    const char *prefixes, *opcode;
    unsigned first, last; /* the byte after them */
    const char *reason;
} patterns[] = {
    {"\x66", "", 0x70, 0x7F, "66h before a branch: AMD cuts RIP to 16 bits and the displacement with it, Intel ignores the prefix"},
    {"\x66", "\x0F", 0x80, 0x8F, "66h before a branch: AMD takes a displacement of 2 bytes, Intel 4"},
    {"\x66", "", 0xE8, 0xE9, "66h before a branch: AMD takes a displacement of 2 bytes, Intel 4"},
    {"\x66", "", 0xE0, 0xE3, "66h before a branch"},
    {"\x66", "", 0xEB, 0xEB, "66h before a branch"},
    {"\x67", "", 0xE0, 0xE3, "67h before loop and jrcxz: counts ecx; only decoders differ on its name, but nobody needs it"},
    {"", "\x0F", 0xFF, 0xFF, "ud0: with ModRM on Intel, without on older AMD and in older decoders"},
    {"", "\x0F", 0x0F, 0x0F, "3DNow!: the opcode stands behind the operands; #UD of another length elsewhere"},
    {"", "\x0F", 0x0E, 0x0E, "femms: AMD's"},
    {"\xF2", "\x0F", 0x78, 0x79, "SSE4a: two immediates on AMD, vmread elsewhere"},
    {"\x66", "\x0F", 0x78, 0x79, "SSE4a: two immediates on AMD, vmread elsewhere"},
    {"", "\x0F", 0x78, 0x79, "vmread, vmwrite or SSE4a"},
    {"\xF3", "\x0F", 0x2B, 0x2B, "SSE4a: movntss"},
    {"\xF2", "\x0F", 0x2B, 0x2B, "SSE4a: movntsd"},
    {"", "\x0F", 0x24, 0x27, "0F 24-27: test registers, SSE5; ModRM or not by maker"},
    {"", "\x0F", 0xA6, 0xA7, "0F A6, A7: VIA PadLock, cmpxchg of the 486"},
    {"", "\x0F", 0x04, 0x04, "0F 04: nothing or loadall"},
    {"", "\x0F", 0x0A, 0x0A, "0F 0A: nothing"},
    {"", "\x0F", 0x0C, 0x0C, "0F 0C: nothing"},
    {"", "\x0F", 0x36, 0x36, "0F 36: rdshr of Cyrix"},
    {"", "\x0F", 0x39, 0x39, "0F 39: nothing; 0F 38 and 3A show that ModRM could follow"},
    {"", "\x0F", 0x3B, 0x3F, "0F 3B-3F: nothing, or VIA's alternate instruction set"},
    {"", "\x0F", 0x19, 0x1D, "reserved hints, MPX, cldemote: ModRM forms differ"},
    {"\xF3", "\x0F", 0x1A, 0x1B, "MPX, or a nop where it is missing"},
    {"\xF2", "\x0F", 0x1A, 0x1B, "MPX, or a nop where it is missing"},
    {"\x66", "\x0F", 0x1A, 0x1B, "MPX, or a nop where it is missing"},
    {"", "", 0x62, 0x62, "EVEX: AVX-512 and APX where the processor has them, invalid with another length elsewhere"},
    {"", "", 0xD5, 0xD5, "REX2 of APX, or invalid (aad)"},
    {"", "", 0xD4, 0xD4, "invalid (aam)"},
    {"", "", 0xD6, 0xD6, "salc: invalid in 64-bit mode, or udb"},
    {"", "", 0x82, 0x82, "an alias of 80h that 64-bit mode lacks"},
    {"", "\xDB", 0xE0, 0xE1, "fneni, fndisi of the 8087: nop or #UD"},
    {"", "\xDB", 0xE4, 0xE7, "fnsetpm of the 287: nop or #UD"},
    {"", "\xDF", 0xC0, 0xC7, "ffreep: an alias that is not documented"},
    {"", "\xDF", 0xC8, 0xDF, "fxch, fstp: aliases that are not documented"},
    {"", "\xDC", 0xD0, 0xDF, "fcom, fcomp: aliases that are not documented"},
    {"", "\xDD", 0xC8, 0xCF, "fxch: an alias that is not documented"},
    {"", "\xDE", 0xD0, 0xD7, "fcomp: an alias that is not documented"},
    {"", "\xD9", 0xD8, 0xDF, "fstpnce: an alias that is not documented"},
    {"", "\xC0", 0xF0, 0xF7, "shl /6: an alias that is not documented"},
    {"", "\xF6", 0xC8, 0xCF, "test /1: an alias that is not documented"},
    {"", "\xF7", 0xC8, 0xCF, "test /1: an alias that is not documented"},
    {"\x66", "", 0x50, 0x5F, "66h push and pop move rsp by 2"},
    {"\x66", "", 0x68, 0x68, "66h push moves rsp by 2"},
    {"\x66", "", 0xC3, 0xC3, "66h return"},
    {"\xF2", "", 0xE8, 0xE9, "bnd: a hint of MPX"},
    {"\xF2", "\x0F", 0x80, 0x8F, "bnd: a hint of MPX"},
};

uint64_t refused_count(void)
{
    return sizeof patterns / sizeof *patterns;
}

void run_refused(uint64_t number, bool sample)
{
    (void)sample;
    for (unsigned next = patterns[number].first; next <= patterns[number].last; next++)
        for (unsigned rex = 0; rex < 17; rex++)
            for (unsigned behind = 0; behind < 256; behind++) {
                struct head h = {.modrm = false};
                for (const char *c = patterns[number].prefixes; *c; c++)
                    append(&h, (uint8_t)*c);
                if (rex)
                    append(&h, (uint8_t)(0x3F + rex));
                for (const char *c = patterns[number].opcode; *c; c++)
                    append(&h, (uint8_t)*c);
                append(&h, (uint8_t)next);
                append(&h, (uint8_t)behind);
                if (!try_form(&h, 0, 0, 0, 0))
                    continue;
                statistics.disagreements++;
                printf("refused.c: pattern %u, byte %02x, rex %02x, then %02x: accepted, but: %s\n", (unsigned)number, next,
                       rex ? 0x3F + rex : 0, behind, patterns[number].reason);
            }
}
