/* The file side of the verifier: what a module must satisfy as an ELF file, and where its parts are.
 *
 * bh_elf_parse looks only at the bytes it is given (the whole file, in memory that nobody else can change) and refuses
 * everything that the runtime would have to guess about. After it succeeded, every offset, address and count in
 * struct bh_elf is checked: ranges lie in the file or in the image, do not wrap, and mean what their comments say.
 */
#ifndef BULKHEAD_VERIFIER_ELF_H
#define BULKHEAD_VERIFIER_ELF_H

#include "verify.h"

#ifdef __cplusplus
extern "C" {
#endif

#define BH_ELF_MAX_SEGMENTS 16

typedef enum bh_elf_result {
    BH_ELF_OK = 0,
    BH_ELF_REFUSED = 1, /* an ELF file, but not a module */
    BH_ELF_NOT_ELF = 2, /* no ELF magic: another kind of file */
} bh_elf_result;

struct bh_elf_error {
    const char *rule;   /* "elf-header", "elf-segments", "elf-note", ... as in docs/contract.md */
    const char *reason; /* one sentence */
    uint64_t where;     /* image-relative address or file offset, whichever the reason speaks about; 0 when neither */
    uint64_t value;     /* the offending value, when there is one */
};

/* A PT_LOAD. All addresses are image-relative (p_vaddr); the runtime maps address 0 at B + BH_IMAGE_OFFSET. */
struct bh_elf_segment {
    uint64_t vaddr; /* as in the file, not rounded */
    uint64_t memsz;
    uint64_t offset; /* congruent to vaddr modulo the page size */
    uint64_t filesz;
    bool read, write, execute; /* never write and execute */
};

struct bh_elf {
    const uint8_t *file;
    size_t file_size;

    /* The note. */
    uint32_t isolation;  /* BH_ISOLATE_FULL or BH_ISOLATE_STORES */
    uint32_t note_flags; /* BH_NOTE_FLAG_* */

    /* Sorted by address, no two share a page. */
    struct bh_elf_segment segment[BH_ELF_MAX_SEGMENTS];
    unsigned segment_count;
    uint64_t image_lo, image_hi; /* page-rounded hull of the segments */

    /* The one executable segment, as whole pages: map exactly the bytes of bh_elf_fill_code. */
    unsigned code_segment;
    uint64_t code_addr; /* page-aligned */
    uint64_t code_size; /* whole pages */

    uint64_t entry;      /* 32-aligned, inside the code segment */
    uint64_t phdr_vaddr; /* where the program headers are mapped (AT_PHDR), 0 when they are not */
    uint16_t phnum;

    uint64_t relro_addr, relro_size; /* page-rounded outward at no side: whole pages to protect; size 0 when none */

    /* Relocations: offsets in the file. All targets were checked (P4). */
    uint64_t rela_offset, rela_count;
    uint64_t relr_offset, relr_count;

    /* Exports; count 0 when there are none. */
    uint64_t dynsym_offset, dynsym_count;
    uint64_t dynstr_offset, dynstr_size;
    /* The full symbol table, for diagnostics only; count 0 when stripped. */
    uint64_t symtab_offset, symtab_count;
    uint64_t strtab_offset, strtab_size;

    /* PT_TLS; memsz 0 when there is none. */
    uint64_t tls_vaddr, tls_filesz, tls_memsz, tls_align;

    uint64_t stack_size; /* p_memsz of PT_GNU_STACK: the stack that the module asks for, 0 for the default */
};

/* elf keeps pointing into file. error (may be NULL) is filled unless the result is BH_ELF_OK. */
bh_elf_result bh_elf_parse(struct bh_elf *elf, const void *file, size_t size, struct bh_elf_error *error);

/* Writes the code pages, code_size bytes, as they must be verified, sealed and mapped: the segment's bytes, and hlt
 * before and after them. */
void bh_elf_fill_code(const struct bh_elf *elf, uint8_t *buffer);

/* Fills in what bh_verify_code needs except scratch and report: code is the buffer of bh_elf_fill_code. */
void bh_elf_verify_input(const struct bh_elf *elf, const uint8_t *code, struct bh_verify_input *input);

/* Applies all relocations. image is where image address 0 of this instance is (or would be) mapped in the caller's
 * address space, writable where the segments are writable or relro; base is the value to add (the guest's view of
 * address 0). Writes only inside writable or relro pages. */
void bh_elf_relocate(const struct bh_elf *elf, uint8_t *image, uint64_t base);
/* The same for the bytes in [low, high) (image addresses) alone. */
void bh_elf_relocate_part(const struct bh_elf *elf, uint8_t *image, uint64_t base, uint64_t low, uint64_t high);

/* An exported symbol by name: image-relative address. A function's address is 32-aligned and in code. */
bool bh_elf_export(const struct bh_elf *elf, const char *name, uint64_t *address, bool *is_function);

/* The symbol that contains an image-relative address, from the full symbol table, else from the exports. Returns NULL
 * when there is none; the string lies in the file and is NUL-terminated. For messages only: an attacker chose it. */
const char *bh_elf_symbolize(const struct bh_elf *elf, uint64_t address, uint64_t *offset);
/* The same symbols one by one, those in code: name is where the string begins in the file. The full table's come first.
 */
typedef void bh_elf_symbol_visitor(void *context, uint64_t address, uint64_t size, uint64_t name);
void bh_elf_code_symbols(const struct bh_elf *elf, bh_elf_symbol_visitor *visit, void *context);

#ifdef __cplusplus
}
#endif
#endif
