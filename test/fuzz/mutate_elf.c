/* fuzz-elf's mutator: changes one field of one structure of the file, found by following the file's own headers, and leaves
 * the rest as it is. What is written is a value at which a rule changes its mind: an edge of the file or of a segment, a
 * neighbour of the old value, a value from elsewhere in the file. */
#include <elf.h>
#include <stddef.h>
#include <stdbool.h>
#include <string.h>

#include "elf_input.h"
#include "random.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);

struct file {
    uint8_t *bytes;
    size_t size, room; /* it may grow to room */
    struct random *random;
    Elf64_Ehdr header;
};

/* offset and size of each field of a structure */
struct field {
    uint8_t offset, size;
};
#define FIELD(type, name) {offsetof(type, name), sizeof(((type *)0)->name)}
static const struct field header_fields[] = {
    {EI_CLASS, 1}, {EI_DATA, 1}, {EI_VERSION, 1}, {EI_OSABI, 1}, {EI_ABIVERSION, 1}, FIELD(Elf64_Ehdr, e_type),
    FIELD(Elf64_Ehdr, e_machine), FIELD(Elf64_Ehdr, e_version), FIELD(Elf64_Ehdr, e_entry), FIELD(Elf64_Ehdr, e_phoff),
    FIELD(Elf64_Ehdr, e_shoff), FIELD(Elf64_Ehdr, e_flags), FIELD(Elf64_Ehdr, e_ehsize), FIELD(Elf64_Ehdr, e_phentsize),
    FIELD(Elf64_Ehdr, e_phnum), FIELD(Elf64_Ehdr, e_shentsize), FIELD(Elf64_Ehdr, e_shnum), FIELD(Elf64_Ehdr, e_shstrndx)};
static const struct field program_fields[] = {
    FIELD(Elf64_Phdr, p_type), FIELD(Elf64_Phdr, p_flags), FIELD(Elf64_Phdr, p_offset), FIELD(Elf64_Phdr, p_vaddr),
    FIELD(Elf64_Phdr, p_filesz), FIELD(Elf64_Phdr, p_memsz), FIELD(Elf64_Phdr, p_align)};
static const struct field section_fields[] = {
    FIELD(Elf64_Shdr, sh_type), FIELD(Elf64_Shdr, sh_offset), FIELD(Elf64_Shdr, sh_size), FIELD(Elf64_Shdr, sh_link),
    FIELD(Elf64_Shdr, sh_entsize), FIELD(Elf64_Shdr, sh_flags)};
static const struct field symbol_fields[] = {
    FIELD(Elf64_Sym, st_name), FIELD(Elf64_Sym, st_info), FIELD(Elf64_Sym, st_other), FIELD(Elf64_Sym, st_shndx),
    FIELD(Elf64_Sym, st_value), FIELD(Elf64_Sym, st_size)};
static const struct field dynamic_fields[] = {FIELD(Elf64_Dyn, d_tag), FIELD(Elf64_Dyn, d_un)};
static const struct field rela_fields[] = {FIELD(Elf64_Rela, r_offset), FIELD(Elf64_Rela, r_info), FIELD(Elf64_Rela, r_addend)};
static const struct field note_fields[] = {FIELD(Elf64_Nhdr, n_namesz), FIELD(Elf64_Nhdr, n_descsz), FIELD(Elf64_Nhdr, n_type),
                                           {12, 4}, {16, 4}, {24, 4}, {28, 4}, {32, 4}, {36, 4}, {40, 4}};
static const struct field word_fields[] = {{0, 4}, {4, 4}, {8, 4}, {12, 4}, {16, 4}, {20, 4}, {24, 4}, {28, 4}, {40, 4}};
static const struct field long_fields[] = {{0, 8}, {8, 8}, {16, 8}};

static const uint64_t types[] = {PT_NULL, PT_LOAD, PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_NOTE, PT_SHLIB, PT_PHDR, PT_TLS,
                                 PT_GNU_EH_FRAME, PT_GNU_STACK, PT_GNU_RELRO, PT_GNU_PROPERTY, 0x6474E554, 0x70000001};
