/* Sequences for forms.h. They are written down here a second time, from docs/contract.md, so that the verifier's templates are
 * compared with something. */
#include "forms.h"

#include "bulkhead/layout.h"

enum { RSP = 4 };

struct sequences {
    bool free_loads;
    forms_sink *sink;
    void *context;
};

static struct form sequence(uint32_t place)
{
    struct form f = {.place = place, .m2_at = -1, .branch_at = -1, .hostcall_at = -1};
    return f;
}

static uint32_t legacy_place(unsigned pp, unsigned opcode, unsigned modrm)
{
    return (pp * 256 + opcode) * 72 + modrm;
}

/* `opcode %gs:0x10000,%reg`, 64 bits */
static void put_base(struct form *f, unsigned opcode, unsigned reg)
{
    put(f, 0x65);
    put(f, reg & 8 ? 0x4C : 0x48);
    put(f, opcode);
    put(f, (reg & 7) << 3 | 4);
    put(f, 0x25);
    put32(f, BH_CONTEXT_BASE);
}

/* C3 (jump and call) and C4 through every register; C5. */
static void generate_branches(const struct sequences *g)
{
    for (unsigned reg = 0; reg < 16; reg++)
        for (unsigned kind = 0; kind < 3; kind++) { /* call, jump, pop and jump */
            unsigned digit = kind == 0 ? 2 : 4;
            struct form f = sequence(legacy_place(0, 0xFF, 8 + digit * 8 + (reg & 7)));
            if (kind == 2) {
                if (reg & 8)
                    put(&f, 0x41);
                put(&f, 0x58 | (reg & 7));
            }
            if (reg & 8)
                put(&f, 0x41);
            put(&f, 0x83);
            put(&f, 0xE0 | (reg & 7));
            put(&f, 0xE0);
            put_base(&f, 0x03, reg);
            if (reg & 8)
                put(&f, 0x41);
            put(&f, 0xFF);
            put(&f, 0xC0 | digit << 3 | (reg & 7));
            f.anywhere = true;
            g->sink(g->context, &f);
        }
    for (unsigned digit = 2; digit <= 4; digit += 2) {
        struct form f = sequence(legacy_place(0, 0xFF, digit));
        put(&f, 0x65);
        put(&f, 0xFF);
        put(&f, digit << 3 | 4);
        put(&f, 0x25);
        f.hostcall_at = (int)f.length;
        put32(&f, 0);
        g->sink(g->context, &f);
    }
}

/* movl %edi,%edi and its addition of B, in the form with base 16 (addq) or with the register base (leaq). */
static void put_confined(struct form *f, unsigned reg, unsigned base)
{
    put(f, 0x89);
    put(f, 0xC0 | reg << 3 | reg);
    if (base == 16) {
        put_base(f, 0x03, reg);
        return;
    }
    put(f, base & 8 ? 0x49 : 0x48);
    put(f, 0x8D);
    put(f, ((base & 7) == 5 ? 0x40 : 0) | reg << 3 | 4);
    put(f, reg << 3 | (base & 7));
    if ((base & 7) == 5)
        put(f, 0);
}

static void generate_strings(const struct sequences *g)
{
    static const uint8_t opcodes[] = {0xA4, 0xA6, 0xAA, 0xAC, 0xAE}, reps[] = {0, 0xF3, 0xF2};
    for (unsigned op = 0; op < sizeof opcodes; op++)
        for (unsigned rep = 0; rep < 3; rep++)
            for (unsigned size = 0; size < 4; size++) /* b, l, w, q */
                for (unsigned uses = g->free_loads ? 0 : 1; uses < 4; uses++)
                    for (unsigned base = uses ? 0 : 16; base <= 16; base++) {
                        unsigned opcode = opcodes[op] + (size > 0), pp = rep == 1 ? 2u : rep == 2 ? 3u : size == 2;
                        struct form f = sequence(legacy_place(pp, opcode, 0));
                        if (base < 16)
                            put_base(&f, 0x8B, base);
                        if (uses & 1)
                            put_confined(&f, 7, base);
                        if (uses & 2)
                            put_confined(&f, 6, base);
                        if (reps[rep])
                            put(&f, reps[rep]);
                        if (size > 1)
                            put(&f, size == 2 ? 0x66 : 0x48);
                        put(&f, opcode);
                        g->sink(g->context, &f);
                    }
}

/* movq %gs:0x10000,%rX; movl %eS,%esp; leaq (%rsp,%rX),%rsp */
static void generate_moved_rsp(const struct sequences *g)
{
    for (unsigned base = 0; base < 16; base++)
        for (unsigned source = 0; source < 16; source++) {
            struct form f = sequence(FORMS_PLACES);
            put_base(&f, 0x8B, base);
            if (source & 8)
                put(&f, 0x44);
            put(&f, 0x89);
            put(&f, 0xC0 | (source & 7) << 3 | RSP);
            put(&f, base & 8 ? 0x4A : 0x48);
            put(&f, 0x8D);
            put(&f, 0x24);
            put(&f, (base & 7) << 3 | RSP);
            g->sink(g->context, &f);
        }
}

void forms_generate_sequences(bool free_loads, forms_sink *sink, void *context)
{
    const struct sequences g = {free_loads, sink, context};
    generate_branches(&g);
    generate_strings(&g);
    generate_moved_rsp(&g);
}
