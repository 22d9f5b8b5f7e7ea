/* The reference verifier: an ELF file's header, segments and notes (section 8 of docs/contract.md). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf_file.h"

static const uint64_t page = BH_PAGE_SIZE;
static const uint64_t image_end = BH_SLOT_SIZE - BH_TAIL_GUARD_SIZE - BH_IMAGE_OFFSET;

static uint64_t page_down(uint64_t address) { return address / page * page; }
static uint64_t page_up(uint64_t address) { return page_down(address + page - 1); }

bool in_file(const struct elf_file *f, uint64_t offset, uint64_t size)
{
    return offset <= f->size && size <= f->size - offset;
}

void read_file(const struct elf_file *f, uint64_t offset, void *to, uint64_t size)
{
    if (!in_file(f, offset, size)) {
        fputs("reference verifier: reads outside the file\n", stderr);
        abort();
    }
    memcpy(to, f->bytes + offset, size);
}

bool in_image_file(const struct elf_file *f, uint64_t address, uint64_t size, uint64_t *offset)
{
    for (unsigned i = 0; i < f->out->segment_count; i++) {
        const struct bh_elf_segment *s = &f->out->segment[i];
        if (address < s->vaddr || address - s->vaddr > s->filesz || size > s->filesz - (address - s->vaddr))
            continue;
        *offset = s->offset + (address - s->vaddr);
        return true;
    }
    return false;
}

const Elf64_Phdr *find_program_header(const struct elf_file *f, uint32_t type)
{
    for (unsigned i = 0; i < f->header.e_phnum; i++)
        if (f->program[i].p_type == type)
            return &f->program[i];
    return NULL;
}

/* Sizes, version, machine, type; both header tables inside the file. */
static enum elf_rule rule_elf_header(struct elf_file *f)
{
    const Elf64_Ehdr *h = &f->header;
    if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB || h->e_ident[EI_VERSION] != EV_CURRENT)
        return ELF_HEADER;
    if (h->e_ident[EI_OSABI] != ELFOSABI_SYSV && h->e_ident[EI_OSABI] != ELFOSABI_GNU)
        return ELF_HEADER;
    if (h->e_type != ET_DYN || h->e_machine != EM_X86_64 || h->e_version != EV_CURRENT || h->e_ehsize != sizeof *h)
        return ELF_HEADER;
    if (h->e_phentsize != sizeof(Elf64_Phdr) || h->e_phnum < 1 || h->e_phnum > 64 ||
        !in_file(f, h->e_phoff, h->e_phnum * sizeof(Elf64_Phdr)))
        return ELF_HEADER;
    if (h->e_shoff && (h->e_shentsize != sizeof(Elf64_Shdr) || !in_file(f, h->e_shoff, h->e_shnum * sizeof(Elf64_Shdr))))
        return ELF_HEADER;
    return ELF_KEPT;
}

static Elf64_Shdr section(const struct elf_file *f, unsigned index)
{
    Elf64_Shdr s;
    read_file(f, f->header.e_shoff + index * sizeof s, &s, sizeof s);
    return s;
}

/* A symbol table and its string table lie in the file. */
static enum elf_rule rule_symbol_table(struct elf_file *f)
{
    for (unsigned i = 0; f->header.e_shoff && i < f->header.e_shnum; i++) {
        Elf64_Shdr s = section(f, i);
        if (s.sh_type != SHT_SYMTAB)
            continue;
        if (!in_file(f, s.sh_offset, s.sh_size) || s.sh_link >= f->header.e_shnum)
            return ELF_HEADER;
        Elf64_Shdr strings = section(f, s.sh_link);
        uint8_t last;
        if (strings.sh_type != SHT_STRTAB || !strings.sh_size || !in_file(f, strings.sh_offset, strings.sh_size))
            return ELF_HEADER;
        read_file(f, strings.sh_offset + strings.sh_size - 1, &last, 1);
        if (last)
            return ELF_HEADER;
        f->out->symtab_offset = s.sh_offset;
        f->out->symtab_count = s.sh_size / sizeof(Elf64_Sym);
        f->out->strtab_offset = strings.sh_offset;
        f->out->strtab_size = strings.sh_size;
        return ELF_KEPT;
    }
    return ELF_KEPT;
}

static enum elf_rule rule_header_types(const struct elf_file *f)
{
    static const uint32_t known[] = {PT_NULL, PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_PHDR, PT_TLS, PT_GNU_EH_FRAME,
                                     PT_GNU_STACK, PT_GNU_RELRO, PT_GNU_PROPERTY};
    static const uint32_t single[] = {PT_DYNAMIC, PT_TLS, PT_GNU_STACK, PT_GNU_RELRO, PT_INTERP};
    for (unsigned i = 0; i < f->header.e_phnum; i++) {
        bool is_known = false;
        for (unsigned k = 0; k < sizeof known / sizeof *known; k++)
            is_known |= f->program[i].p_type == known[k];
        if (!is_known)
            return ELF_SEGMENTS;
        if (f->program[i].p_type == PT_INTERP && !in_file(f, f->program[i].p_offset, f->program[i].p_filesz))
            return ELF_SEGMENTS;
    }
    for (unsigned k = 0; k < sizeof single / sizeof *single; k++) {
        unsigned count = 0;
        for (unsigned i = 0; i < f->header.e_phnum; i++)
            count += f->program[i].p_type == single[k];
        if (count > 1)
            return ELF_SEGMENTS;
    }
    return ELF_KEPT;
}