static const uint64_t tags[] = {DT_NULL, DT_NEEDED, DT_PLTRELSZ, DT_PLTGOT, DT_HASH, DT_STRTAB, DT_SYMTAB, DT_RELA, DT_RELASZ,
                                DT_RELAENT, DT_STRSZ, DT_SYMENT, DT_INIT, DT_FINI, DT_SONAME, DT_RPATH, DT_SYMBOLIC, DT_REL, DT_RELSZ,
                                DT_RELENT, DT_PLTREL, DT_DEBUG, DT_TEXTREL, DT_JMPREL, DT_BIND_NOW, DT_INIT_ARRAY, DT_FINI_ARRAY,
                                DT_INIT_ARRAYSZ, DT_RUNPATH, DT_FLAGS, DT_PREINIT_ARRAY, DT_SYMTAB_SHNDX, 35, 36, 37, DT_GNU_HASH,
                                DT_FLAGS_1, DT_RELACOUNT, DT_VERSYM, DT_VERNEED, DT_AUXILIARY, 0x6000000F, 0x60000010, 0x60000011,
                                0x60000012, 0x6FFFE000, 0x6FFFE001, 0x6FFFE003, 0x6FFFFEF8};
static const uint64_t relocations[] = {R_X86_64_RELATIVE, R_X86_64_NONE, R_X86_64_64, R_X86_64_GLOB_DAT, R_X86_64_IRELATIVE,
                                       0x100000008, R_X86_64_RELATIVE64, R_X86_64_TPOFF64};
static const uint64_t plain[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 16, 20, 24, 31, 32, 40, 44, 56, 63, 64, 65, 0x40, 0x80, 0xFFF, 0x1000,
                                 0x1001, 0x2000, 0x8000, 0x10000, 0x20000, 0x20001, 0x40000, 0xFF000000, 0xFEFE0000, 0xFEFDF000,
                                 0xFEFDFFFF, 0xFFFFFFFF, 0x100000000, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, UINT64_MAX,
                                 UINT64_MAX - 7, UINT64_MAX - 0xFFF};

static uint64_t get(const struct file *f, uint64_t at, unsigned size)
{
    uint64_t value = 0;
    if (at <= f->size && size <= f->size - at)
        memcpy(&value, f->bytes + at, size);
    return value;
}

static void set(struct file *f, uint64_t at, unsigned size, uint64_t value)
{
    if (at <= f->size && size <= f->size - at)
        memcpy(f->bytes + at, &value, size);
}

static bool program_header(const struct file *f, unsigned index, Elf64_Phdr *p, uint64_t *at)
{
    *at = f->header.e_phoff + index * sizeof *p;
    if (f->header.e_phoff > f->size || *at > f->size || f->size - *at < sizeof *p)
        return false;
    memcpy(p, f->bytes + *at, sizeof *p);
    return true;
}

static unsigned program_headers(const struct file *f)
{
    return f->header.e_phnum < 80 ? f->header.e_phnum : 80;
}

static bool find(const struct file *f, uint32_t type, Elf64_Phdr *p, uint64_t *at)
{
    for (unsigned i = 0; i < program_headers(f); i++)
        if (program_header(f, i, p, at) && p->p_type == type)
            return true;
    return false;
}

/* Where an image address lies in the file; the file's end when nowhere. */
static uint64_t file_offset(const struct file *f, uint64_t address)
{
    Elf64_Phdr p;
    uint64_t at;
    for (unsigned i = 0; i < program_headers(f); i++)
        if (program_header(f, i, &p, &at) && p.p_type == PT_LOAD && address - p.p_vaddr < p.p_filesz)
            return p.p_offset + (address - p.p_vaddr);
    return f->size;
}

static uint64_t dynamic_value(const struct file *f, int64_t tag)
{
    Elf64_Phdr p;
    uint64_t at;
    if (!find(f, PT_DYNAMIC, &p, &at))
        return 0;
    for (uint64_t i = 0; i < 64; i++)
        if ((int64_t)get(f, p.p_offset + 16 * i, 8) == tag)
            return get(f, p.p_offset + 16 * i + 8, 8);
    return 0;
}

/* An edge of a segment: its first or last address or offset, give or take a few bytes. */
static uint64_t edge(struct file *f)
{
    static const int64_t near[] = {0, 0, 0, 1, -1, 7, -7, 8, -8, 24, -24, 31, -31, 32, -32, 0x1000, -0x1000};
    Elf64_Phdr p;
    uint64_t at, value = f->size;
    unsigned count = program_headers(f);
    if (count && program_header(f, random_below(f->random, count), &p, &at)) {
        const uint64_t edges[] = {p.p_vaddr, p.p_vaddr + p.p_memsz, p.p_vaddr + p.p_filesz, p.p_offset, p.p_offset + p.p_filesz,
                                  p.p_filesz, p.p_memsz, p.p_vaddr & ~0xFFFull, (p.p_vaddr + p.p_memsz + 0xFFF) & ~0xFFFull};
        value = RANDOM_OF(f->random, edges);
    }
    return value + (uint64_t)RANDOM_OF(f->random, near);
}

