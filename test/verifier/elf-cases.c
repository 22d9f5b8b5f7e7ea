/* Malformed modules: a small good module is built in memory and broken in one way at a time; each break has the rule that
 * must refuse it. Then every truncation and thousands of overwritten bytes, which must never crash and never be accepted
 * with anything out of bounds. The file lies right before an inaccessible page.
 */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "verifier/elf.h"
#include "verifier/elf_format.h"

enum { PAGE = 4096, ADDRESS_CODE = 0x1000, ADDRESS_DATA = 0x2000 };
enum { P_PHDR, P_RO, P_CODE, P_DATA, P_DYNAMIC, P_RELRO, P_STACK, P_TLS, P_NOTE, P_COUNT };
enum { D_SYMTAB, D_STRTAB, D_STRSZ, D_SYMENT, D_HASH, D_RELA, D_RELASZ, D_RELAENT, D_RELR, D_RELRSZ, D_RELRENT, D_FLAGS, D_NULL,
       D_COUNT };

/* File offsets and addresses are the same. */
struct module {
    struct elf_header h;
    struct elf_program_header ph[P_COUNT + 2];
    struct elf_note note;
    char note_name[12];
    uint32_t note_desc[5];
    uint32_t pad;
    struct elf_symbol sym[4];
    uint32_t hash[8], gnu_hash[16];
    char str[32];
    struct elf_rela rela[2];
    uint64_t relr[2];
    char pad2[PAGE - 64 - (P_COUNT + 2) * 56 - 12 - 12 - 20 - 4 - 4 * 24 - 32 - 64 - 32 - 48 - 16];
    uint8_t code[PAGE];
    struct elf_dynamic dyn[D_COUNT + 1];
    uint8_t data[2 * PAGE - (D_COUNT + 1) * 16];
    struct elf_section_header sh[3];
    struct elf_symbol symtab[3];
    char strtab[16];
};
_Static_assert(offsetof(struct module, code) == ADDRESS_CODE && offsetof(struct module, dyn) == ADDRESS_DATA, "layout");
#define AT(field) offsetof(struct module, field)

static void program_header(struct module *m, unsigned index, uint32_t type, uint32_t flags, uint64_t at, uint64_t size)
{
    m->ph[index] = (struct elf_program_header){.type = type, .flags = flags, .offset = at, .vaddr = at, .paddr = at,
                                               .filesz = size, .memsz = size, .align = type == PT_LOAD ? PAGE : 8};
}

