/* The dynamic section of a module: which relocations the runtime will apply, and what the module exports. Nothing in it
 * is taken on trust: every table must come from the file part of one segment.
 */
#include "elf_parser.h"

/* P4: a relocation writes only where the guest may write, or could until relro was protected. */
static bool target_allowed(const struct bh_elf *elf, uint64_t address) {
    for (unsigned i = 0; i < elf->segment_count; i++)
        if (elf->segment[i].write && in_memory_of(&elf->segment[i], address, 8))
            return true;
    return false;
}

static bool check_rela(struct parser *p) {
    const struct bh_elf *elf = p->elf;
    for (uint64_t i = 0; i < elf->rela_count; i++) {
        struct elf_rela rela;
        read_at(elf, elf->rela_offset + i * sizeof rela, &rela, sizeof rela);
        if (broken(rela.info != R_X86_64_RELATIVE))
            return fail(p, "elf-reloc",
                        "a relocation is not R_X86_64_RELATIVE: link with -static-pie and without ifuncs", rela.offset,
                        rela.info);
        if (broken(!target_allowed(elf, rela.offset)))
            return fail(p, "P4", "a relocation's target is not in a writable segment", rela.offset, 0);
    }
    return true;
}

static bool check_relr_target(void *context, uint64_t address) { return !broken(!target_allowed(context, address)); }

/* A table that two tags describe: where it is and how large. False when it is not wholly in one segment's file part. (A
 * size without an address is the caller's to refuse: 0 is an address like others.) */
static bool locate(const struct bh_elf *elf, uint64_t address, uint64_t size, uint64_t entry, uint64_t *offset,
                   uint64_t *count) {
    *count = 0;
    if (!size)
        return true;
    if (broken(size % entry != 0) || broken(!to_offset(elf, address, size, offset)))
        return false;
    *count = size / entry;
    return true;
}

/* The number of symbols, from DT_HASH. */
static bool count_by_hash(struct bh_elf *elf, uint64_t address) {
    uint32_t head[2];
    uint64_t offset;
    if (broken(!to_offset(elf, address, sizeof head, &offset)))
        return false;
    read_at(elf, offset, head, sizeof head);
    elf->dynsym_count = head[1];
    return true;
}

/* The number of symbols, from DT_GNU_HASH: the end of the chain that the highest bucket starts. */
static bool count_by_gnu_hash(struct bh_elf *elf, uint64_t address) {
    uint32_t head[4], highest = 0, word;
    uint64_t offset, buckets, chains;
    if (broken(!to_offset(elf, address, sizeof head, &offset)))
        return false;
    read_at(elf, offset, head, sizeof head);
    buckets = address + sizeof head + (uint64_t)head[2] * 8;
    chains = buckets + (uint64_t)head[0] * 4;
    if (broken(!to_offset(elf, buckets, (uint64_t)head[0] * 4, &offset)))
        return false;
    for (uint32_t i = 0; i < head[0]; i++) {
        read_at(elf, offset + (uint64_t)i * 4, &word, sizeof word);
        highest = word > highest ? word : highest;
    }
    elf->dynsym_count = head[1];
    if (highest < head[1])
        return highest == 0;
    do {
        if (broken(!to_offset(elf, chains + (uint64_t)(highest - head[1]) * 4, sizeof word, &offset)))
            return false;
        read_at(elf, offset, &word, sizeof word);
        highest++;
    } while (!(word & 1));
    elf->dynsym_count = highest;
    return true;
}

