/* See elf.h. Reads only bytes inside the file, only through memcpy, and adds two numbers from the file only after both
 * were compared with a bound. Section headers are looked at for symbol names in messages and for nothing else.
 */
#include "elf.h"

#include <limits.h>
#include <string.h>

#include "broken.h"
#include "elf_format.h"

/* Addresses end where the slot's last guard begins. */
#define IMAGE_LIMIT ((uint64_t)BH_SLOT_SIZE - BH_TAIL_GUARD_SIZE - BH_IMAGE_OFFSET)
enum { HLT = 0xF4, MAX_PROGRAM_HEADERS = 64, PAGE = BH_PAGE_SIZE };

struct parser {
    struct bh_elf *elf;
    struct bh_elf_error *error;
    struct elf_header header;
    struct elf_program_header dynamic, relro, note;
    bool have_dynamic, have_relro, have_stack, have_tls, have_note;
};

static bool fail(struct parser *p, const char *rule, const char *reason, uint64_t where, uint64_t value)
{
    if (p->error)
        *p->error = (struct bh_elf_error){rule, reason, where, value};
    return false;
}

/* [start, start + length) lies in [0, limit). */
static bool fits(uint64_t start, uint64_t length, uint64_t limit)
{
    return length <= limit && start <= limit - length;
}

static uint64_t page_down(uint64_t value) { return value & ~(uint64_t)(PAGE - 1); }
static uint64_t page_up(uint64_t value) { return (value + PAGE - 1) & ~(uint64_t)(PAGE - 1); }
static bool power_of_two(uint64_t value) { return value && !(value & (value - 1)); }

/* The caller has checked that the structure lies in the file. */
static void read_at(const struct bh_elf *elf, uint64_t offset, void *out, size_t size)
{
    memcpy(out, elf->file + offset, size);
}

/* The file offset of image bytes [address, address + length), which must come from one segment's file part. */
static bool to_offset(const struct bh_elf *elf, uint64_t address, uint64_t length, uint64_t *offset)
{
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const struct bh_elf_segment *s = &elf->segment[i];
        if (address >= s->vaddr && fits(address - s->vaddr, length, s->filesz)) {
            *offset = s->offset + (address - s->vaddr);
            return true;
        }
    }
    return false;
}

static bool in_memory_of(const struct bh_elf_segment *s, uint64_t address, uint64_t length)
{
    return address >= s->vaddr && fits(address - s->vaddr, length, s->memsz);
}

/* ---- header and program headers ---------------------------------------------------------------------------------- */

static bool parse_header(struct parser *p)
{
    struct elf_header *h = &p->header;
    const char *rule = "elf-header";
    uint64_t size = p->elf->file_size;
    if (broken(size < sizeof *h))
        return fail(p, rule, "the file is shorter than an ELF header", size, 0);
    read_at(p->elf, 0, h, sizeof *h);
    if (broken(h->ident[4] != 2) || broken(h->ident[5] != 1) || broken(h->ident[6] != 1) || broken(h->version != 1))
        return fail(p, rule, "not a 64-bit little-endian ELF file of version 1", 4, h->ident[4]);
    if (broken(h->machine != EM_X86_64))
        return fail(p, rule, "not code for x86-64", 18, h->machine);
    if (broken(h->ident[7] != 0 && h->ident[7] != 3))
        return fail(p, rule, "made for another operating system's ABI", 7, h->ident[7]);
    if (broken(h->type != ET_DYN))
        return fail(p, rule, "not a position-independent image (ET_DYN): link with -static-pie", 16, h->type);
    if (broken(h->ehsize != sizeof *h) || broken(h->phentsize != sizeof(struct elf_program_header)))
        return fail(p, rule, "sizes in the ELF header are wrong", 52, h->phentsize);
    if (broken(h->phnum == 0) || broken(h->phnum > MAX_PROGRAM_HEADERS))
        return fail(p, rule, "no program headers, or more than 64", 56, h->phnum);
    if (broken(!fits(h->phoff, h->phnum * sizeof(struct elf_program_header), size)))
        return fail(p, rule, "the program headers lie outside the file", 32, h->phoff);
    if (h->shoff && (broken(h->shentsize != sizeof(struct elf_section_header)) ||
                     broken(!fits(h->shoff, h->shnum * sizeof(struct elf_section_header), size))))
        return fail(p, rule, "the section headers lie outside the file: it is truncated", 40, h->shoff);
    return true;
}

