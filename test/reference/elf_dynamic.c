/* The reference verifier: the dynamic section, relocations and exports (section 8 of docs/contract.md). */
#include <stdlib.h>
#include <string.h>

#include "elf_file.h"

#ifndef DT_RELR
enum { DT_RELRSZ = 35, DT_RELR = 36, DT_RELRENT = 37 };
#endif

struct dynamic {
    bool has[DT_RELRENT + 1];
    uint64_t value[DT_RELRENT + 1]; /* of the tags below 38 */
    bool has_gnu_hash;
    uint64_t gnu_hash;
};

static bool is_refused_tag(int64_t tag)
{
    static const int64_t refused[] = {DT_NEEDED, DT_TEXTREL, DT_JMPREL, DT_REL, 0x6000000F, 0x60000010,
                                      0x60000011, 0x60000012 /* Android's packed relocations */};
    for (unsigned i = 0; i < sizeof refused / sizeof *refused; i++)
        if (tag == refused[i])
            return true;
    return false;
}

/* The tags that say something about a module. */
static bool is_interesting_tag(int64_t tag)
{
    static const int64_t interesting[] = {DT_HASH, DT_STRTAB, DT_SYMTAB, DT_RELA, DT_RELASZ, DT_RELAENT, DT_STRSZ, DT_SYMENT,
                                          DT_RELRSZ, DT_RELR, DT_RELRENT};
    for (unsigned i = 0; i < sizeof interesting / sizeof *interesting; i++)
        if (tag == interesting[i])
            return true;
    return false;
}

static bool read_tag(struct dynamic *d, const Elf64_Dyn *entry)
{
    if (is_refused_tag(entry->d_tag))
        return false;
    if (entry->d_tag == DT_GNU_HASH) {
        if (d->has_gnu_hash)
            return false;
        d->has_gnu_hash = true;
        d->gnu_hash = entry->d_un.d_val;
    } else if (is_interesting_tag(entry->d_tag)) {
        if (d->has[entry->d_tag])
            return false;
        d->has[entry->d_tag] = true;
        d->value[entry->d_tag] = entry->d_un.d_val;
    }
    if (entry->d_tag == DT_PLTRELSZ)
        return entry->d_un.d_val == 0;
    return entry->d_tag != DT_FLAGS || !(entry->d_un.d_val & DF_TEXTREL);
}

static bool read_dynamic(struct elf_file *f, const Elf64_Phdr *p, struct dynamic *d)
{
    uint64_t offset;
    if (!in_image_file(f, p->p_vaddr, p->p_filesz, &offset) || offset != p->p_offset)
        return false;
    for (uint64_t at = 0; at + sizeof(Elf64_Dyn) <= p->p_filesz; at += sizeof(Elf64_Dyn)) {
        Elf64_Dyn entry;
        read_file(f, offset + at, &entry, sizeof entry);
        if (entry.d_tag == DT_NULL)
            return true;
        if (!read_tag(d, &entry))
            return false;
    }
    return false; /* endless */
}

/* P4: 8 bytes in a writable segment. */
static bool rule_P4(const struct elf_file *f, uint64_t address)
{
    for (unsigned i = 0; i < f->out->segment_count; i++) {
        const struct bh_elf_segment *s = &f->out->segment[i];
        if (s->write && address >= s->vaddr && s->memsz >= 8 && address - s->vaddr <= s->memsz - 8)
            return true;
    }
    return false;
}

static enum elf_rule rule_rela(struct elf_file *f, const struct dynamic *d)
{
    uint64_t size = d->value[DT_RELASZ];
    if (d->has[DT_RELAENT] && d->value[DT_RELAENT] != sizeof(Elf64_Rela))
        return ELF_RELOC;
    if (!size)
        return ELF_KEPT;
    if (!d->has[DT_RELA] || size % sizeof(Elf64_Rela) ||
        !in_image_file(f, d->value[DT_RELA], size, &f->out->rela_offset))
        return ELF_RELOC;
    f->out->rela_count = size / sizeof(Elf64_Rela);
    for (uint64_t i = 0; i < f->out->rela_count; i++) {
        Elf64_Rela r;
        read_file(f, f->out->rela_offset + i * sizeof r, &r, sizeof r);
        if (r.r_info != ELF64_R_INFO(0, R_X86_64_RELATIVE))
            return ELF_RELOC;
        if (!rule_P4(f, r.r_offset))
            return ELF_P4;
    }
    return ELF_KEPT;
}

/* An even word is an address; an odd one tells by its upper 63 bits which of the next 63 words are relocated too. */
static enum elf_rule rule_relr(struct elf_file *f, const struct dynamic *d)
{
    uint64_t size = d->value[DT_RELRSZ], next = 0;
    bool started = false;
    if (d->has[DT_RELRENT] && d->value[DT_RELRENT] != 8)
        return ELF_RELOC;
    if (!size)
        return ELF_KEPT;
    if (!d->has[DT_RELR] || size % 8 || !in_image_file(f, d->value[DT_RELR], size, &f->out->relr_offset))
        return ELF_RELOC;
    f->out->relr_count = size / 8;
    for (uint64_t i = 0; i < f->out->relr_count; i++) {
        uint64_t word;
        read_file(f, f->out->relr_offset + 8 * i, &word, sizeof word);
        if (word & 1) {
            if (!started)
                return ELF_P4;
            for (unsigned bit = 1; bit < 64; bit++)
                if (word >> bit & 1 && !rule_P4(f, next + 8 * (bit - 1)))
                    return ELF_P4;
            next += 63 * 8;
        } else {
            if (!rule_P4(f, word))
                return ELF_P4;
            next = word + 8;
            started = true;
        }
    }
    return ELF_KEPT;
}