static bool check_exports(struct parser *p) {
    const struct bh_elf *elf = p->elf;
    const struct bh_elf_segment *code = &elf->segment[elf->code_segment];
    for (uint64_t i = 1; i < elf->dynsym_count; i++) {
        struct elf_symbol symbol;
        read_at(elf, elf->dynsym_offset + i * sizeof symbol, &symbol, sizeof symbol);
        unsigned type = symbol.info & 15, binding = symbol.info >> 4;
        if (broken(symbol.name >= elf->dynstr_size))
            return fail(p, "elf-dynamic", "an exported symbol's name lies outside the string table", symbol.value,
                        symbol.name);
        if (symbol.shndx == SHN_UNDEF) {
            if (broken(binding != STB_WEAK))
                return fail(p, "elf-dynamic", "an undefined symbol: a module is linked completely", i, 0);
            continue;
        }
        if (broken(type == STT_GNU_IFUNC))
            return fail(p, "elf-export", "an exported ifunc: nothing would run its resolver", symbol.value, 0);
        if (type == STT_FUNC &&
            (broken(symbol.value % BH_BUNDLE_SIZE != 0) || broken(!in_memory_of(code, symbol.value, 1))))
            return fail(p, "T1", "an exported function is not on a bundle boundary inside the code", symbol.value, 0);
        if (type == STT_OBJECT && (broken(symbol.value < elf->image_lo) || broken(symbol.value > elf->image_hi) ||
                                   broken(symbol.size > elf->image_hi - symbol.value)))
            return fail(p, "elf-export", "an exported object lies outside the image", symbol.value, symbol.size);
    }
    return true;
}

/* The tags that matter; each may occur once. */
enum {
    TAG_STRTAB,
    TAG_SYMTAB,
    TAG_STRSZ,
    TAG_SYMENT,
    TAG_HASH,
    TAG_GNU_HASH,
    TAG_RELA,
    TAG_RELASZ,
    TAG_RELAENT,
    TAG_RELR,
    TAG_RELRSZ,
    TAG_RELRENT,
    TAG_COUNT
};
static const uint64_t tag_numbers[TAG_COUNT] = {DT_STRTAB, DT_SYMTAB, DT_STRSZ,   DT_SYMENT, DT_HASH,   DT_GNU_HASH,
                                                DT_RELA,   DT_RELASZ, DT_RELAENT, DT_RELR,   DT_RELRSZ, DT_RELRENT};

struct tags {
    uint64_t value[TAG_COUNT];
    bool have[TAG_COUNT];
};

static bool take_tag(struct parser *p, struct tags *tags, const struct elf_dynamic *d) {
    const char *rule = "elf-dynamic";
    if (broken(d->tag == DT_NEEDED))
        return fail(p, rule, "the module needs a shared library (DT_NEEDED): link statically", 0, d->value);
    if (broken(d->tag == DT_TEXTREL) || broken(d->tag == DT_FLAGS && (d->value & DF_TEXTREL)))
        return fail(p, rule, "relocations in code (DT_TEXTREL)", 0, 0);
    if (broken(d->tag == DT_JMPREL) || broken(d->tag == DT_PLTRELSZ && d->value != 0))
        return fail(p, rule, "PLT relocations (DT_JMPREL): link with -static-pie and without ifuncs", 0, 0);
    if (broken(d->tag == DT_REL) || (d->tag >= DT_ANDROID_REL && broken(d->tag <= DT_ANDROID_RELASZ)))
        return fail(p, rule, "relocations in another format than RELA and RELR", 0, d->tag);
    for (unsigned i = 0; i < TAG_COUNT; i++)
        if (d->tag == tag_numbers[i]) {
            if (broken(tags->have[i]))
                return fail(p, rule, "a dynamic tag occurs twice", 0, d->tag);
            tags->have[i] = true;
            tags->value[i] = d->value;
        }
    return true;
}