static uint64_t any_value(struct file *f, uint64_t old)
{
    static const int64_t steps[] = {1, -1, 2, 4, 8, -8, 16, 24, -24, 32, -32, 64, 0x1000, -0x1000};
    switch (random_below(f->random, 8)) {
    case 0: case 1: return RANDOM_OF(f->random, plain);
    case 2: case 3: return old + (uint64_t)RANDOM_OF(f->random, steps);
    case 4: return old ^ 1ull << random_below(f->random, 64);
    case 5: return old ^ 1ull << random_below(f->random, 8);
    default: return edge(f);
    }
}

static void change_field(struct file *f, uint64_t at, const struct field *fields, unsigned count)
{
    const struct field *field = &fields[random_below(f->random, count)];
    uint64_t old = get(f, at + field->offset, field->size), value = any_value(f, old);
    if (fields == program_fields && field->offset == offsetof(Elf64_Phdr, p_type) && random_below(f->random, 4))
        value = RANDOM_OF(f->random, types);
    else if (fields == program_fields && field->offset == offsetof(Elf64_Phdr, p_flags))
        value = random_below(f->random, 4) ? random_below(f->random, 8) : value;
    else if (fields == dynamic_fields && field->offset == 0 && random_below(f->random, 8))
        value = RANDOM_OF(f->random, tags);
    else if (fields == rela_fields && field->offset == offsetof(Elf64_Rela, r_info) && random_below(f->random, 4))
        value = RANDOM_OF(f->random, relocations);
    else if (fields == symbol_fields && field->offset == offsetof(Elf64_Sym, st_info) && random_below(f->random, 4))
        value = ELF64_ST_INFO(random_below(f->random, 4), random_below(f->random, 11));
    set(f, at + field->offset, field->size, value);
}
#define CHANGE(f, at, fields) change_field(f, at, fields, sizeof(fields) / sizeof *(fields))

static void change_header(struct file *f) { CHANGE(f, 0, header_fields); }

static void change_program_header(struct file *f)
{
    unsigned count = program_headers(f);
    CHANGE(f, f->header.e_phoff + random_below(f->random, count + 1) * sizeof(Elf64_Phdr), program_fields);
}

/* Size in the file and in memory, or address and offset, together. */
static void change_segment(struct file *f)
{
    Elf64_Phdr p;
    uint64_t at, value;
    unsigned count = program_headers(f);
    if (!count || !program_header(f, random_below(f->random, count), &p, &at))
        return;
    switch (random_below(f->random, 3)) {
    case 0:
        value = any_value(f, p.p_filesz);
        p.p_memsz += value - p.p_filesz;
        p.p_filesz = value;
        break;
    case 1:
        value = (random_below(f->random, 6) - 3ull) * (random_below(f->random, 2) ? 0x1000 : 32);
        p.p_vaddr += value;
        p.p_offset += random_below(f->random, 2) ? value : 0;
        break;
    default: p.p_memsz = any_value(f, p.p_memsz); break;
    }
    memcpy(f->bytes + at, &p, sizeof p);
}

static void copy_program_header(struct file *f)
{
    Elf64_Phdr a, b;
    uint64_t a_at, b_at;
    unsigned count = program_headers(f);
    if (!count || !program_header(f, random_below(f->random, count), &a, &a_at) ||
        !program_header(f, random_below(f->random, count), &b, &b_at))
        return;
    if (random_below(f->random, 2))
        memcpy(f->bytes + a_at, &b, sizeof b);
    memcpy(f->bytes + b_at, &a, sizeof a);
}

/* Moves the program headers to the end of the file and adds some: nothing (the number counts) or small segments in pages of
 * their own (their number counts too). */