static bool add_segment(struct parser *p, const struct elf_program_header *ph)
{
    struct bh_elf *elf = p->elf;
    const char *rule = "elf-segments";
    if (broken(elf->segment_count == BH_ELF_MAX_SEGMENTS))
        return fail(p, rule, "more than 16 segments", ph->vaddr, 0);
    if (broken(ph->memsz == 0) || broken(ph->filesz > ph->memsz))
        return fail(p, rule, "a segment is empty, or larger in the file than in memory", ph->vaddr, ph->filesz);
    if (broken(!fits(ph->offset, ph->filesz, elf->file_size)))
        return fail(p, rule, "a segment lies outside the file", ph->vaddr, ph->offset);
    if (broken(!fits(ph->vaddr, ph->memsz, IMAGE_LIMIT)))
        return fail(p, rule, "a segment lies outside the slot", ph->vaddr, ph->memsz);
    if (broken(ph->vaddr % PAGE != ph->offset % PAGE))
        return fail(p, rule, "a segment's address and file offset differ in their page offsets", ph->vaddr, ph->offset);
    if (broken(ph->align > BH_IMAGE_OFFSET) || (ph->align && broken(!power_of_two(ph->align))))
        return fail(p, rule, "a segment wants an alignment that is no power of two or above 128 KiB", ph->vaddr, ph->align);
    if (broken((ph->flags & PF_W) && (ph->flags & PF_X)))
        return fail(p, "elf-wx", "a segment is writable and executable", ph->vaddr, ph->flags);
    if (broken((ph->flags & ~(uint32_t)(PF_R | PF_W | PF_X)) != 0))
        return fail(p, rule, "a segment has unknown permissions", ph->vaddr, ph->flags);
    if (elf->segment_count) {
        const struct bh_elf_segment *last = &elf->segment[elf->segment_count - 1];
        if (broken(page_down(ph->vaddr) < page_up(last->vaddr + last->memsz)))
            return fail(p, rule, "segments overlap, share a page or are not sorted: link with -z separate-code", ph->vaddr, 0);
    }
    elf->segment[elf->segment_count++] = (struct bh_elf_segment){
        .vaddr = ph->vaddr, .memsz = ph->memsz, .offset = ph->offset, .filesz = ph->filesz,
        .read = ph->flags & PF_R, .write = ph->flags & PF_W, .execute = ph->flags & PF_X,
    };
    return true;
}

static bool take_once(struct parser *p, bool *have, const struct elf_program_header *ph)
{
    if (broken(*have))
        return fail(p, "elf-segments", "a program header type that may occur once occurs twice", ph->vaddr, ph->type);
    *have = true;
    return true;
}

static bool take_header(struct parser *p, const struct elf_program_header *ph)
{
    switch (ph->type) {
    case PT_NULL: case PT_PHDR: case PT_GNU_EH_FRAME: case PT_GNU_PROPERTY: case PT_NOTE:
        return true; /* notes are read in parse_notes, the others not at all */
    case PT_LOAD:
        return add_segment(p, ph);
    case PT_DYNAMIC:
        p->dynamic = *ph;
        return take_once(p, &p->have_dynamic, ph);
    case PT_GNU_RELRO:
        p->relro = *ph;
        return take_once(p, &p->have_relro, ph);
    case PT_GNU_STACK:
        if (broken(ph->flags & PF_X))
            return fail(p, "elf-wx", "the module asks for an executable stack: link with -z noexecstack", 0, ph->flags);
        p->elf->stack_size = ph->memsz;
        return take_once(p, &p->have_stack, ph);
    case PT_TLS:
        p->elf->tls_vaddr = ph->vaddr;
        p->elf->tls_filesz = ph->filesz;
        p->elf->tls_memsz = ph->memsz;
        p->elf->tls_align = ph->align;
        return take_once(p, &p->have_tls, ph);
    case PT_INTERP:
        return fail(p, "elf-dynamic", "the module names a dynamic linker: link with -static-pie --no-dynamic-linker", 0, 0);
    default:
        return fail(p, "elf-segments", "unknown program header type", ph->vaddr, ph->type);
    }
}