static bool read_tags(struct parser *p, struct tags *tags) {
    uint64_t offset;
    bool ended = false;
    if (broken(!to_offset(p->elf, p->dynamic.vaddr, p->dynamic.filesz, &offset)) || broken(offset != p->dynamic.offset))
        return fail(p, "elf-dynamic", "the dynamic section is not part of a segment", p->dynamic.vaddr,
                    p->dynamic.filesz);
    for (uint64_t i = 0; i < p->dynamic.filesz / sizeof(struct elf_dynamic) && !ended; i++) {
        struct elf_dynamic d;
        read_at(p->elf, offset + i * sizeof d, &d, sizeof d);
        ended = d.tag == DT_NULL;
        if (!take_tag(p, tags, &d))
            return false;
    }
    if (broken(!ended))
        return fail(p, "elf-dynamic", "the dynamic section has no end", p->dynamic.vaddr, 0);
    return true;
}

static bool parse_symbols(struct parser *p, const struct tags *tags) {
    struct bh_elf *elf = p->elf;
    const uint64_t *value = tags->value;
    uint64_t unused;
    const char *rule = "elf-dynamic";
    if (!tags->have[TAG_SYMTAB] || !tags->have[TAG_STRTAB])
        return true;
    if (broken(!locate(elf, value[TAG_STRTAB], value[TAG_STRSZ], 1, &elf->dynstr_offset, &elf->dynstr_size)) ||
        broken(elf->dynstr_size && elf->file[elf->dynstr_offset + elf->dynstr_size - 1] != 0))
        return fail(p, rule, "the dynamic string table is not in the file, or does not end in NUL", value[TAG_STRTAB],
                    0);
    if (tags->have[TAG_SYMENT] && broken(value[TAG_SYMENT] != sizeof(struct elf_symbol)))
        return fail(p, rule, "dynamic symbols have another size", 0, value[TAG_SYMENT]);
    if ((tags->have[TAG_HASH] && broken(!count_by_hash(elf, value[TAG_HASH]))) ||
        (!tags->have[TAG_HASH] && tags->have[TAG_GNU_HASH] && broken(!count_by_gnu_hash(elf, value[TAG_GNU_HASH]))))
        return fail(p, rule, "the symbol hash table is malformed", value[TAG_GNU_HASH], 0);
    if (broken(!locate(elf, value[TAG_SYMTAB], elf->dynsym_count * sizeof(struct elf_symbol), sizeof(struct elf_symbol),
                       &elf->dynsym_offset, &unused)))
        return fail(p, rule, "the dynamic symbol table is not part of a segment", value[TAG_SYMTAB], elf->dynsym_count);
    return check_exports(p);
}

bool bh_elf_parse_dynamic(struct parser *p) {
    struct bh_elf *elf = p->elf;
    struct tags tags = {.have = {false}};
    const uint64_t *value = tags.value;
    if (!p->have_dynamic)
        return true;
    if (!read_tags(p, &tags) || !parse_symbols(p, &tags))
        return false;
    if ((tags.have[TAG_RELAENT] && broken(value[TAG_RELAENT] != sizeof(struct elf_rela))) ||
        (value[TAG_RELASZ] && broken(!tags.have[TAG_RELA])) ||
        broken(!locate(elf, value[TAG_RELA], value[TAG_RELASZ], sizeof(struct elf_rela), &elf->rela_offset,
                       &elf->rela_count)))
        return fail(p, "elf-reloc", "the RELA table is not part of a segment", value[TAG_RELA], value[TAG_RELASZ]);
    if ((tags.have[TAG_RELRENT] && broken(value[TAG_RELRENT] != 8)) ||
        (value[TAG_RELRSZ] && broken(!tags.have[TAG_RELR])) ||
        broken(!locate(elf, value[TAG_RELR], value[TAG_RELRSZ], 8, &elf->relr_offset, &elf->relr_count)))
        return fail(p, "elf-reloc", "the RELR table is not part of a segment", value[TAG_RELR], value[TAG_RELRSZ]);
    if (!check_rela(p))
        return false;
    if (!bh_elf_for_each_relr(elf, check_relr_target, elf))
        return fail(p, "P4", "a RELR relocation's target is not in a writable segment", value[TAG_RELR], 0);
    return true;
}
