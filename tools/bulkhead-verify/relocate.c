/* See relocate.h. A relocation is only believed if its field is exactly the displacement or immediate of an
 * instruction, so that the value chosen here cannot make other instructions of the bytes than the linker's value does.
 */
#include "relocate.h"

#include <Zydis/Zydis.h>
#include <stdlib.h>
#include <string.h>

enum { INT3 = 0xCC, HLT = 0xF4, SOME_CONSTANT = -16 };
enum {
    R_NONE = 0,
    R_64 = 1,
    R_PC32 = 2,
    R_PLT32 = 4,
    R_GOTPCREL = 9,
    R_32 = 10,
    R_32S = 11,
    R_16 = 12,
    R_PC16 = 13,
    R_8 = 14,
    R_PC8 = 15,
    R_TLSGD = 19,
    R_TLSLD = 20,
    R_DTPOFF32 = 21,
    R_GOTTPOFF = 22,
    R_TPOFF32 = 23,
    R_PC64 = 24,
    R_GOTOFF64 = 25,
    R_GOTPC32 = 26,
    R_GOTPC64 = 29,
    R_SIZE32 = 32,
    R_SIZE64 = 33,
    R_GOTPC32_TLSDESC = 34,
    R_TLSDESC_CALL = 35,
    R_GOTPCRELX = 41,
    R_REX_GOTPCRELX = 42,
};
enum field { FIELD_NONE, FIELD_BRANCH, FIELD_RIP, FIELD_DISPLACEMENT, FIELD_IMMEDIATE };

struct linker {
    const struct object *object;
    struct linked_code *linked;
    uint64_t elsewhere, data;
    bh_verify_report *report;
    void *context;
};

/* The instruction that a relocation belongs to. */
struct place {
    uint64_t address;
    unsigned length;
    ZydisDecodedInstruction insn;
    bool known;
};

static void refuse(const struct linker *l, const struct place *at, const char *reason) {
    struct bh_verify_refusal refusal = {
        .address = at->address,
        .length = at->length,
        .rule = "obj-reloc",
        .reason = reason,
        .bundle = at->address & ~(uint64_t)(BH_BUNDLE_SIZE - 1),
    };
    l->report(l->context, &refusal);
}

/* What the bytes at an offset in the instruction are; *size is their number. */
static enum field field_at(const struct place *at, uint64_t offset, unsigned *size) {
    const ZydisDecodedInstruction *insn = &at->insn;
    if (!at->known || !offset)
        return FIELD_NONE;
    if (insn->raw.disp.size && insn->raw.disp.offset == offset) {
        *size = insn->raw.disp.size / 8;
        return insn->raw.modrm.mod == 0 && insn->raw.modrm.rm == 5 ? FIELD_RIP : FIELD_DISPLACEMENT;
    }
    for (unsigned i = 0; i < 2; i++)
        if (insn->raw.imm[i].size && insn->raw.imm[i].offset == offset) {
            *size = insn->raw.imm[i].size / 8;
            return insn->raw.imm[i].is_relative ? FIELD_BRANCH : FIELD_IMMEDIATE;
        }
    return FIELD_NONE;
}

static unsigned width_of(uint32_t type) {
    switch (type) {
    case R_8:
    case R_PC8: return 1;
    case R_16:
    case R_PC16: return 2;
    case R_64:
    case R_PC64:
    case R_GOTOFF64:
    case R_GOTPC64:
    case R_SIZE64: return 8;
    default: return 4;
    }
}

static void store(const struct linker *l, const struct place *at, uint64_t field, unsigned size, int64_t value) {
    int64_t high = size == 8 ? INT64_MAX : ((int64_t)1 << (8 * size - 1)) - 1;
    if (value < -high - 1 || value > high)
        refuse(l, at, "the relocation does not reach its symbol");
    else
        memcpy(l->linked->code + field, &value, size);
}

/* Whether an operand that is offset bytes from the symbol leaves the symbol's section, where the image may end. In
 * unsigned arithmetic, since a hostile offset wraps. */
static bool leaves_section(const struct place *at, const struct object_symbol *symbol, uint64_t offset) {
    return symbol->bounded && at->insn.mnemonic != ZYDIS_MNEMONIC_LEA && at->insn.mnemonic != ZYDIS_MNEMONIC_NOP &&
           symbol->before + offset >= symbol->before + symbol->from;
}