static void program_header(const struct parser *p, unsigned index, struct elf_program_header *ph)
{
    read_at(p->elf, p->header.phoff + index * sizeof *ph, ph, sizeof *ph);
}

static bool parse_segments(struct parser *p)
{
    struct bh_elf *elf = p->elf;
    unsigned executable = 0;
    for (unsigned i = 0; i < p->header.phnum; i++) {
        struct elf_program_header ph;
        program_header(p, i, &ph);
        if (!take_header(p, &ph))
            return false;
    }
    for (unsigned i = 0; i < elf->segment_count; i++)
        if (elf->segment[i].execute) {
            elf->code_segment = i;
            executable++;
        }
    if (broken(executable != 1))
        return fail(p, "elf-code", "a module has exactly one executable segment", 0, executable);
    const struct bh_elf_segment *code = &elf->segment[elf->code_segment];
    const struct bh_elf_segment *last = &elf->segment[elf->segment_count - 1];
    if (broken(code->filesz != code->memsz))
        return fail(p, "elf-code", "the executable segment is larger in memory than in the file", code->vaddr, code->memsz);
    elf->code_addr = page_down(code->vaddr);
    elf->code_size = page_up(code->vaddr + code->memsz) - elf->code_addr;
    elf->image_lo = page_down(elf->segment[0].vaddr);
    elf->image_hi = page_up(last->vaddr + last->memsz);
    elf->entry = p->header.entry;
    if (broken(elf->entry % BH_BUNDLE_SIZE != 0) || broken(!in_memory_of(code, elf->entry, 1)))
        return fail(p, "elf-entry", "the entry point is not a bundle boundary inside the code", elf->entry, 0);
    uint64_t headers = p->header.phnum * sizeof(struct elf_program_header);
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const struct bh_elf_segment *s = &elf->segment[i];
        if (p->header.phoff >= s->offset && fits(p->header.phoff - s->offset, headers, s->filesz))
            elf->phdr_vaddr = s->vaddr + (p->header.phoff - s->offset);
    }
    elf->phnum = p->header.phnum;
    return true;
}

static bool parse_relro_and_tls(struct parser *p)
{
    struct bh_elf *elf = p->elf;
    if (p->have_relro && p->relro.memsz) {
        uint64_t start = p->relro.vaddr, end;
        bool covered = false;
        if (broken(!fits(start, p->relro.memsz, IMAGE_LIMIT)))
            return fail(p, "elf-relro", "the relro range lies outside the slot", start, p->relro.memsz);
        end = start + p->relro.memsz;
        for (unsigned i = 0; i < elf->segment_count; i++) {
            const struct bh_elf_segment *s = &elf->segment[i];
            covered |= s->write && start >= page_down(s->vaddr) && end <= page_up(s->vaddr + s->memsz);
        }
        if (broken(!covered))
            return fail(p, "elf-relro", "the relro range does not lie in one writable segment", start, p->relro.memsz);
        elf->relro_addr = page_up(start);
        elf->relro_size = page_down(end) > elf->relro_addr ? page_down(end) - elf->relro_addr : 0;
    }
    if (p->have_tls) {
        uint64_t offset;
        if (broken(elf->tls_filesz > elf->tls_memsz) || broken(elf->tls_memsz > IMAGE_LIMIT) ||
            broken(elf->tls_align > PAGE) || broken(elf->tls_align && !power_of_two(elf->tls_align)))
            return fail(p, "elf-tls", "the TLS segment's sizes or alignment are impossible", elf->tls_vaddr, elf->tls_align);
        if (elf->tls_filesz && broken(!to_offset(elf, elf->tls_vaddr, elf->tls_filesz, &offset)))
            return fail(p, "elf-tls", "the initial TLS data is not part of a segment", elf->tls_vaddr, elf->tls_filesz);
    }
    return true;
}

/* ---- the note ---------------------------------------------------------------------------------------------------- */

