/* See disassemble.h. */
#include "disassemble.h"

#include <Zydis/Zydis.h>
#include <stdio.h>

size_t disassemble_one(const uint8_t *code, size_t size, uint64_t address, char *text, size_t room) {
    ZydisDecoder decoder;
    ZydisFormatter formatter;
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    snprintf(text, room, "(not an instruction)");
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_ATT);
    ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_ADDR_PADDING_ABSOLUTE, ZYDIS_PADDING_DISABLED);
    ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_DISP_PADDING, ZYDIS_PADDING_DISABLED);
    ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_IMM_PADDING, ZYDIS_PADDING_DISABLED);
    ZydisFormatterSetProperty(&formatter, ZYDIS_FORMATTER_PROP_HEX_UPPERCASE, ZYAN_FALSE);
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code, size, &insn, operands)))
        return 0;
    ZydisFormatterFormatInstruction(&formatter, &insn, operands, insn.operand_count_visible, text, room, address, NULL);
    return insn.length;
}

bool mnemonic_of(const uint8_t *code, size_t size, char *name, size_t room) {
    ZydisDecoder decoder;
    ZydisDecodedInstruction insn;
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, code, size, &insn)) || insn.length != size)
        return false;
    snprintf(name, room, "%s", ZydisMnemonicGetString(insn.mnemonic));
    return true;
}

void disassemble(const uint8_t *code, size_t size, uint64_t address, char *text, size_t room) {
    size_t used = 0;
    text[0] = 0;
    for (size_t at = 0; at < size && used + 2 < room;) {
        char one[128];
        size_t length = disassemble_one(code + at, size - at, address + at, one, sizeof one);
        int n = snprintf(text + used, room - used, "%s%s", at ? "; " : "", one);
        used += n > 0 ? (size_t)n : 0;
        at += length ? length : size - at;
    }
}