static enum elf_rule rule_elf_segment(const struct elf_file *f, const Elf64_Phdr *p)
{
    const struct bh_elf *out = f->out;
    if (p->p_flags & ~(uint32_t)(PF_R | PF_W | PF_X))
        return ELF_SEGMENTS;
    if (!p->p_memsz || p->p_filesz > p->p_memsz || !in_file(f, p->p_offset, p->p_filesz))
        return ELF_SEGMENTS;
    if (p->p_vaddr > image_end || p->p_memsz > image_end - p->p_vaddr)
        return ELF_SEGMENTS;
    if (p->p_vaddr % page != p->p_offset % page)
        return ELF_SEGMENTS;
    if (p->p_align > 0x20000 || (p->p_align & (p->p_align - 1)))
        return ELF_SEGMENTS;
    if ((p->p_flags & PF_W) && (p->p_flags & PF_X))
        return ELF_WX;
    if (out->segment_count == BH_ELF_MAX_SEGMENTS)
        return ELF_SEGMENTS;
    if (out->segment_count) {
        const struct bh_elf_segment *before = &out->segment[out->segment_count - 1];
        if (page_up(before->vaddr + before->memsz) > page_down(p->p_vaddr))
            return ELF_SEGMENTS;
    }
    return ELF_KEPT;
}

static enum elf_rule rule_elf_segments(struct elf_file *f)
{
    struct bh_elf *out = f->out;
    unsigned executable = 0;
    for (unsigned i = 0; i < f->header.e_phnum; i++) {
        const Elf64_Phdr *p = &f->program[i];
        if (p->p_type == PT_GNU_STACK) {
            if (p->p_flags & PF_X)
                return ELF_WX;
            out->stack_size = p->p_memsz;
        }
        if (p->p_type != PT_LOAD)
            continue;
        enum elf_rule broken = rule_elf_segment(f, p);
        if (broken)
            return broken;
        if (p->p_flags & PF_X) {
            out->code_segment = out->segment_count;
            executable++;
        }
        out->segment[out->segment_count++] = (struct bh_elf_segment){p->p_vaddr, p->p_memsz, p->p_offset, p->p_filesz,
            .read = p->p_flags & PF_R, .write = p->p_flags & PF_W, .execute = p->p_flags & PF_X};
    }
    if (executable != 1)
        return ELF_CODE;
    const struct bh_elf_segment *code = &out->segment[out->code_segment], *last = &out->segment[out->segment_count - 1];
    if (code->filesz != code->memsz)
        return ELF_CODE;
    out->image_lo = page_down(out->segment[0].vaddr);
    out->image_hi = page_up(last->vaddr + last->memsz);
    out->code_addr = page_down(code->vaddr);
    out->code_size = page_up(code->vaddr + code->memsz) - out->code_addr;
    return ELF_KEPT;
}

static enum elf_rule rule_elf_entry(struct elf_file *f)
{
    const struct bh_elf_segment *code = &f->out->segment[f->out->code_segment];
    uint64_t entry = f->header.e_entry;
    if (entry % BH_BUNDLE_SIZE || entry < code->vaddr || entry >= code->vaddr + code->memsz)
        return ELF_ENTRY;
    f->out->entry = entry;
    return ELF_KEPT;
}

static bool is_our_note(const Elf64_Nhdr *note, const uint8_t *name)
{
    return note->n_type == BH_NOTE_TYPE && note->n_namesz == BH_NOTE_NAME_SIZE && !memcmp(name, BH_NOTE_NAME, BH_NOTE_NAME_SIZE);
}

static bool note_values(struct elf_file *f, const uint8_t *desc, uint32_t size)
{
    uint32_t value[5];
    if (size != BH_NOTE_DESC_SIZE)
        return false;
    memcpy(value, desc, sizeof value);
    f->out->isolation = value[3];
    f->out->note_flags = value[4];
    return value[0] == BH_CONTRACT_VERSION && value[1] == BH_SCHEME_BUNDLE && value[2] == BH_BUNDLE_SIZE &&
           (value[3] == BH_ISOLATE_FULL || value[3] == BH_ISOLATE_STORES) &&
           !(value[4] & ~(uint32_t)(BH_NOTE_FLAG_THREADS | BH_NOTE_FLAG_LIBRARY));
}

