/* fuzz-elf: a good module of little more than 2 KB. Addresses are file offsets plus a page number, so the segments share no
 * page although they share the file's first one. */
#include <elf.h>
#include <stddef.h>
#include <string.h>

#include "bulkhead/layout.h"
#include "elf_input.h"

enum { PROGRAM_HEADERS = 11, DYNAMIC = 16, CODE_SIZE = 96, TEXT_PAGE = 0x1000, DATA_PAGE = 0x2000 };

struct note {
    Elf64_Nhdr header;
    char name[12];
    uint32_t desc[5];
};

struct file {
    Elf64_Ehdr header;
    Elf64_Phdr program[PROGRAM_HEADERS];
    struct note note;
    Elf64_Sym dynsym[4];
    uint32_t hash[7], gnu_hash[11];
    char dynstr[24];
    Elf64_Rela rela[2];
    uint64_t relr[3];
    uint8_t code[CODE_SIZE] __attribute__((aligned(32)));
    Elf64_Dyn dynamic[DYNAMIC];
    uint8_t data[128];
    Elf64_Shdr section[3];
    Elf64_Sym symtab[3];
    char strtab[16];
};
_Static_assert(sizeof(struct file) <= BASE_MODULE_SIZE, "room for the file");
#define AT(field) offsetof(struct file, field)

static Elf64_Phdr header(uint32_t type, uint32_t flags, uint64_t offset, uint64_t page, uint64_t size, uint64_t align)
{
    return (Elf64_Phdr){.p_type = type, .p_flags = flags, .p_offset = offset, .p_vaddr = offset + page, .p_paddr = offset + page,
                        .p_filesz = size, .p_memsz = size, .p_align = align};
}

static void program_headers(struct file *f)
{
    uint64_t data_size = AT(section) - AT(dynamic);
    Elf64_Phdr program[PROGRAM_HEADERS] = {
        header(PT_PHDR, PF_R, AT(program), 0, sizeof f->program, 8),
        header(PT_LOAD, PF_R, 0, 0, AT(code), BH_PAGE_SIZE),
        header(PT_LOAD, PF_R | PF_X, AT(code), TEXT_PAGE, CODE_SIZE, BH_PAGE_SIZE),
        header(PT_LOAD, PF_R | PF_W, AT(dynamic), DATA_PAGE, data_size, BH_PAGE_SIZE),
        header(PT_DYNAMIC, PF_R | PF_W, AT(dynamic), DATA_PAGE, sizeof f->dynamic, 8),
        header(PT_GNU_RELRO, PF_R, AT(dynamic), DATA_PAGE, 0x40, 1),
        header(PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0),
        header(PT_TLS, PF_R, AT(data), DATA_PAGE, 16, 8),
        header(PT_NOTE, PF_R, AT(note), 0, sizeof f->note, 4),
        header(PT_GNU_EH_FRAME, PF_R, AT(dynstr), 0, 8, 4),
        header(PT_NULL, 0, 0, 0, 0, 0),
    };
    program[3].p_memsz += 0x1800;
    memcpy(f->program, program, sizeof program);
}

static void dynamic(struct file *f)
{
    const Elf64_Dyn dyn[] = {
        {DT_SYMTAB, {AT(dynsym)}}, {DT_STRTAB, {AT(dynstr)}}, {DT_STRSZ, {sizeof f->dynstr}}, {DT_SYMENT, {sizeof(Elf64_Sym)}},
        {DT_HASH, {AT(hash)}}, {DT_GNU_HASH, {AT(gnu_hash)}}, {DT_RELA, {AT(rela)}}, {DT_RELASZ, {sizeof f->rela}},
        {DT_RELAENT, {sizeof(Elf64_Rela)}}, {36 /* DT_RELR */, {AT(relr)}}, {35 /* DT_RELRSZ */, {sizeof f->relr}},
        {37 /* DT_RELRENT */, {8}}, {DT_FLAGS, {DF_BIND_NOW}}, {DT_FLAGS_1, {DF_1_PIE}}, {DT_DEBUG, {0}}, {DT_NULL, {0}}};
    _Static_assert(sizeof dyn == sizeof f->dynamic, "as many as there is room for");
    memcpy(f->dynamic, dyn, sizeof dyn);
}

static void symbols(struct file *f)
{
    uint64_t code = AT(code) + TEXT_PAGE, data = AT(data) + DATA_PAGE;
    memcpy(f->dynstr, "\0run\0table\0weak\0", 16);
    f->dynsym[1] = (Elf64_Sym){.st_name = 1, .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), .st_shndx = 2, .st_value = code + 32, .st_size = 16};
    f->dynsym[2] = (Elf64_Sym){.st_name = 5, .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT), .st_shndx = 3, .st_value = data, .st_size = 64};
    f->dynsym[3] = (Elf64_Sym){.st_name = 11, .st_info = ELF64_ST_INFO(STB_WEAK, STT_NOTYPE)};
    memcpy(f->hash, (const uint32_t[]){1, 4, 1, 0, 2, 3, 0}, sizeof f->hash);
    memcpy(f->gnu_hash, (const uint32_t[]){2, 1, 1, 6, 0, 0, 1, 3, 2, 3, 5}, sizeof f->gnu_hash);
    f->rela[0] = (Elf64_Rela){data + 16, R_X86_64_RELATIVE, (Elf64_Sxword)code};
    f->rela[1] = (Elf64_Rela){data + 0x1000, R_X86_64_RELATIVE, 0x10};
    f->relr[0] = data + 32;
    f->relr[1] = 5;
    f->relr[2] = data + 0x800;
    f->section[1] = (Elf64_Shdr){.sh_type = SHT_SYMTAB, .sh_offset = AT(symtab), .sh_size = sizeof f->symtab, .sh_link = 2, .sh_entsize = sizeof(Elf64_Sym)};
    f->section[2] = (Elf64_Shdr){.sh_type = SHT_STRTAB, .sh_offset = AT(strtab), .sh_size = sizeof f->strtab};
    f->symtab[1] = (Elf64_Sym){.st_name = 1, .st_info = STT_FUNC, .st_shndx = 2, .st_value = code, .st_size = 32};
    f->symtab[2] = (Elf64_Sym){.st_name = 7, .st_info = STT_FUNC, .st_shndx = 2, .st_value = code + 32, .st_size = 48};
    memcpy(f->strtab, "\0start\0run", 11);
}

void base_module(uint8_t *file)
{
    struct file f;
    memset(&f, 0, sizeof f);
    f.header = (Elf64_Ehdr){.e_ident = {0x7F, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT}, .e_type = ET_DYN,
                            .e_machine = EM_X86_64, .e_version = EV_CURRENT, .e_entry = AT(code) + TEXT_PAGE, .e_phoff = AT(program),
                            .e_shoff = AT(section), .e_ehsize = sizeof f.header, .e_phentsize = sizeof(Elf64_Phdr),
                            .e_phnum = PROGRAM_HEADERS, .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = 3};
    program_headers(&f);
    f.note = (struct note){{BH_NOTE_NAME_SIZE, BH_NOTE_DESC_SIZE, BH_NOTE_TYPE}, BH_NOTE_NAME,
                           {BH_CONTRACT_VERSION, BH_SCHEME_BUNDLE, BH_BUNDLE_SIZE, BH_ISOLATE_FULL, 0}};
    dynamic(&f);
    symbols(&f);
    memset(f.code, 0x90, sizeof f.code);
    memset(file, 0, BASE_MODULE_SIZE);
    memcpy(file, &f, sizeof f);
}
