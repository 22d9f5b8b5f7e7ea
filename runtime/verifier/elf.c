/* See elf.h: the header, the segments, the note. Reads only bytes inside the file, only through memcpy, and adds two
 * numbers from the file only after both were compared with a bound. Section headers are looked at for symbol names in
 * messages and for nothing else.
 */
#include "elf_parser.h"

enum { MAX_PROGRAM_HEADERS = 64, PAGE = BH_PAGE_SIZE };

static uint64_t page_down(uint64_t value) { return value & ~(uint64_t)(PAGE - 1); }
static uint64_t page_up(uint64_t value) { return (value + PAGE - 1) & ~(uint64_t)(PAGE - 1); }
static bool power_of_two(uint64_t value) { return value && !(value & (value - 1)); }

static bool parse_header(struct parser *p) {
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

static bool add_segment(struct parser *p, const struct elf_program_header *ph) {
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
        return fail(p, rule, "a segment wants an alignment that is no power of two or above 128 KiB", ph->vaddr,
                    ph->align);
    if (broken((ph->flags & PF_W) && (ph->flags & PF_X)))
        return fail(p, "elf-wx", "a segment is writable and executable", ph->vaddr, ph->flags);
    if (broken((ph->flags & ~(uint32_t)(PF_R | PF_W | PF_X)) != 0))
        return fail(p, rule, "a segment has unknown permissions", ph->vaddr, ph->flags);
    if (elf->segment_count) {
        const struct bh_elf_segment *last = &elf->segment[elf->segment_count - 1];
        if (broken(page_down(ph->vaddr) < page_up(last->vaddr + last->memsz)))
            return fail(p, rule, "segments overlap, share a page or are not sorted: link with -z separate-code",
                        ph->vaddr, 0);
    }
    elf->segment[elf->segment_count++] = (struct bh_elf_segment){
        .vaddr = ph->vaddr,
        .memsz = ph->memsz,
        .offset = ph->offset,
        .filesz = ph->filesz,
        .read = ph->flags & PF_R,
        .write = ph->flags & PF_W,
        .execute = ph->flags & PF_X,
    };
    return true;
}

static bool take_once(struct parser *p, bool *have, const struct elf_program_header *ph) {
    if (broken(*have))
        return fail(p, "elf-segments", "a program header type that may occur once occurs twice", ph->vaddr, ph->type);
    *have = true;
    return true;
}

static bool take_header(struct parser *p, const struct elf_program_header *ph) {
    switch (ph->type) {
    case PT_NULL:
    case PT_PHDR:
    case PT_GNU_EH_FRAME:
    case PT_GNU_PROPERTY:
    case PT_NOTE: return true; /* notes are read in parse_notes, the others not at all */
    case PT_LOAD: return add_segment(p, ph);
    case PT_DYNAMIC: p->dynamic = *ph; return take_once(p, &p->have_dynamic, ph);
    case PT_GNU_RELRO: p->relro = *ph; return take_once(p, &p->have_relro, ph);
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
    case PT_INTERP: /* for the kernel, where a module is started as a program; nothing here or in the runtime reads it */
        if (broken(!fits(ph->offset, ph->filesz, p->elf->file_size)))
            return fail(p, "elf-segments", "the program interpreter's name lies outside the file", ph->offset,
                        ph->filesz);
        return take_once(p, &p->have_interp, ph);
    default: return fail(p, "elf-segments", "unknown program header type", ph->vaddr, ph->type);
    }
}

static void program_header(const struct parser *p, unsigned index, struct elf_program_header *ph) {
    read_at(p->elf, p->header.phoff + index * sizeof *ph, ph, sizeof *ph);
}

static bool parse_segments(struct parser *p) {
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
        return fail(p, "elf-code", "the executable segment is larger in memory than in the file", code->vaddr,
                    code->memsz);
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

static bool parse_relro_and_tls(struct parser *p) {
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
            return fail(p, "elf-tls", "the TLS segment's sizes or alignment are impossible", elf->tls_vaddr,
                        elf->tls_align);
        if (elf->tls_filesz && broken(!to_offset(elf, elf->tls_vaddr, elf->tls_filesz, &offset)))
            return fail(p, "elf-tls", "the initial TLS data is not part of a segment", elf->tls_vaddr, elf->tls_filesz);
    }
    return true;
}

/* ---- the note ---------------------------------------------------------------------------------------------------- */

static bool take_note(struct parser *p, uint64_t descriptor, uint32_t descsz) {
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

static bool parse_note_segment(struct parser *p, const struct elf_program_header *ph) {
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

static bool parse_notes(struct parser *p) {
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

/* ---- symbols for messages ---------------------------------------------------------------------------------------- */

static bool parse_symbol_table(struct parser *p) {
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
            return fail(p, "elf-header", "the symbol table or its string table lies outside the file", symtab.offset,
                        symtab.size);
        elf->symtab_offset = symtab.offset;
        elf->symtab_count = symtab.size / sizeof(struct elf_symbol);
        elf->strtab_offset = strtab.offset;
        elf->strtab_size = strtab.size;
        return true;
    }
    return true;
}

/* ---- interface --------------------------------------------------------------------------------------------------- */

bh_elf_result bh_elf_parse(struct bh_elf *elf, const void *file, size_t size, struct bh_elf_error *error) {
    struct parser p = {.elf = elf, .error = error};
    memset(elf, 0, sizeof *elf);
    elf->file = file;
    elf->file_size = size;
    if (size < 4 || memcmp(file, "\177ELF", 4) != 0) {
        fail(&p, "elf-header", "not an ELF file", 0, 0);
        return BH_ELF_NOT_ELF;
    }
    if (!parse_header(&p) || !parse_segments(&p) || !parse_notes(&p) || !parse_relro_and_tls(&p) ||
        !bh_elf_parse_dynamic(&p) || !parse_symbol_table(&p))
        return BH_ELF_REFUSED;
    return BH_ELF_OK;
}
