/* Shared by the files behind elf.h, and by nothing else. */
#ifndef BULKHEAD_VERIFIER_ELF_PARSER_H
#define BULKHEAD_VERIFIER_ELF_PARSER_H

#include <string.h>

#include "broken.h"
#include "elf.h"
#include "elf_format.h"

/* Addresses end where the slot's last guard begins. */
#define IMAGE_LIMIT ((uint64_t)BH_SLOT_SIZE - BH_TAIL_GUARD_SIZE - BH_IMAGE_OFFSET)

struct parser {
    struct bh_elf *elf;
    struct bh_elf_error *error;
    struct elf_header header;
    struct elf_program_header dynamic, relro;
    bool have_dynamic, have_relro, have_stack, have_tls, have_note, have_interp;
};

/* Always false, so that a check can end with `return fail(...)`. */
static inline bool fail(struct parser *p, const char *rule, const char *reason, uint64_t where, uint64_t value) {
    if (p->error)
        *p->error = (struct bh_elf_error){rule, reason, where, value};
    return false;
}

/* [start, start + length) lies in [0, limit). */
static inline bool fits(uint64_t start, uint64_t length, uint64_t limit) {
    return length <= limit && start <= limit - length;
}

/* The caller has checked that the structure lies in the file. */
static inline void read_at(const struct bh_elf *elf, uint64_t offset, void *out, size_t size) {
    memcpy(out, elf->file + offset, size);
}

/* The file offset of image bytes [address, address + length), which must come from one segment's file part. */
static inline bool to_offset(const struct bh_elf *elf, uint64_t address, uint64_t length, uint64_t *offset) {
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const struct bh_elf_segment *s = &elf->segment[i];
        if (address >= s->vaddr && fits(address - s->vaddr, length, s->filesz)) {
            *offset = s->offset + (address - s->vaddr);
            return true;
        }
    }
    return false;
}

static inline bool in_memory_of(const struct bh_elf_segment *s, uint64_t address, uint64_t length) {
    return address >= s->vaddr && fits(address - s->vaddr, length, s->memsz);
}

/* elf_dynamic.c: the dynamic section with its relocations and exports. */
bool bh_elf_parse_dynamic(struct parser *p);

/* elf_use.c: calls visit for each address in the RELR table; false as soon as a call returned false, or when the table
 * begins with a bitmap. */
typedef bool relr_visitor(void *context, uint64_t address);
bool bh_elf_for_each_relr(const struct bh_elf *elf, relr_visitor *visit, void *context);

#endif