/* PC-relative to a symbol: R_X86_64_PC32, PLT32 and the shorter ones. */
static void resolve_symbol(const struct linker *l, const struct place *at, const struct object_relocation *r,
                           enum field field, unsigned size) {
    struct object_symbol symbol = object_symbol(l->object, r->symbol);
    uint64_t end = at->address + at->length, target;
    if (field == FIELD_DISPLACEMENT) {
        refuse(l, at, "a distance is used as the displacement of an operand that is not RIP-relative");
        return;
    }
    if (symbol.ifunc) {
        refuse(l, at, "an ifunc: the module would need a relocation that calls guest code (elf-reloc)");
        return;
    }
    if (symbol.place == SYMBOL_CODE) {
        /* In unsigned arithmetic, where a hostile addend wraps; store() looks at the outcome. */
        store(l, at, r->address, size, (int64_t)(symbol.address + (uint64_t)r->addend - r->address));
        return;
    }
    if (field == FIELD_RIP && leaves_section(at, &symbol, (uint64_t)r->addend + end - r->address))
        refuse(l, at,
               "the operand lies beyond the section of its symbol, perhaps beyond the image (M2): compute its address "
               "into a register");
    target = field == FIELD_BRANCH && symbol.place == SYMBOL_UNDEFINED ? l->elsewhere : l->data;
    if (field == FIELD_BRANCH && size < 4)
        refuse(l, at, "a short branch to another file: whether it reaches and where it leads is not known");
    else
        store(l, at, r->address, size, (int64_t)(target - end));
}

static void resolve(const struct linker *l, const struct place *at, const struct object_relocation *r) {
    unsigned size = 0;
    enum field field = field_at(at, r->address - at->address, &size);
    if (r->type == R_NONE || r->type == R_TLSDESC_CALL)
        return;
    if (field == FIELD_NONE || size != width_of(r->type)) {
        refuse(l, at, "a relocation changes bytes that are not a displacement or an immediate");
        return;
    }
    switch (r->type) {
    case R_PC32:
    case R_PLT32:
    case R_PC16:
    case R_PC8: resolve_symbol(l, at, r, field, size); break;
    case R_GOTPCREL:
    case R_GOTPCRELX:
    case R_REX_GOTPCRELX:
    case R_GOTTPOFF:
    case R_GOTPC32:
        if (field == FIELD_RIP)
            store(l, at, r->address, size, (int64_t)(l->data - at->address - at->length));
        else
            refuse(l, at, "a relocation to the global offset table is not in a RIP-relative operand");
        break;
    case R_TPOFF32:
    case R_DTPOFF32:
    case R_SIZE32:
    case R_SIZE64:
    case R_PC64:
    case R_GOTOFF64:
    case R_GOTPC64:
        if (field == FIELD_IMMEDIATE || field == FIELD_DISPLACEMENT)
            store(l, at, r->address, size, SOME_CONSTANT);
        else
            refuse(l, at, "a constant that only the linker knows is used as a distance");
        break;
    case R_64:
        refuse(l, at,
               "an absolute address in code: the module would have a relocation into its code, which P4 forbids");
        break;
    case R_32:
    case R_32S:
    case R_16:
    case R_8:
        refuse(l, at, "an absolute address of less than 64 bits: compile with -fPIE; a module can be loaded anywhere");
        break;
    case R_TLSGD:
    case R_TLSLD:
    case R_GOTPC32_TLSDESC:
        refuse(l, at, "thread-local storage in a form that the linker rewrites: compile with -ftls-model=local-exec");
        break;
    default: refuse(l, at, "a relocation of a type that does not belong into a module's code");
    }
}

/* Goes through a section instruction by instruction, to know which fields its relocations change. */
static void resolve_section(const struct linker *l, const struct object_section *section) {
    ZydisDecoder decoder;
    uint64_t at = section->address, end = at + section->size;
    size_t next = object_relocation_from(l->object, at);
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    while (at < end && next < l->object->relocation_count && l->object->relocations[next].address < end) {
        struct place place = {.address = at};
        place.known =
            ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, NULL, l->linked->code + at, end - at, &place.insn));
        place.length = place.known ? place.insn.length : 1;
        for (; next < l->object->relocation_count && l->object->relocations[next].address < at + place.length; next++)
            resolve(l, &place, &l->object->relocations[next]);
        at += place.length;
    }
}

bool link_object(const struct object *object, struct linked_code *linked) {
    linked->size = object->region_size + BH_BUNDLE_SIZE;
    linked->image_hi = (linked->size + BH_PAGE_SIZE - 1) / BH_PAGE_SIZE * BH_PAGE_SIZE + BH_PAGE_SIZE;
    linked->code = malloc(linked->size);
    if (!linked->code)
        return false;
    memset(linked->code, HLT, linked->size);
    for (size_t i = 0; i < object->section_count; i++) {
        const struct object_section *s = &object->sections[i];
        memcpy(linked->code + s->address, object->file + s->file_offset, s->size);
        memset(linked->code + s->address + s->size, INT3, (BH_BUNDLE_SIZE - s->size % BH_BUNDLE_SIZE) % BH_BUNDLE_SIZE);
    }
    return true;
}

void resolve_relocations(const struct object *object, struct linked_code *linked, bh_verify_report *report,
                         void *context) {
    struct linker l = {.object = object,
                       .linked = linked,
                       .elsewhere = object->region_size,
                       .data = linked->image_hi - BH_PAGE_SIZE / 2,
                       .report = report,
                       .context = context};
    for (size_t i = 0; i < object->section_count; i++)
        resolve_section(&l, &object->sections[i]);
}
