/* Relocatable object files (ET_REL), read as carefully as modules: nothing in them is trusted. Offsets are checked
 * before they are used, counts are bounded by the file's size, and nothing is read but through memcpy.
 */
#ifndef BULKHEAD_VERIFY_OBJECT_H
#define BULKHEAD_VERIFY_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/elf.h"

/* A section of code, and where it lies among all of them: each begins at a bundle, with at least one bundle between
 * two. */
struct object_section {
    uint32_t index; /* in the file */
    const char *name;
    uint64_t file_offset, size, align;
    uint64_t address; /* in the region */
};

/* A named place in the region. */
struct object_function {
    const char *name;
    uint64_t address, size;
    bool is_section; /* no symbol is here: the section's name */
    /* For the caller. */
    unsigned refusals;
    uint64_t rules;
};

struct object_relocation {
    uint64_t address; /* in the region */
    uint32_t type, symbol;
    int64_t addend;
    uint32_t section; /* index into struct object's sections */
};

struct object {
    const uint8_t *file;
    size_t file_size;
    struct object_section *sections;
    size_t section_count;
    uint64_t code_size; /* of all code sections */
    bool built_here;    /* it says that bulkhead-clang, bulkhead-as or the plugin made it; only messages believe that */
    uint64_t region_size;              /* of all code sections and the bundles between them */
    struct object_function *functions; /* sorted by address */
    size_t function_count;
    struct object_relocation *relocations; /* sorted by address */
    size_t relocation_count;
    uint64_t headers, header_count; /* of sections */
    /* The symbol table. */
    uint64_t symbols, symbol_count, strings, strings_size;
    uint64_t symbol_indices, symbol_index_count; /* SHT_SYMTAB_SHNDX */
};

/* Where a symbol is. */
enum symbol_place { SYMBOL_UNDEFINED, SYMBOL_CODE, SYMBOL_ELSEWHERE };
struct object_symbol {
    enum symbol_place place;
    const char *name; /* "" if it has none, or a name that lies outside the string table */
    bool ifunc;       /* STT_GNU_IFUNC: the linker needs a relocation that calls it */
    uint64_t address; /* SYMBOL_CODE: in the region */
    bool bounded;     /* SYMBOL_ELSEWHERE: how many bytes of its section lie before it and from it on is known */
    uint64_t before, from;
};

/* Is it an ELF file of type ET_REL, of any machine? */
bool is_object(const uint8_t *file, size_t size);

/* Fills *object, which keeps pointing into file and must be released with object_free, also after an error. Returns
 * false with *error filled in for a file that no linker should take (out of memory included). */
bool object_parse(struct object *object, const uint8_t *file, size_t size, struct bh_elf_error *error);
void object_free(struct object *object);

struct object_symbol object_symbol(const struct object *object, uint32_t index);

/* The function that contains an address of the region, or NULL. */
struct object_function *object_function_at(const struct object *object, uint64_t address);
/* The code section that contains it, or NULL: it is fill. */
const struct object_section *object_section_at(const struct object *object, uint64_t address);
/* The first relocation at or behind an address; index relocation_count if there is none. */
size_t object_relocation_from(const struct object *object, uint64_t address);

#endif
