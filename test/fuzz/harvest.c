/* Prints the instructions of modules, one of each shape (mnemonic, operand kinds and widths, prefixes), as the lines of
 * real-instructions.def: harvest MODULE... */
#include <Zydis/Zydis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verifier/elf.h"

enum { SHAPES = 1 << 16 };
static uint64_t seen[SHAPES];

static void mix(uint64_t *hash, uint64_t value)
{
    *hash = (*hash ^ value) * 0x100000001B3;
}

static uint64_t shape(const ZydisDecodedInstruction *z, const ZydisDecodedOperand *op)
{
    uint64_t hash = 0xCBF29CE484222325;
    mix(&hash, z->mnemonic);
    mix(&hash, z->opcode);
    mix(&hash, z->operand_width);
    mix(&hash, z->attributes & (ZYDIS_ATTRIB_HAS_LOCK | ZYDIS_ATTRIB_HAS_SEGMENT_GS | ZYDIS_ATTRIB_HAS_ADDRESSSIZE));
    for (unsigned i = 0; i < z->operand_count_visible; i++) {
        mix(&hash, op[i].type);
        mix(&hash, op[i].size);
        if (op[i].type == ZYDIS_OPERAND_TYPE_MEMORY)
            mix(&hash, (uint64_t)(op[i].mem.base == ZYDIS_REGISTER_RSP) << 2 | (uint64_t)(op[i].mem.base == ZYDIS_REGISTER_RIP) << 1 |
                           (op[i].mem.index != ZYDIS_REGISTER_NONE));
    }
    return hash ? hash : 1;
}

static bool is_new(uint64_t hash)
{
    unsigned slot = hash % SHAPES;
    for (unsigned i = 0; i < SHAPES; i++, slot = (slot + 1) % SHAPES) {
        if (seen[slot] == hash)
            return false;
        if (!seen[slot]) {
            seen[slot] = hash;
            return true;
        }
    }
    return false;
}

static void harvest(const uint8_t *code, size_t size)
{
    ZydisDecoder decoder;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    for (size_t at = 0; at < size;) {
        ZydisDecodedInstruction z;
        ZydisDecodedOperand op[ZYDIS_MAX_OPERAND_COUNT];
        size_t left = BH_BUNDLE_SIZE - at % BH_BUNDLE_SIZE;
        if (ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder, code + at, left, &z, op))) {
            at += left;
            continue;
        }
        if (is_new(shape(&z, op))) {
            printf("INSN(");
            for (unsigned i = 0; i < z.length; i++)
                printf("%s0x%02x", i ? "," : "", code[at + i]);
            printf(")\n");
        }
        at += z.length;
    }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        struct bh_elf elf;
        static uint8_t bytes[64 << 20];
        size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;
        if (!file || bh_elf_parse(&elf, bytes, size, NULL) != BH_ELF_OK) {
            fprintf(stderr, "%s: no module\n", argv[i]);
            return 1;
        }
        fclose(file);
        harvest(bytes + elf.segment[elf.code_segment].offset, elf.segment[elf.code_segment].filesz);
    }
    return 0;
}