static void build(struct module *m)
{
    memset(m, 0, sizeof *m);
    m->h = (struct elf_header){.ident = {0x7F, 'E', 'L', 'F', 2, 1, 1}, .type = ET_DYN, .machine = EM_X86_64, .version = 1,
                               .entry = ADDRESS_CODE + 32, .phoff = AT(ph), .shoff = AT(sh), .ehsize = 64, .phentsize = 56,
                               .phnum = P_COUNT, .shentsize = 64, .shnum = 3};
    program_header(m, P_PHDR, PT_PHDR, PF_R, AT(ph), P_COUNT * 56);
    program_header(m, P_RO, PT_LOAD, PF_R, 0, AT(pad2));
    program_header(m, P_CODE, PT_LOAD, PF_R | PF_X, ADDRESS_CODE, 80);
    program_header(m, P_DATA, PT_LOAD, PF_R | PF_W, ADDRESS_DATA, sizeof m->dyn + sizeof m->data);
    program_header(m, P_DYNAMIC, PT_DYNAMIC, PF_R | PF_W, ADDRESS_DATA, D_COUNT * 16);
    program_header(m, P_RELRO, PT_GNU_RELRO, PF_R, ADDRESS_DATA, PAGE);
    program_header(m, P_STACK, PT_GNU_STACK, PF_R | PF_W, 0, 0);
    program_header(m, P_TLS, PT_TLS, PF_R, ADDRESS_DATA + 0x1800, 16);
    program_header(m, P_NOTE, PT_NOTE, PF_R, AT(note), 44);
    m->ph[P_NOTE].align = 4;
    m->note = (struct elf_note){BH_NOTE_NAME_SIZE, BH_NOTE_DESC_SIZE, BH_NOTE_TYPE};
    strcpy(m->note_name, BH_NOTE_NAME);
    memcpy(m->note_desc, (uint32_t[]){BH_CONTRACT_VERSION, BH_SCHEME_BUNDLE, BH_BUNDLE_SIZE, BH_ISOLATE_FULL, 0}, 20);
    memcpy(m->str, "\0run\0table\0weak", 16);
    m->sym[1] = (struct elf_symbol){.name = 1, .info = 0x10 | STT_FUNC, .shndx = 2, .value = ADDRESS_CODE + 32, .size = 16};
    m->sym[2] = (struct elf_symbol){.name = 5, .info = 0x10 | STT_OBJECT, .shndx = 3, .value = ADDRESS_DATA + 0x1000, .size = 64};
    m->sym[3] = (struct elf_symbol){.name = 11, .info = STB_WEAK << 4};
    memcpy(m->hash, (uint32_t[]){1, 4, 1, 0, 2, 3, 0}, 28);
    /* Two buckets, the first symbol hashed is 1, one bloom word; chains end with an odd word. */
    memcpy(m->gnu_hash, (uint32_t[]){2, 1, 1, 6, 0, 0, 1, 3, 2, 3, 5}, 44);
    m->rela[0] = (struct elf_rela){ADDRESS_DATA + 0x1100, R_X86_64_RELATIVE, 0x1020};
    m->rela[1] = (struct elf_rela){ADDRESS_DATA + 0x800, R_X86_64_RELATIVE, 0x10};
    m->relr[0] = ADDRESS_DATA + 0x1200;
    m->relr[1] = 5; /* one more, a word later */
    memset(m->code, 0x90, 80);
    memcpy(m->dyn, (struct elf_dynamic[D_COUNT]){
        {DT_SYMTAB, AT(sym)}, {DT_STRTAB, AT(str)}, {DT_STRSZ, 17}, {DT_SYMENT, 24}, {DT_HASH, AT(hash)}, {DT_RELA, AT(rela)},
        {DT_RELASZ, 48}, {DT_RELAENT, 24}, {DT_RELR, AT(relr)}, {DT_RELRSZ, 16}, {DT_RELRENT, 8}, {DT_FLAGS, 8}, {DT_NULL, 0}},
        D_COUNT * 16);
    m->sh[1] = (struct elf_section_header){.type = SHT_SYMTAB, .offset = AT(symtab), .size = 72, .link = 2, .entsize = 24};
    m->sh[2] = (struct elf_section_header){.type = SHT_STRTAB, .offset = AT(strtab), .size = 16};
    m->symtab[1] = (struct elf_symbol){.name = 1, .info = STT_FUNC, .shndx = 2, .value = ADDRESS_CODE, .size = 32};
    m->symtab[2] = (struct elf_symbol){.name = 7, .info = STT_FUNC, .shndx = 2, .value = ADDRESS_CODE + 32, .size = 48};
    memcpy(m->strtab, "\0start\0run", 11);
}

/* Adds a program header that the good module does not have. */
static void add_header(struct module *m, uint32_t type, uint32_t flags, uint64_t at, uint64_t size)
{
    program_header(m, m->h.phnum++, type, flags, at, size);
}

/* The whole image one page higher than its file offsets. */
static void move_up(struct module *m)
{
    static const unsigned addresses[] = {D_SYMTAB, D_STRTAB, D_HASH, D_RELA, D_RELR};
    for (unsigned i = 0; i < P_COUNT; i++)
        m->ph[i].vaddr += PAGE;
    for (unsigned i = 0; i < sizeof addresses / sizeof *addresses; i++)
        m->dyn[addresses[i]].value += PAGE;
    m->sym[1].value += PAGE;
    m->sym[2].value += PAGE;
    m->rela[0].offset += PAGE;
    m->rela[1].offset += PAGE;
    m->relr[0] += PAGE;
    m->h.entry += PAGE;
}

