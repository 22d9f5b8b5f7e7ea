/* See object.h. */
#include "object.h"

#include <stdlib.h>
#include <string.h>

#include "verifier/elf_format.h"
#include "verifier/verify.h"

enum {
    ET_REL = 1,
    SHT_PROGBITS = 1,
    SHT_RELA = 4,
    SHT_NOBITS = 8,
    SHT_REL = 9,
    SHT_SYMTAB_SHNDX = 18,
    SHN_COMMON = 0xFFF2,
    SHN_XINDEX = 0xFFFF
};
enum { SHF_WRITE = 1, SHF_ALLOC = 2, SHF_EXECINSTR = 4, SHF_COMPRESSED = 0x800 };
enum { STT_NOTYPE = 0, STT_SECTION = 3, MAX_SECTIONS = 1 << 24 };

struct parser {
    struct object *object;
    struct bh_elf_error *error;
    uint64_t table, count; /* section headers */
    uint64_t names, names_size;
};

static bool fail(struct parser *p, const char *reason, uint64_t where, uint64_t value) {
    *p->error = (struct bh_elf_error){"object", reason, where, value};
    return false;
}

static bool fits(uint64_t start, uint64_t length, uint64_t limit) { return length <= limit && start <= limit - length; }

static void read_at(const struct object *object, uint64_t offset, void *out, size_t size) {
    memcpy(out, object->file + offset, size);
}

static void section_header(const struct parser *p, uint64_t index, struct elf_section_header *sh) {
    read_at(p->object, p->table + index * sizeof *sh, sh, sizeof *sh);
}

/* A string table's entry; "" when it is not inside. The table ends with a NUL: string_table has checked that. */
static const char *string_at(const struct object *object, uint64_t table, uint64_t size, uint64_t offset) {
    return offset < size ? (const char *)object->file + table + offset : "";
}

static bool string_table(struct parser *p, uint64_t index, uint64_t *table, uint64_t *size) {
    struct elf_section_header sh;
    if (index >= p->count)
        return fail(p, "a string table is missing", index, 0);
    section_header(p, index, &sh);
    if (sh.type != SHT_STRTAB || !fits(sh.offset, sh.size, p->object->file_size) || !sh.size ||
        p->object->file[sh.offset + sh.size - 1] != 0)
        return fail(p, "a string table lies outside the file, or does not end", sh.offset, sh.size);
    *table = sh.offset;
    *size = sh.size;
    return true;
}

bool is_object(const uint8_t *file, size_t size) {
    if (size < 18 || memcmp(file, "\177ELF", 4))
        return false;
    unsigned big_endian = file[5] == 2;
    return file[16 + big_endian] == ET_REL && file[17 - big_endian] == 0;
}

static bool parse_header(struct parser *p) {
    struct elf_header h;
    struct elf_section_header first;
    uint64_t size = p->object->file_size, names;
    if (size < sizeof h)
        return fail(p, "the file is shorter than an ELF header", size, 0);
    read_at(p->object, 0, &h, sizeof h);
    if (h.ident[4] != 2 || h.ident[5] != 1 || h.machine != EM_X86_64)
        return fail(p, "not an object for x86-64 (64-bit, little-endian)", 18, h.machine);
    if (h.shentsize != sizeof first || !fits(h.shoff, sizeof first, size) || h.shoff == 0)
        return fail(p, "no section headers: the file is truncated or stripped of them", 40, h.shoff);
    p->table = h.shoff;
    p->count = h.shnum;
    names = h.shstrndx;
    section_header(p, 0, &first);
    if (!p->count)
        p->count = first.size;
    if (names == SHN_XINDEX)
        names = first.link;
    if (!p->count || p->count > MAX_SECTIONS || !fits(h.shoff, p->count * sizeof first, size))
        return fail(p, "the section headers lie outside the file: it is truncated", 40, h.shoff);
    p->object->headers = p->table;
    p->object->header_count = p->count;
    return string_table(p, names, &p->names, &p->names_size);
}

static uint64_t bundles(uint64_t size) { return (size + BH_BUNDLE_SIZE - 1) & ~(uint64_t)(BH_BUNDLE_SIZE - 1); }

/* The sections that hold code. Together they are no larger than the file, so a file cannot ask for more memory than it
 * has. */
static bool parse_sections(struct parser *p) {
    struct object *o = p->object;
    o->sections = calloc(p->count, sizeof *o->sections);
    if (!o->sections)
        return fail(p, "not enough memory", 0, p->count);
    for (uint64_t i = 1; i < p->count; i++) {
        struct elf_section_header sh;
        section_header(p, i, &sh);
        o->built_here |= !strcmp(string_at(o, p->names, p->names_size, sh.name), BH_OBJECT_SECTION);
        if (!(sh.flags & SHF_EXECINSTR) || !sh.size)
            continue;
        if (sh.type != SHT_PROGBITS || sh.flags & SHF_COMPRESSED || !(sh.flags & SHF_ALLOC))
            return fail(p, "a section of code holds none", i, sh.type);
        if (sh.flags & SHF_WRITE)
            return fail(p, "a section is writable and executable, which elf-wx refuses in a module", i, sh.flags);
        if (!fits(sh.offset, sh.size, o->file_size))
            return fail(p, "a section lies outside the file: it is truncated", i, sh.offset);
        o->code_size += sh.size;
        if (o->code_size > o->file_size)
            return fail(p, "sections of code overlap", i, sh.offset);
        o->sections[o->section_count++] = (struct object_section){
            .index = (uint32_t)i,
            .name = string_at(o, p->names, p->names_size, sh.name),
            .file_offset = sh.offset,
            .size = sh.size,
            .align = sh.addralign,
            .address = o->region_size,
        };
        o->region_size += bundles(sh.size) + BH_BUNDLE_SIZE;
    }
    return true;
}