static bool take_note(struct parser *p, uint64_t descriptor, uint32_t descsz)
{
    uint32_t word[5];
    const char *rule = "elf-note";
    if (broken(p->have_note))
        return fail(p, rule, "more than one Bulkhead note", descriptor, 0);
    p->have_note = true;
    if (broken(descsz != BH_NOTE_DESC_SIZE))
        return fail(p, rule, "the Bulkhead note has another size than this contract's", descriptor, descsz);
    read_at(p->elf, descriptor, word, sizeof word);
    if (broken(word[0] != BH_CONTRACT_VERSION))
        return fail(p, rule, "the module was built for another contract version: rebuild it", descriptor, word[0]);
    if (broken(word[1] != BH_SCHEME_BUNDLE))
        return fail(p, rule, "the module was built for another scheme than `bundle`", descriptor, word[1]);
    if (broken(word[2] != BH_BUNDLE_SIZE))
        return fail(p, rule, "the module was built for another bundle size than 32", descriptor, word[2]);
    if (broken(word[3] != BH_ISOLATE_FULL && word[3] != BH_ISOLATE_STORES))
        return fail(p, rule, "the note names an unknown isolation", descriptor, word[3]);
    if (broken((word[4] & ~(uint32_t)(BH_NOTE_FLAG_THREADS | BH_NOTE_FLAG_LIBRARY)) != 0))
        return fail(p, rule, "the note has flags that this version does not know", descriptor, word[4]);
    p->elf->isolation = word[3];
    p->elf->note_flags = word[4];
    return true;
}

static bool parse_note_segment(struct parser *p, const struct elf_program_header *ph)
{
    uint64_t align = ph->align == 8 ? 8 : 4, at = ph->offset, end;
    if (broken(!fits(ph->offset, ph->filesz, p->elf->file_size)))
        return fail(p, "elf-note", "a note segment lies outside the file", ph->offset, ph->filesz);
    end = ph->offset + ph->filesz;
    while (end - at >= sizeof(struct elf_note)) {
        struct elf_note note;
        read_at(p->elf, at, &note, sizeof note);
        at += sizeof note;
        uint64_t name = at, name_room = (note.namesz + align - 1) / align * align;
        if (align == 8) /* the name starts after 12 bytes; the descriptor is what is 8-aligned */
            name_room = (sizeof note + note.namesz + 7) / 8 * 8 - sizeof note;
        if (broken(name_room > end - at) || broken(note.descsz > end - at - name_room))
            return fail(p, "elf-note", "a note is longer than its segment", name, note.descsz);
        at += name_room;
        if (note.type == BH_NOTE_TYPE && note.namesz == BH_NOTE_NAME_SIZE &&
            !memcmp(p->elf->file + name, BH_NOTE_NAME, BH_NOTE_NAME_SIZE) && !take_note(p, at, note.descsz))
            return false;
        uint64_t desc_room = (note.descsz + align - 1) / align * align;
        at += desc_room < end - at ? desc_room : end - at;
    }
    return true;
}

static bool parse_notes(struct parser *p)
{
    for (unsigned i = 0; i < p->header.phnum; i++) {
        struct elf_program_header ph;
        program_header(p, i, &ph);
        if (ph.type == PT_NOTE && !parse_note_segment(p, &ph))
            return false;
    }
    if (broken(!p->have_note))
        return fail(p, "elf-note", "no Bulkhead note: the file was not built with the Bulkhead compiler", 0, 0);
    return true;
}

/* ---- the dynamic section ----------------------------------------------------------------------------------------- */

/* P4: a relocation writes only where the guest may write, or could until relro was protected. */
static bool target_allowed(const struct bh_elf *elf, uint64_t address)
{
    for (unsigned i = 0; i < elf->segment_count; i++)
        if (elf->segment[i].write && in_memory_of(&elf->segment[i], address, 8))
            return true;
    return false;
}