#define CASE(title, rule, change) \
    static void change_##title(struct module *m) { change; }
#include "elf-cases.def"
#undef CASE

static const struct { const char *title, *rule; void (*change)(struct module *); } cases[] = {
#define CASE(title, rule, change) {#title, rule, change_##title},
#include "elf-cases.def"
#undef CASE
};

/* The examples that `bulkhead-verify --explain` gives for rules about files. */
static const struct { const char *rule, *title; } examples[] = {
#define CODE(...)
#define FILE_RULE(name, title, demands, why, advice, accepted, refused, example) {name, example},
#define OBJECT(...)
#include "rules.def"
#undef CODE
#undef FILE_RULE
#undef OBJECT
};

static uint8_t *guard;
static unsigned failures, checks;

/* Parses a copy that ends right before the inaccessible page. */
static bh_elf_result parse(struct bh_elf *elf, const void *bytes, size_t size, struct bh_elf_error *error)
{
    memcpy(guard - size, bytes, size);
    return bh_elf_parse(elf, guard - size, size, error);
}

static void expect(bool good, const char *what, const char *detail)
{
    checks++;
    if (good)
        return;
    failures++;
    printf("%s: %s\n", what, detail);
}

static void run_cases(void)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct module m;
        struct bh_elf elf;
        struct bh_elf_error error = {"accepted", "no reason", 0, 0};
        build(&m);
        cases[i].change(&m);
        bh_elf_result result = parse(&elf, &m, sizeof m, &error);
        const char *got = result == BH_ELF_OK ? "accepted" : result == BH_ELF_NOT_ELF ? "not-elf" : error.rule;
        char detail[256];
        snprintf(detail, sizeof detail, "expected %s, got %s: %s", cases[i].rule, got, error.reason);
        expect(!strcmp(got, cases[i].rule), cases[i].title, detail);
    }
}

/* Each example is a case, refused by the rule that it explains (P2 is refused under the name elf-code). */
static void run_examples(void)
{
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const char *rule = !strcmp(examples[i].rule, "P2") ? "elf-code" : examples[i].rule;
        bool found = false;
        for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
            found |= !strcmp(cases[k].title, examples[i].title) && !strcmp(cases[k].rule, rule);
        expect(found, examples[i].rule, "has no example among the cases");
    }
}

/* What the runtime relies on. */
static bool sound(const struct bh_elf *elf)
{
    uint64_t last = 0;
    unsigned executable = 0;
    for (unsigned i = 0; i < elf->segment_count; i++) {
        const struct bh_elf_segment *s = &elf->segment[i];
        if (s->offset + s->filesz > elf->file_size || s->filesz > s->memsz || (s->vaddr & ~0xFFFull) < last ||
            s->vaddr + s->memsz > BH_SLOT_SIZE - BH_TAIL_GUARD_SIZE - BH_IMAGE_OFFSET || (s->write && s->execute))
            return false;
        last = (s->vaddr + s->memsz + 0xFFF) & ~0xFFFull;
        executable += s->execute;
    }
    return executable == 1 && elf->entry % 32 == 0 && elf->entry >= elf->code_addr &&
           elf->entry < elf->code_addr + elf->code_size && elf->code_size % PAGE == 0 && elf->image_hi >= last;
}

/* Uses everything that an accepted module offers. */
static bool use(const struct bh_elf *elf)
{
    static uint8_t image[16 * PAGE];
    struct bh_verify_input input;
    uint64_t address, offset;
    bool function;
    if (!sound(elf))
        return false;
    if (elf->image_hi > sizeof image)
        return true;
    bh_elf_fill_code(elf, image);
    bh_elf_verify_input(elf, image, &input);
    bh_elf_export(elf, "run", &address, &function);
    bh_elf_symbolize(elf, elf->entry, &offset);
    bh_elf_relocate(elf, image, 0x100000000);
    return true;
}