static bool parse_symbols(struct parser *p) {
    struct object *o = p->object;
    struct elf_section_header sh;
    uint64_t table = 0;
    for (uint64_t i = 1; i < p->count; i++) {
        section_header(p, i, &sh);
        if (sh.type != SHT_SYMTAB)
            continue;
        if (table)
            return fail(p, "more than one symbol table", i, 0);
        table = i;
        if (!fits(sh.offset, sh.size, o->file_size) || sh.size % sizeof(struct elf_symbol))
            return fail(p, "the symbol table lies outside the file", sh.offset, sh.size);
        o->symbols = sh.offset;
        o->symbol_count = sh.size / sizeof(struct elf_symbol);
        if (!string_table(p, sh.link, &o->strings, &o->strings_size))
            return false;
    }
    for (uint64_t i = 1; table && i < p->count; i++) {
        section_header(p, i, &sh);
        if (sh.type != SHT_SYMTAB_SHNDX || sh.link != table)
            continue;
        if (!fits(sh.offset, sh.size, o->file_size))
            return fail(p, "the table of section indices lies outside the file", sh.offset, sh.size);
        o->symbol_indices = sh.offset;
        o->symbol_index_count = sh.size / sizeof(uint32_t);
    }
    return true;
}

static const struct object_section *section_of(const struct object *o, uint32_t index) {
    size_t low = 0, high = o->section_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (o->sections[middle].index == index)
            return &o->sections[middle];
        if (o->sections[middle].index < index)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* The section index of a symbol, from the table of long ones if need be; SHN_UNDEF for what cannot be. */
static uint32_t symbol_section(const struct object *o, uint64_t index, const struct elf_symbol *symbol) {
    uint32_t section = symbol->shndx;
    if (section != SHN_XINDEX)
        return section;
    if (index >= o->symbol_index_count)
        return SHN_UNDEF;
    read_at(o, o->symbol_indices + index * sizeof section, &section, sizeof section);
    return section;
}

/* Common symbols get a section of their own. */
static void bound_symbol(const struct object *o, uint32_t section, const struct elf_symbol *symbol,
                         struct object_symbol *found) {
    struct elf_section_header sh = {.size = symbol->size};
    bool common = symbol->shndx == SHN_COMMON;
    if (!common && (section >= o->header_count || (symbol->shndx >= SHN_LORESERVE && symbol->shndx != SHN_XINDEX)))
        return;
    if (!common)
        read_at(o, o->headers + section * sizeof sh, &sh, sizeof sh);
    found->before = common ? 0 : symbol->value;
    found->bounded = found->before <= sh.size;
    found->from = sh.size - found->before;
}

struct object_symbol object_symbol(const struct object *o, uint32_t index) {
    struct object_symbol found = {.place = SYMBOL_UNDEFINED, .name = ""};
    struct elf_symbol symbol;
    if (index == 0 || index >= o->symbol_count)
        return found;
    read_at(o, o->symbols + index * sizeof symbol, &symbol, sizeof symbol);
    found.name = string_at(o, o->strings, o->strings_size, symbol.name);
    found.ifunc = (symbol.info & 15) == STT_GNU_IFUNC;
    uint32_t section = symbol_section(o, index, &symbol);
    const struct object_section *code = section_of(o, section);
    if (code && (symbol.shndx < SHN_LORESERVE || symbol.shndx == SHN_XINDEX)) {
        found.place = SYMBOL_CODE;
        found.address = code->address + symbol.value;
        if (!*found.name)
            found.name = code->name;
    } else if (section != SHN_UNDEF) {
        found.place = SYMBOL_ELSEWHERE;
        bound_symbol(o, section, &symbol, &found);
    }
    return found;
}

static int by_function_address(const void *a, const void *b) {
    const struct object_function *x = a, *y = b;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    if (x->is_section != y->is_section)
        return x->is_section ? 1 : -1;
    /* Of two names for one place the sized one, so functions win over labels. */
    return x->size != y->size ? (x->size > y->size ? -1 : 1) : strcmp(x->name, y->name);
}

/* Functions and labels in code; a section whose beginning has no name lends its own. */
static bool parse_functions(struct parser *p) {
    struct object *o = p->object;
    size_t n = 0;
    o->functions = calloc(o->symbol_count + o->section_count + 1, sizeof *o->functions);
    if (!o->functions)
        return fail(p, "not enough memory", 0, o->symbol_count);
    for (uint64_t i = 1; i < o->symbol_count && i <= UINT32_MAX; i++) {
        struct elf_symbol symbol;
        struct object_symbol place = object_symbol(o, (uint32_t)i);
        read_at(o, o->symbols + i * sizeof symbol, &symbol, sizeof symbol);
        unsigned type = symbol.info & 15;
        const struct object_section *code =
            place.place == SYMBOL_CODE ? section_of(o, symbol_section(o, i, &symbol)) : NULL;
        bool names_code = type == STT_FUNC || type == STT_NOTYPE || type == STT_GNU_IFUNC;
        if (!code || symbol.value >= code->size || !*place.name || !names_code)
            continue;
        o->functions[n++] = (struct object_function){.name = place.name, .address = place.address, .size = symbol.size};
    }
    for (size_t i = 0; i < o->section_count; i++)
        o->functions[n++] = (struct object_function){
            .name = o->sections[i].name, .address = o->sections[i].address, .is_section = true};
    qsort(o->functions, n, sizeof *o->functions, by_function_address);
    for (size_t i = 0; i < n; i++)
        if (!i || o->functions[i].address != o->functions[o->function_count - 1].address)
            o->functions[o->function_count++] = o->functions[i];
    return true;
}

static int by_relocation_address(const void *a, const void *b) {
    const struct object_relocation *x = a, *y = b;
    return x->address < y->address ? -1 : x->address > y->address;
}

/* Relocations of code. All their tables together are no larger than the file. */
static bool parse_relocations(struct parser *p) {
    struct object *o = p->object;
    uint64_t total = 0, room = 0;
    for (uint64_t i = 1; i < p->count; i++) {
        struct elf_section_header sh;
        section_header(p, i, &sh);
        const struct object_section *code = sh.info < p->count ? section_of(o, sh.info) : NULL;
        if ((sh.type != SHT_RELA && sh.type != SHT_REL) || !code || !sh.size)
            continue;
        if (sh.type == SHT_REL || sh.entsize != sizeof(struct elf_rela) || sh.size % sizeof(struct elf_rela) ||
            !fits(sh.offset, sh.size, o->file_size))
            return fail(p, "relocations of another format than x86-64's, or outside the file", i, sh.offset);
        total += sh.size;
        if (total > o->file_size)
            return fail(p, "relocation tables overlap", i, sh.offset);
        uint64_t count = sh.size / sizeof(struct elf_rela);
        if (o->relocation_count + count > room) {
            room = (o->relocation_count + count) * 2;
            void *grown = realloc(o->relocations, room * sizeof *o->relocations);
            if (!grown)
                return fail(p, "not enough memory", 0, room);
            o->relocations = grown;
        }
        for (uint64_t k = 0; k < count; k++) {
            struct elf_rela rela;
            read_at(o, sh.offset + k * sizeof rela, &rela, sizeof rela);
            if (rela.offset >= code->size)
                return fail(p, "a relocation lies outside its section", rela.offset, code->size);
            o->relocations[o->relocation_count++] = (struct object_relocation){
                .address = code->address + rela.offset,
                .type = (uint32_t)rela.info,
                .symbol = (uint32_t)(rela.info >> 32),
                .addend = rela.addend,
                .section = (uint32_t)(code - o->sections),
            };
        }
    }
    if (o->relocation_count)
        qsort(o->relocations, o->relocation_count, sizeof *o->relocations, by_relocation_address);
    return true;
}

bool object_parse(struct object *object, const uint8_t *file, size_t size, struct bh_elf_error *error) {
    struct parser p = {.object = object, .error = error};
    memset(object, 0, sizeof *object);
    object->file = file;
    object->file_size = size;
    return parse_header(&p) && parse_sections(&p) && parse_symbols(&p) && parse_functions(&p) && parse_relocations(&p);
}

void object_free(struct object *object) {
    free(object->sections);
    free(object->functions);
    free(object->relocations);
}

/* How many of `count` elements, sorted by the address at an offset in each, have an address below `limit`. */
static size_t count_below(const void *elements, size_t count, size_t size, size_t offset, uint64_t limit) {
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        uint64_t address;
        memcpy(&address, (const uint8_t *)elements + middle * size + offset, sizeof address);
        if (address < limit)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct object_function *object_function_at(const struct object *o, uint64_t address) {
    size_t n = count_below(o->functions, o->function_count, sizeof *o->functions,
                           offsetof(struct object_function, address), address + 1);
    return n ? &o->functions[n - 1] : NULL;
}

const struct object_section *object_section_at(const struct object *o, uint64_t address) {
    size_t n = count_below(o->sections, o->section_count, sizeof *o->sections, offsetof(struct object_section, address),
                           address + 1);
    return n && address - o->sections[n - 1].address < o->sections[n - 1].size ? &o->sections[n - 1] : NULL;
}

size_t object_relocation_from(const struct object *o, uint64_t address) {
    return count_below(o->relocations, o->relocation_count, sizeof *o->relocations,
                       offsetof(struct object_relocation, address), address);
}
