/* A module as the reference verifier's ELF rules look at it. */
#ifndef BULKHEAD_TEST_REFERENCE_ELF_FILE_H
#define BULKHEAD_TEST_REFERENCE_ELF_FILE_H

#include <elf.h>

#include "reference.h"

/* Section 8 of docs/contract.md; P4 and T1 have rules there too. */
enum elf_rule {
    ELF_KEPT, ELF_HEADER, ELF_SEGMENTS, ELF_WX, ELF_CODE, ELF_ENTRY, ELF_NOTE, ELF_RELRO, ELF_TLS, ELF_DYNAMIC, ELF_RELOC,
    ELF_P4, ELF_T1, ELF_EXPORT
};

struct elf_file {
    const uint8_t *bytes;
    uint64_t size;
    Elf64_Ehdr header;
    struct bh_elf *out;
    const Elf64_Phdr *program; /* header.e_phnum of them, copied to aligned memory */
};

/* offset, size: a range in the file, computed without wrapping. */
bool in_file(const struct elf_file *f, uint64_t offset, uint64_t size);
/* Copies from the file; the range must be in it. */
void read_file(const struct elf_file *f, uint64_t offset, void *to, uint64_t size);
/* Where a range of image addresses lies in the file: inside what one PT_LOAD has there. */
bool in_image_file(const struct elf_file *f, uint64_t address, uint64_t size, uint64_t *offset);
/* The only program header of this type, NULL when there is none. */
const Elf64_Phdr *find_program_header(const struct elf_file *f, uint32_t type);

/* elf_dynamic.c: all that the dynamic section leads to. */
enum elf_rule rule_elf_dynamic(struct elf_file *f);

#endif
