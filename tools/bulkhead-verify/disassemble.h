/* Instructions as text, for messages. Zydis does it: the verifier's own decoder judges, and prints nothing. */
#ifndef BULKHEAD_VERIFY_DISASSEMBLE_H
#define BULKHEAD_VERIFY_DISASSEMBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes the instruction at code in AT&T syntax to text (room > 0 bytes, always terminated) and returns its length.
 * Bytes that are no instruction, or are cut off by size, give a text that says so, and 0. */
size_t disassemble_one(const uint8_t *code, size_t size, uint64_t address, char *text, size_t room);

/* The mnemonic of the instruction at code; false when it is none, or not exactly size bytes long. */
bool mnemonic_of(const uint8_t *code, size_t size, char *name, size_t room);

/* All instructions in [code, code + size), separated by "; ". */
void disassemble(const uint8_t *code, size_t size, uint64_t address, char *text, size_t room);

#endif