static void many_program_headers(struct file *f)
{
    static const unsigned totals[] = {12, 24, 24, 27, 28, 64, 65};
    unsigned count = program_headers(f), total = RANDOM_OF(f->random, totals);
    uint32_t type = random_below(f->random, 2) ? PT_NULL : PT_LOAD;
    Elf64_Phdr p[65];
    uint64_t at, start = (f->size + 7) & ~7ull, address = 0x10000;
    if (total <= count || start + total * sizeof *p > f->room)
        return;
    for (unsigned i = 0; i < total; i++, address += 0x1000) {
        if (i < count) {
            if (!program_header(f, i, &p[i], &at))
                return;
            continue;
        }
        p[i] = (Elf64_Phdr){.p_type = type, .p_flags = PF_R, .p_vaddr = address, .p_filesz = 8, .p_memsz = 8, .p_align = 0x1000};
    }
    memset(f->bytes + f->size, 0, start - f->size);
    memcpy(f->bytes + start, p, total * sizeof *p);
    f->size = start + total * sizeof *p;
    set(f, offsetof(Elf64_Ehdr, e_phoff), 8, start);
    set(f, offsetof(Elf64_Ehdr, e_phnum), 2, total);
}

static void change_section(struct file *f)
{
    CHANGE(f, f->header.e_shoff + random_below(f->random, f->header.e_shnum % 16 + 1) * sizeof(Elf64_Shdr), section_fields);
}

static void change_dynamic(struct file *f)
{
    Elf64_Phdr p;
    uint64_t at;
    if (find(f, PT_DYNAMIC, &p, &at))
        CHANGE(f, p.p_offset + random_below(f->random, 17) * sizeof(Elf64_Dyn), dynamic_fields);
}

static void change_rela(struct file *f)
{
    CHANGE(f, file_offset(f, dynamic_value(f, DT_RELA)) + random_below(f->random, 3) * sizeof(Elf64_Rela), rela_fields);
}

static void change_relr(struct file *f) { CHANGE(f, file_offset(f, dynamic_value(f, 36)), long_fields); }

static void change_symbol(struct file *f)
{
    CHANGE(f, file_offset(f, dynamic_value(f, DT_SYMTAB)) + random_below(f->random, 4) * sizeof(Elf64_Sym), symbol_fields);
}

static void change_hash(struct file *f)
{
    CHANGE(f, file_offset(f, dynamic_value(f, random_below(f->random, 2) ? DT_HASH : DT_GNU_HASH)), word_fields);
}

static void change_note(struct file *f)
{
    Elf64_Phdr p;
    uint64_t at;
    if (find(f, PT_NOTE, &p, &at))
        CHANGE(f, p.p_offset, note_fields);
}

static void change_strings(struct file *f)
{
    uint64_t at = file_offset(f, dynamic_value(f, DT_STRTAB)) + random_below(f->random, 25);
    set(f, at, 1, random_below(f->random, 2) ? 0 : random_next(f->random));
}

static void change_code(struct file *f)
{
    static const uint64_t bytes[] = {0xC3, 0x50, 0xF4, 0xCC, 0x90, 0x8B, 0xE8};
    set(f, file_offset(f, f->header.e_entry) + random_below(f->random, 96), 1, RANDOM_OF(f->random, bytes));
}

static void swap_words(struct file *f)
{
    uint64_t a = random_below(f->random, f->size / 8 + 1) * 8ull, b = random_below(f->random, f->size / 8 + 1) * 8ull;
    set(f, a, 8, get(f, b, 8));
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    static void (*const mutations[])(struct file *) = {
        change_header, change_program_header, change_program_header, change_program_header, change_segment, change_segment,
        copy_program_header, change_section, change_dynamic, change_dynamic, change_dynamic, change_rela, change_relr,
        change_symbol, change_symbol, change_hash, change_hash, change_note, change_note, change_strings, change_code, swap_words};
    struct random random = {seed};
    if (size < sizeof(Elf64_Ehdr) || !random_below(&random, 50)) {
        if (max_size < BASE_MODULE_SIZE)
            return size;
        base_module(data);
        size = BASE_MODULE_SIZE;
    }
    for (unsigned i = 1 + random_below(&random, 3); i > 0; i--) {
        struct file f = {.bytes = data, .size = size, .room = max_size, .random = &random};
        memcpy(&f.header, data, sizeof f.header);
        if (random_below(&random, 200))
            RANDOM_OF(&random, mutations)(&f);
        else
            many_program_headers(&f);
        size = f.size;
    }
    if (!random_below(&random, 40))
        return LLVMFuzzerMutate(data, size, max_size);
    if (!random_below(&random, 40) && size > 1)
        return size - random_below(&random, size / 2); /* cut off */
    return size;
}