static bool read_word(const struct elf_file *f, uint64_t address, uint64_t index, uint32_t *word)
{
    uint64_t offset;
    if (index > UINT32_MAX || !in_image_file(f, address + 4 * index, 4, &offset) || address + 4 * index < address)
        return false;
    read_file(f, offset, word, 4);
    return true;
}

/* The number of symbols, from either hash table; what else a table holds is not looked at. */
static bool count_by_hash(struct elf_file *f, const struct dynamic *d, uint64_t *count)
{
    uint32_t buckets, chains;
    if (!read_word(f, d->value[DT_HASH], 0, &buckets) || !read_word(f, d->value[DT_HASH], 1, &chains))
        return false;
    *count = chains;
    return true;
}

static bool count_by_gnu_hash(struct elf_file *f, const struct dynamic *d, uint64_t *count)
{
    uint32_t buckets, first, bloom, last = 0, word, unused;
    uint64_t at = d->gnu_hash;
    if (!read_word(f, at, 0, &buckets) || !read_word(f, at, 1, &first) || !read_word(f, at, 2, &bloom) ||
        !read_word(f, at, 3, &unused))
        return false;
    uint64_t bucket_at = at + 16 + 8 * (uint64_t)bloom, chain_at = bucket_at + 4 * (uint64_t)buckets;
    for (uint64_t i = 0; i < buckets; i++) {
        if (!read_word(f, bucket_at, i, &word))
            return false;
        last = word > last ? word : last;
    }
    if (last < first) {
        *count = first; /* no symbol is hashed */
        return last == 0;
    }
    for (uint64_t i = last - first;; i++) {
        if (!read_word(f, chain_at, i, &word))
            return false;
        if (word & 1) {
            *count = first + i + 1;
            return true;
        }
    }
}

static enum elf_rule rule_symbol(const struct elf_file *f, const Elf64_Sym *s)
{
    const struct bh_elf *out = f->out;
    const struct bh_elf_segment *code = &out->segment[out->code_segment];
    unsigned type = ELF64_ST_TYPE(s->st_info), binding = ELF64_ST_BIND(s->st_info);
    if (s->st_name >= out->dynstr_size)
        return ELF_DYNAMIC;
    if (s->st_shndx == SHN_UNDEF)
        return binding == STB_WEAK ? ELF_KEPT : ELF_DYNAMIC;
    if (type == STT_GNU_IFUNC)
        return ELF_EXPORT;
    if (type == STT_FUNC) {
        bool inside = s->st_value >= code->vaddr && s->st_value < code->vaddr + code->memsz;
        return inside && s->st_value % BH_BUNDLE_SIZE == 0 ? ELF_KEPT : ELF_T1;
    }
    if (type == STT_OBJECT &&
        (s->st_value < out->image_lo || s->st_value > out->image_hi || s->st_size > out->image_hi - s->st_value))
        return ELF_EXPORT;
    return ELF_KEPT;
}

static enum elf_rule rule_exports(struct elf_file *f, const struct dynamic *d)
{
    struct bh_elf *out = f->out;
    uint64_t count = 0;
    uint8_t last;
    if (!d->has[DT_SYMTAB] || !d->has[DT_STRTAB])
        return ELF_KEPT;
    if (d->value[DT_STRSZ]) {
        if (!in_image_file(f, d->value[DT_STRTAB], d->value[DT_STRSZ], &out->dynstr_offset))
            return ELF_DYNAMIC;
        out->dynstr_size = d->value[DT_STRSZ];
        read_file(f, out->dynstr_offset + out->dynstr_size - 1, &last, 1);
        if (last)
            return ELF_DYNAMIC;
    }
    if (d->has[DT_SYMENT] && d->value[DT_SYMENT] != sizeof(Elf64_Sym))
        return ELF_DYNAMIC;
    if (d->has[DT_HASH] && !count_by_hash(f, d, &count))
        return ELF_DYNAMIC;
    if (!d->has[DT_HASH] && d->has_gnu_hash && !count_by_gnu_hash(f, d, &count))
        return ELF_DYNAMIC;
    if (!count)
        return ELF_KEPT;
    if (count > f->size || !in_image_file(f, d->value[DT_SYMTAB], count * sizeof(Elf64_Sym), &out->dynsym_offset))
        return ELF_DYNAMIC;
    out->dynsym_count = count;
    for (uint64_t i = 1; i < count; i++) {
        Elf64_Sym symbol;
        read_file(f, out->dynsym_offset + i * sizeof symbol, &symbol, sizeof symbol);
        enum elf_rule broken = rule_symbol(f, &symbol);
        if (broken)
            return broken;
    }
    return ELF_KEPT;
}

enum elf_rule rule_elf_dynamic(struct elf_file *f)
{
    const Elf64_Phdr *p = find_program_header(f, PT_DYNAMIC);
    struct dynamic d = {.has_gnu_hash = false};
    if (!p)
        return ELF_KEPT;
    if (!read_dynamic(f, p, &d))
        return ELF_DYNAMIC;
    enum elf_rule broken = rule_rela(f, &d);
    if (!broken)
        broken = rule_relr(f, &d);
    return broken ? broken : rule_exports(f, &d);
}