static void run_truncations(void)
{
    struct module m;
    build(&m);
    for (size_t size = 0; size < sizeof m; size++) {
        struct bh_elf elf;
        bh_elf_result result = parse(&elf, &m, size, NULL);
        expect(result != BH_ELF_OK && (result == BH_ELF_NOT_ELF) == (size < 4), "a truncated file", "is accepted");
    }
}

static void run_overwrites(void)
{
    static const uint8_t values[] = {0x00, 0x01, 0x7F, 0x80, 0xFF};
    struct module m;
    for (size_t at = 0; at < sizeof m; at++) {
        if (at == AT(pad2))
            at = ADDRESS_DATA;
        if (at == AT(data))
            at = AT(sh);
        for (unsigned width = 1; width <= 8; width += 7)
            for (unsigned i = 0; i < sizeof values; i++) {
                struct bh_elf elf;
                build(&m);
                memset((uint8_t *)&m + at, values[i], at + width <= sizeof m ? width : 1);
                if (parse(&elf, &m, sizeof m, NULL) == BH_ELF_OK)
                    expect(use(&elf), "an overwritten file", "is accepted with something out of bounds");
                checks++;
            }
    }
}

static void run_good(void)
{
    struct module m;
    struct bh_elf elf;
    struct bh_elf_error error = {0};
    static uint8_t code[PAGE], image[4 * PAGE];
    uint64_t address = 0, offset = 0, word;
    bool function = false;
    build(&m);
    expect(parse(&elf, &m, sizeof m, &error) == BH_ELF_OK, "the good module", error.reason ? error.reason : "");
    expect(elf.code_addr == 0x1000 && elf.code_size == PAGE && elf.image_lo == 0 && elf.image_hi == 0x4000, "ranges", "are wrong");
    expect(elf.phdr_vaddr == AT(ph) && elf.phnum == P_COUNT, "program headers", "are not found");
    expect(elf.relro_addr == ADDRESS_DATA && elf.relro_size == PAGE, "relro", "is wrong");
    expect(elf.rela_count == 2 && elf.relr_count == 2 && elf.dynsym_count == 4 && elf.symtab_count == 3, "counts", "are wrong");
    expect(bh_elf_export(&elf, "run", &address, &function) && address == 0x1020 && function, "export run", "is not found");
    expect(bh_elf_export(&elf, "table", &address, &function) && address == 0x3000 && !function, "export table", "is not found");
    expect(!bh_elf_export(&elf, "weak", &address, &function) && !bh_elf_export(&elf, "", &address, &function), "a missing export", "is found");
    const char *name = bh_elf_symbolize(&elf, 0x1025, &offset);
    expect(name && !strcmp(name, "run") && offset == 5, "symbol", "is wrong");
    bh_elf_fill_code(&elf, code);
    expect(code[0] == 0x90 && code[79] == 0x90 && code[80] == 0xF4 && code[PAGE - 1] == 0xF4, "fill", "is wrong");
    bh_elf_relocate(&elf, image, 0x500000000);
    memcpy(&word, image + ADDRESS_DATA + 0x1100, 8);
    expect(word == 0x500001020, "RELATIVE", "is wrong");
    memcpy(&word, image + ADDRESS_DATA + 0x1210, 8);
    expect(word == 0x500000000, "RELR bitmap", "is wrong");
}

int main(void)
{
    uint8_t *memory = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory + 15 * PAGE, PAGE, PROT_NONE)) {
        perror("elf-cases: no memory");
        return 2;
    }
    guard = memory + 15 * PAGE;
    run_good();
    run_cases();
    run_examples();
    run_truncations();
    run_overwrites();
    printf("%s: %u checks of modules, good and malformed, %u failed\n", failures ? "FAIL" : "PASS", checks, failures);
    return failures != 0;
}
