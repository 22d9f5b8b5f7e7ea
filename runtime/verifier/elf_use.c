/* What the runtime and the tools do with a module that was parsed: code pages, relocations, symbols. */
#include "elf_parser.h"

enum { HLT = 0xF4 };

bool bh_elf_for_each_relr(const struct bh_elf *elf, relr_visitor *visit, void *context) {
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

void bh_elf_fill_code(const struct bh_elf *elf, uint8_t *buffer) {
    const struct bh_elf_segment *code = &elf->segment[elf->code_segment];
    memset(buffer, HLT, elf->code_size);
    memcpy(buffer + (code->vaddr - elf->code_addr), elf->file + code->offset, code->filesz);
}

void bh_elf_verify_input(const struct bh_elf *elf, const uint8_t *code, struct bh_verify_input *input) {
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
    uint64_t low, high; /* bytes outside stay as they are */
};

static void put_word(const struct relocation *r, uint64_t address, uint64_t value) {
    if (address >= r->low && r->high - address >= sizeof value && address < r->high) {
        memcpy(r->image + address, &value, sizeof value);
        return;
    }
    for (unsigned i = 0; i < sizeof value; i++)
        if (address + i >= r->low && address + i < r->high)
            r->image[address + i] = (uint8_t)(value >> (8 * i));
}

static bool relocate_word(void *context, uint64_t address) {
    const struct relocation *r = context;
    uint64_t value;
    memcpy(&value, r->image + address, sizeof value);
    put_word(r, address, value + r->base);
    return true;
}

void bh_elf_relocate_part(const struct bh_elf *elf, uint8_t *image, uint64_t base, uint64_t low, uint64_t high) {
    struct relocation r = {image, base, low, high};
    for (uint64_t i = 0; i < elf->rela_count; i++) {
        struct elf_rela rela;
        read_at(elf, elf->rela_offset + i * sizeof rela, &rela, sizeof rela);
        put_word(&r, rela.offset, base + (uint64_t)rela.addend);
    }
    bh_elf_for_each_relr(elf, relocate_word, &r);
}

void bh_elf_relocate(const struct bh_elf *elf, uint8_t *image, uint64_t base) {
    bh_elf_relocate_part(elf, image, base, 0, UINT64_MAX);
}

bool bh_elf_export(const struct bh_elf *elf, const char *name, uint64_t *address, bool *is_function) {
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

/* Whether it names a place in code: what a message may say. */
static bool names(const struct elf_symbol *symbol, const uint8_t *file, uint64_t strings, uint64_t strings_size) {
    return symbol->shndx != SHN_UNDEF && symbol->shndx < SHN_LORESERVE && (symbol->info & 15) <= STT_FUNC &&
           symbol->name < strings_size && file[strings + symbol->name];
}

static const char *nearest(const struct bh_elf *elf, uint64_t table, uint64_t count, uint64_t strings,
                           uint64_t strings_size, uint64_t address, uint64_t *offset) {
    const char *best = NULL;
    for (uint64_t i = 1; i < count; i++) {
        struct elf_symbol symbol;
        read_at(elf, table + i * sizeof symbol, &symbol, sizeof symbol);
        if (!names(&symbol, elf->file, strings, strings_size) || symbol.value > address ||
            (symbol.size && address - symbol.value >= symbol.size) || (best && address - symbol.value >= *offset))
            continue;
        best = (const char *)elf->file + strings + symbol.name;
        *offset = address - symbol.value;
    }
    return best;
}

const char *bh_elf_symbolize(const struct bh_elf *elf, uint64_t address, uint64_t *offset) {
    const char *name =
        nearest(elf, elf->symtab_offset, elf->symtab_count, elf->strtab_offset, elf->strtab_size, address, offset);
    if (!name)
        name =
            nearest(elf, elf->dynsym_offset, elf->dynsym_count, elf->dynstr_offset, elf->dynstr_size, address, offset);
    return name;
}

static void visit_symbols(const struct bh_elf *elf, uint64_t table, uint64_t count, uint64_t strings,
                          uint64_t strings_size, bh_elf_symbol_visitor *visit, void *context) {
    for (uint64_t i = 1; i < count; i++) {
        struct elf_symbol symbol;
        read_at(elf, table + i * sizeof symbol, &symbol, sizeof symbol);
        if (names(&symbol, elf->file, strings, strings_size) && symbol.value - elf->code_addr < elf->code_size)
            visit(context, symbol.value, symbol.size, strings + symbol.name);
    }
}

void bh_elf_code_symbols(const struct bh_elf *elf, bh_elf_symbol_visitor *visit, void *context) {
    visit_symbols(elf, elf->symtab_offset, elf->symtab_count, elf->strtab_offset, elf->strtab_size, visit, context);
    visit_symbols(elf, elf->dynsym_offset, elf->dynsym_count, elf->dynstr_offset, elf->dynstr_size, visit, context);
}
