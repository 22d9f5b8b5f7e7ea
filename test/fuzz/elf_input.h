/* fuzz-elf: the smallest module that has one of everything, and the mutator's view of a file. */
#ifndef BULKHEAD_TEST_FUZZ_ELF_INPUT_H
#define BULKHEAD_TEST_FUZZ_ELF_INPUT_H

#include <stddef.h>
#include <stdint.h>

enum { BASE_MODULE_SIZE = 2304, MAX_ELF_INPUT = 8192 };

/* Writes a good module: all segments, notes, relocations, both hash tables, exports, a symbol table. */
void base_module(uint8_t *file);

#endif