static bool check_rela(struct parser *p)
{
    const struct bh_elf *elf = p->elf;
    for (uint64_t i = 0; i < elf->rela_count; i++) {
        struct elf_rela rela;
        read_at(elf, elf->rela_offset + i * sizeof rela, &rela, sizeof rela);
        if (broken(rela.info != R_X86_64_RELATIVE))
            return fail(p, "elf-reloc", "a relocation is not R_X86_64_RELATIVE: link with -static-pie and without ifuncs",
                        rela.offset, rela.info);
        if (broken(!target_allowed(elf, rela.offset)))
            return fail(p, "P4", "a relocation's target is not in a writable segment", rela.offset, 0);
    }
    return true;
}

/* The next address that RELR word `entry` names, *base being where its bitmap starts. */
typedef bool relr_visitor(void *context, uint64_t address);

/* Calls visit for each address in the RELR table; false as soon as a call returned false or a bitmap comes first. */
static bool for_each_relr(const struct bh_elf *elf, relr_visitor *visit, void *context)
{
    uint64_t next = 0;
    bool started = false;
    for (uint64_t i = 0; i < elf->relr_count; i++) {
        uint64_t entry;
        read_at(elf, elf->relr_offset + i * sizeof entry, &entry, sizeof entry);
        if (!(entry & 1)) {
            if (!visit(context, entry))
                return false;
            next = entry + 8;
            started = true;
            continue;
        }
        if (broken(!started))
            return false;
        for (unsigned bit = 1; bit < 64; bit++)
            if (entry >> bit & 1 && !visit(context, next + (bit - 1) * 8))
                return false;
        next += 63 * 8;
    }
    return true;
}

static bool check_relr_target(void *context, uint64_t address)
{
    return !broken(!target_allowed(context, address));
}

/* A table that two tags describe: where it is and how large. False when it is not wholly in one segment's file part. */
static bool locate(const struct bh_elf *elf, uint64_t address, uint64_t size, uint64_t entry, uint64_t *offset, uint64_t *count)
{
    *count = 0;
    if (!size)
        return true;
    if (broken(size % entry != 0) || broken(!to_offset(elf, address, size, offset)))
        return false;
    *count = size / entry;
    return true;
}

/* The number of symbols, from DT_HASH. */
static bool count_by_hash(struct bh_elf *elf, uint64_t address)
{
    uint32_t head[2];
    uint64_t offset;
    if (broken(!to_offset(elf, address, sizeof head, &offset)))
        return false;
    read_at(elf, offset, head, sizeof head);
    elf->dynsym_count = head[1];
    return true;
}