/* Every note is well-formed; adds to *found those that are the module's. */
static bool read_notes(struct elf_file *f, const Elf64_Phdr *p, unsigned *found)
{
    uint64_t at = p->p_offset, end = at + p->p_filesz;
    uint64_t alignment = p->p_align == 8 ? 8 : 4;
    if (!in_file(f, p->p_offset, p->p_filesz))
        return false;
    while (end - at >= sizeof(Elf64_Nhdr)) { /* fewer bytes are padding */
        Elf64_Nhdr note;
        read_file(f, at, &note, sizeof note);
        uint64_t name = sizeof note, desc = (name + note.n_namesz + alignment - 1) / alignment * alignment;
        uint64_t next = (desc + note.n_descsz + alignment - 1) / alignment * alignment;
        if (desc + note.n_descsz > end - at)
            return false;
        if (is_our_note(&note, f->bytes + at + name)) {
            ++*found;
            if (!note_values(f, f->bytes + at + desc, note.n_descsz))
                return false;
        }
        at += next < end - at ? next : end - at;
    }
    return true;
}

static enum elf_rule rule_elf_note(struct elf_file *f)
{
    unsigned found = 0;
    for (unsigned i = 0; i < f->header.e_phnum; i++)
        if (f->program[i].p_type == PT_NOTE && !read_notes(f, &f->program[i], &found))
            return ELF_NOTE;
    return found == 1 ? ELF_KEPT : ELF_NOTE;
}

static enum elf_rule rule_elf_relro(struct elf_file *f)
{
    const Elf64_Phdr *p = find_program_header(f, PT_GNU_RELRO);
    if (!p || !p->p_memsz)
        return ELF_KEPT;
    for (unsigned i = 0; i < f->out->segment_count; i++) {
        const struct bh_elf_segment *s = &f->out->segment[i];
        uint64_t from = page_down(s->vaddr), to = page_up(s->vaddr + s->memsz);
        if (!s->write || p->p_vaddr < from || p->p_vaddr > to || p->p_memsz > to - p->p_vaddr)
            continue;
        uint64_t first = page_up(p->p_vaddr), last = page_down(p->p_vaddr + p->p_memsz);
        if (first < last) {
            f->out->relro_addr = first;
            f->out->relro_size = last - first;
        }
        return ELF_KEPT;
    }
    return ELF_RELRO;
}

static enum elf_rule rule_elf_tls(struct elf_file *f)
{
    const Elf64_Phdr *p = find_program_header(f, PT_TLS);
    uint64_t offset;
    if (!p)
        return ELF_KEPT;
    if (p->p_filesz > p->p_memsz || p->p_memsz > image_end || p->p_align > page || (p->p_align & (p->p_align - 1)))
        return ELF_TLS;
    if (p->p_filesz && !in_image_file(f, p->p_vaddr, p->p_filesz, &offset))
        return ELF_TLS;
    f->out->tls_vaddr = p->p_vaddr;
    f->out->tls_filesz = p->p_filesz;
    f->out->tls_memsz = p->p_memsz;
    f->out->tls_align = p->p_align;
    return ELF_KEPT;
}

static void find_program_headers_in_image(struct elf_file *f)
{
    uint64_t size = f->header.e_phnum * sizeof(Elf64_Phdr);
    f->out->phnum = f->header.e_phnum;
    for (unsigned i = 0; i < f->out->segment_count; i++) {
        const struct bh_elf_segment *s = &f->out->segment[i];
        if (f->header.e_phoff >= s->offset && f->header.e_phoff - s->offset <= s->filesz &&
            size <= s->filesz - (f->header.e_phoff - s->offset))
            f->out->phdr_vaddr = s->vaddr + (f->header.e_phoff - s->offset);
    }
}

static enum elf_rule apply_elf_rules(struct elf_file *f)
{
    static enum elf_rule (*const rules[])(struct elf_file *) = {rule_elf_segments, rule_elf_entry, rule_elf_note, rule_elf_relro,
                                                                rule_elf_tls, rule_elf_dynamic, rule_symbol_table};
    enum elf_rule broken = rule_header_types(f);
    for (unsigned i = 0; !broken && i < sizeof rules / sizeof *rules; i++)
        broken = rules[i](f);
    return broken;
}

bh_elf_result ref_elf_parse(struct bh_elf *elf, const uint8_t *file, size_t size, const char **rule)
{
    static const char *const names[] = {"", "elf-header", "elf-segments", "elf-wx", "elf-code", "elf-entry", "elf-note",
                                        "elf-relro", "elf-tls", "elf-dynamic", "elf-reloc", "P4", "T1", "elf-export"};
    struct elf_file f = {.bytes = file, .size = size, .out = elf};
    Elf64_Phdr program[64];
    memset(elf, 0, sizeof *elf);
    elf->file = file;
    elf->file_size = size;
    *rule = "";
    if (size < SELFMAG || memcmp(file, ELFMAG, SELFMAG))
        return BH_ELF_NOT_ELF;
    enum elf_rule broken = ELF_HEADER;
    if (size >= sizeof f.header) {
        read_file(&f, 0, &f.header, sizeof f.header);
        broken = rule_elf_header(&f);
    }
    if (!broken) {
        read_file(&f, f.header.e_phoff, program, f.header.e_phnum * sizeof *program);
        f.program = program;
        broken = apply_elf_rules(&f);
    }
    if (!broken)
        find_program_headers_in_image(&f);
    *rule = names[broken];
    return broken ? BH_ELF_REFUSED : BH_ELF_OK;
}