/* The number of symbols, from DT_GNU_HASH: the end of the chain that the highest bucket starts. */
static bool count_by_gnu_hash(struct bh_elf *elf, uint64_t address)
{
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

static bool check_exports(struct parser *p)
{
    const struct bh_elf *elf = p->elf;
    const struct bh_elf_segment *code = &elf->segment[elf->code_segment];
    for (uint64_t i = 1; i < elf->dynsym_count; i++) {
        struct elf_symbol symbol;
        read_at(elf, elf->dynsym_offset + i * sizeof symbol, &symbol, sizeof symbol);
        unsigned type = symbol.info & 15, binding = symbol.info >> 4;
        if (broken(symbol.name >= elf->dynstr_size))
            return fail(p, "elf-dynamic", "an exported symbol's name lies outside the string table", symbol.value, symbol.name);
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
enum { TAG_STRTAB, TAG_SYMTAB, TAG_STRSZ, TAG_SYMENT, TAG_HASH, TAG_GNU_HASH, TAG_RELA, TAG_RELASZ, TAG_RELAENT, TAG_RELR,
       TAG_RELRSZ, TAG_RELRENT, TAG_COUNT };
static const uint64_t tag_numbers[TAG_COUNT] = {DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_SYMENT, DT_HASH, DT_GNU_HASH, DT_RELA,
                                                DT_RELASZ, DT_RELAENT, DT_RELR, DT_RELRSZ, DT_RELRENT};

struct tags {
    uint64_t value[TAG_COUNT];
    bool have[TAG_COUNT];
};

static bool take_tag(struct parser *p, struct tags *tags, const struct elf_dynamic *d)
{
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

static bool read_tags(struct parser *p, struct tags *tags)
{
    uint64_t offset;
    bool ended = false;
    if (broken(!to_offset(p->elf, p->dynamic.vaddr, p->dynamic.filesz, &offset)) || broken(offset != p->dynamic.offset))
        return fail(p, "elf-dynamic", "the dynamic section is not part of a segment", p->dynamic.vaddr, p->dynamic.filesz);
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

static bool parse_symbols(struct parser *p, const struct tags *tags)
{
    struct bh_elf *elf = p->elf;
    const uint64_t *value = tags->value;
    uint64_t unused;
    const char *rule = "elf-dynamic";
    if (!tags->have[TAG_SYMTAB] || !tags->have[TAG_STRTAB])
        return true;
    if (broken(!locate(elf, value[TAG_STRTAB], value[TAG_STRSZ], 1, &elf->dynstr_offset, &elf->dynstr_size)) ||
        broken(elf->dynstr_size && elf->file[elf->dynstr_offset + elf->dynstr_size - 1] != 0))
        return fail(p, rule, "the dynamic string table is not in the file, or does not end in NUL", value[TAG_STRTAB], 0);
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

static bool parse_dynamic(struct parser *p)
{
    struct bh_elf *elf = p->elf;
    struct tags tags = {.have = {false}};
    const uint64_t *value = tags.value;
    if (!p->have_dynamic)
        return true;
    if (!read_tags(p, &tags) || !parse_symbols(p, &tags))
        return false;
    if ((tags.have[TAG_RELAENT] && broken(value[TAG_RELAENT] != sizeof(struct elf_rela))) ||
        broken(!locate(elf, value[TAG_RELA], value[TAG_RELASZ], sizeof(struct elf_rela), &elf->rela_offset, &elf->rela_count)))
        return fail(p, "elf-reloc", "the RELA table is not part of a segment", value[TAG_RELA], value[TAG_RELASZ]);
    if ((tags.have[TAG_RELRENT] && broken(value[TAG_RELRENT] != 8)) ||
        broken(!locate(elf, value[TAG_RELR], value[TAG_RELRSZ], 8, &elf->relr_offset, &elf->relr_count)))
        return fail(p, "elf-reloc", "the RELR table is not part of a segment", value[TAG_RELR], value[TAG_RELRSZ]);
    if (!check_rela(p))
        return false;
    if (!for_each_relr(elf, check_relr_target, elf))
        return fail(p, "P4", "a RELR relocation's target is not in a writable segment", value[TAG_RELR], 0);
    return true;
}

/* ---- symbols for messages ---------------------------------------------------------------------------------------- */

static bool parse_symbol_table(struct parser *p)
{
    struct bh_elf *elf = p->elf;
    struct elf_section_header symtab, strtab;
    for (unsigned i = 0; p->header.shoff && i < p->header.shnum; i++) {
        read_at(elf, p->header.shoff + i * sizeof symtab, &symtab, sizeof symtab);
        if (symtab.type != SHT_SYMTAB)
            continue;
        if (broken(symtab.link >= p->header.shnum))
            return fail(p, "elf-header", "the symbol table has no string table", p->header.shoff, symtab.link);
        read_at(elf, p->header.shoff + symtab.link * sizeof strtab, &strtab, sizeof strtab);
        if (broken(!fits(symtab.offset, symtab.size, elf->file_size)) ||
            broken(!fits(strtab.offset, strtab.size, elf->file_size)) || broken(strtab.type != SHT_STRTAB) ||
            broken(strtab.size == 0) || broken(elf->file[strtab.offset + strtab.size - 1] != 0))
            return fail(p, "elf-header", "the symbol table or its string table lies outside the file", symtab.offset, symtab.size);
        elf->symtab_offset = symtab.offset;
        elf->symtab_count = symtab.size / sizeof(struct elf_symbol);
        elf->strtab_offset = strtab.offset;
        elf->strtab_size = strtab.size;
        return true;
    }
    return true;
}

/* ---- interface --------------------------------------------------------------------------------------------------- */

bh_elf_result bh_elf_parse(struct bh_elf *elf, const void *file, size_t size, struct bh_elf_error *error)
{
    struct parser p = {.elf = elf, .error = error};
    memset(elf, 0, sizeof *elf);
    elf->file = file;
    elf->file_size = size;
    if (size < 4 || memcmp(file, "\177ELF", 4) != 0) {
        fail(&p, "elf-header", "not an ELF file", 0, 0);
        return BH_ELF_NOT_ELF;
    }
    if (!parse_header(&p) || !parse_segments(&p) || !parse_notes(&p) || !parse_relro_and_tls(&p) || !parse_dynamic(&p) ||
        !parse_symbol_table(&p))
        return BH_ELF_REFUSED;
    return BH_ELF_OK;
}

void bh_elf_fill_code(const struct bh_elf *elf, uint8_t *buffer)
{
    const struct bh_elf_segment *code = &elf->segment[elf->code_segment];
    memset(buffer, HLT, elf->code_size);
    memcpy(buffer + (code->vaddr - elf->code_addr), elf->file + code->offset, code->filesz);
}

void bh_elf_verify_input(const struct bh_elf *elf, const uint8_t *code, struct bh_verify_input *input)
{
    const struct bh_elf_segment *segment = &elf->segment[elf->code_segment];
    memset(input, 0, sizeof *input);
    input->code = code;
    input->size = elf->code_size;
    input->address = elf->code_addr;
    input->image_lo = elf->image_lo;
    input->image_hi = elf->image_hi;
    input->target_lo = segment->vaddr;
    input->target_hi = segment->vaddr + segment->filesz;
    input->isolation = (int)elf->isolation;
}

struct relocation {
    uint8_t *image;
    uint64_t base;
};

static bool relocate_word(void *context, uint64_t address)
{
    const struct relocation *r = context;
    uint64_t value;
    memcpy(&value, r->image + address, sizeof value);
    value += r->base;
    memcpy(r->image + address, &value, sizeof value);
    return true;
}

void bh_elf_relocate(const struct bh_elf *elf, uint8_t *image, uint64_t base)
{
    struct relocation r = {image, base};
    for (uint64_t i = 0; i < elf->rela_count; i++) {
        struct elf_rela rela;
        read_at(elf, elf->rela_offset + i * sizeof rela, &rela, sizeof rela);
        uint64_t value = base + (uint64_t)rela.addend;
        memcpy(image + rela.offset, &value, sizeof value);
    }
    for_each_relr(elf, relocate_word, &r);
}

bool bh_elf_export(const struct bh_elf *elf, const char *name, uint64_t *address, bool *is_function)
{
    for (uint64_t i = 1; i < elf->dynsym_count; i++) {
        struct elf_symbol symbol;
        read_at(elf, elf->dynsym_offset + i * sizeof symbol, &symbol, sizeof symbol);
        if (symbol.shndx == SHN_UNDEF || strcmp((const char *)elf->file + elf->dynstr_offset + symbol.name, name) != 0)
            continue;
        *address = symbol.value;
        *is_function = (symbol.info & 15) == STT_FUNC;
        return true;
    }
    return false;
}

static const char *nearest(const struct bh_elf *elf, uint64_t table, uint64_t count, uint64_t strings, uint64_t strings_size,
                           uint64_t address, uint64_t *offset)
{
    const char *best = NULL;
    for (uint64_t i = 1; i < count; i++) {
        struct elf_symbol symbol;
        read_at(elf, table + i * sizeof symbol, &symbol, sizeof symbol);
        unsigned type = symbol.info & 15;
        if (symbol.shndx == SHN_UNDEF || symbol.shndx >= SHN_LORESERVE || type > STT_FUNC || symbol.name >= strings_size ||
            symbol.value > address || (symbol.size && address - symbol.value >= symbol.size) ||
            (best && address - symbol.value >= *offset) || !elf->file[strings + symbol.name])
            continue;
        best = (const char *)elf->file + strings + symbol.name;
        *offset = address - symbol.value;
    }
    return best;
}

const char *bh_elf_symbolize(const struct bh_elf *elf, uint64_t address, uint64_t *offset)
{
    const char *name = nearest(elf, elf->symtab_offset, elf->symtab_count, elf->strtab_offset, elf->strtab_size, address, offset);
    if (!name)
        name = nearest(elf, elf->dynsym_offset, elf->dynsym_count, elf->dynstr_offset, elf->dynstr_size, address, offset);
    return name;
}
