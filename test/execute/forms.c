/* See forms.h. */
#include "forms.h"

#include <stdio.h>
#include <string.h>

#include "random.h"
#include "verifier/decode.h"
#include "verifier/verify.h"

enum { RSP = 4 };

/* ---- places ------------------------------------------------------------------------------------------------------ */

struct coordinates {
    bool vex;
    unsigned map, pp, l, w, opcode, modrm; /* modrm: 0-71 */
};

static struct coordinates coordinates(uint32_t place)
{
    struct coordinates c = {.modrm = place % 72};
    unsigned slot = place / 72;
    c.vex = slot >= FORMS_LEGACY;
    c.opcode = slot % 256;
    if (c.vex) {
        slot -= FORMS_LEGACY;
        c.w = slot / 256 & 1;
        c.l = slot / 512 & 1;
        c.pp = slot / 1024 & 3;
        c.map = slot / 4096 + 1;
    } else {
        c.pp = slot / 256 & 3;
        c.map = slot / 1024;
    }
    return c;
}

static unsigned table_value(unsigned slot)
{
    return slot < FORMS_LEGACY ? bh_legacy[slot] : bh_vex[slot - FORMS_LEGACY];
}

/* The entry that the table has for a place; NULL when it refuses. Where the table does not look at ModRM, place 0 stands
 * for the memory forms (or for all, if there is no ModRM) and place 8 for the register forms. */
static const struct bh_entry *place_entry(uint32_t place)
{
    unsigned value = table_value(place / 72), modrm = place % 72;
    bool group = value & BH_GROUP;
    if (group)
        value = bh_groups[value & ~(unsigned)BH_GROUP][modrm];
    const struct bh_entry *e = value ? &bh_entries[value] : NULL;
    if (!e || e->cls == BH_CLASS_REFUSED)
        return NULL;
    if (!group && modrm != 0 && !(modrm == 8 && e->flags & BH_MODRM))
        return NULL;
    return e;
}

bool forms_place_listed(uint32_t place)
{
    return place_entry(place) != NULL;
}

bool forms_place_avx(uint32_t place)
{
    const struct bh_entry *e = place < FORMS_PLACES ? place_entry(place) : NULL;
    return e && e->facts & BH_FACT_AVX;
}

bool forms_place_uses_stack(uint32_t place)
{
    const struct bh_entry *e = place < FORMS_PLACES ? place_entry(place) : NULL;
    return e && (e->flags & BH_STACK || e->cls == BH_CLASS_CALL || e->cls == BH_CLASS_INDIRECT);
}

bool forms_place_traps(uint32_t place)
{
    const struct bh_entry *e = place < FORMS_PLACES ? place_entry(place) : NULL;
    return e && e->cls == BH_CLASS_TRAP;
}

void forms_describe(uint32_t place, char *text, unsigned size)
{
    static const char *const pps[] = {"np", "66", "f3", "f2"}, *const maps[] = {"", " 0f", " 0f38", " 0f3a"};
    struct coordinates c = coordinates(place);
    char vex[16] = "", modrm[16];
    if (place >= FORMS_PLACES) {
        snprintf(text, size, "S3");
        return;
    }
    if (c.vex)
        snprintf(vex, sizeof vex, "vex.%u.%u ", c.l, c.w);
    if (c.modrm < 8)
        snprintf(modrm, sizeof modrm, "/%u memory", c.modrm);
    else
        snprintf(modrm, sizeof modrm, ":%02x", 0xC0 + c.modrm - 8);
    snprintf(text, size, "%s%s%s %02x %s", vex, pps[c.pp], maps[c.map], c.opcode, modrm);
}

/* ---- instructions ------------------------------------------------------------------------------------------------ */

struct generator {
    uint64_t random;
    unsigned depth;
    bool free_loads;
    forms_sink *sink;
    void *context;
};

/* How the operand is to be written, besides its kind. */
struct wish {
    enum operand operand;
    unsigned shape; /* of M1: which registers and displacement; of M3: which displacement */
    bool into_rsp;  /* the register that it writes is number 4, and the tail of S3 follows */
    bool constant;  /* S1: rsp and a constant */
};

static const uint8_t shapes[OPERAND_COUNT] = {
    [OPERAND_M1] = 6, [OPERAND_M1_ABSOLUTE] = 1, [OPERAND_M2] = 1, [OPERAND_M3] = 3, [OPERAND_FREE] = 6,
};

static uint32_t extreme32(struct generator *g)
{
    static const uint32_t values[] = {0, 1, 0xFFFFFFFF, 0x7F, 0xFFFFFF80, 0x7FFFFFFF, 0x80000000, 0x4000, 0xFFFFC000, 0x1000,
                                      0xFF000000, 0xFFFFFFE0, 0x20, 0x10000, 8, 0xFFFFFFF8};
    unsigned i = random_below(&g->random, 24);
    return i < sizeof values / sizeof *values ? values[i] : (uint32_t)random_next(&g->random);
}

/* ModRM, SIB, displacement. rex collects the bits that the registers need. */
static void put_operand(struct generator *g, struct form *f, const struct wish *wish, unsigned reg)
{
    uint32_t disp = extreme32(g);
    unsigned rm = random_below(&g->random, 8), index, scale = random_below(&g->random, 4) << 6;
    reg <<= 3;
    switch (wish->operand) {
    case OPERAND_M1:
    case OPERAND_FREE:
        switch (wish->shape) {
        case 0: /* (%base) */
            while (rm == 4 || rm == 5)
                rm = random_below(&g->random, 8);
            put(f, reg | rm);
            break;
        case 1: /* disp8(%base) */
            while (rm == 4)
                rm = random_below(&g->random, 8);
            put(f, 0x40 | reg | rm);
            put(f, disp);
            break;
        case 2: /* disp32(%base) */
            while (rm == 4)
                rm = random_below(&g->random, 8);
            put(f, 0x80 | reg | rm);
            put32(f, disp);
            break;
        case 3: /* disp32(,%index,scale), or no register */
            index = random_below(&g->random, 8);
            put(f, reg | 4);
            put(f, scale | index << 3 | 5);
            put32(f, disp);
            break;
        case 4: /* disp8(%base,%index,scale) */
            put(f, 0x40 | reg | 4);
            put(f, scale | random_below(&g->random, 64));
            put(f, disp);
            break;
        default: /* disp32(%base,%index,scale) */
            put(f, 0x80 | reg | 4);
            put(f, scale | random_below(&g->random, 64));
            put32(f, disp);
        }
        break;
    case OPERAND_M1_ABSOLUTE:
        put(f, reg | 4);
        put(f, 0x25);
        put32(f, disp & 0x7FFFFFFF);
        break;
    case OPERAND_M2:
        put(f, reg | 5);
        f->m2_at = (int)f->length;
        f->m2_slack = random_below(&g->random, 4) ? random_below(&g->random, 4096) : random_below(&g->random, 36);
        put32(f, 0);
        break;
    case OPERAND_M3:
        switch (wish->shape) {
        case 0:
            put(f, reg | 4);
            put(f, scale | 0x24);
            break;
        case 1:
            put(f, 0x40 | reg | 4);
            put(f, scale | 0x24);
            put(f, disp);
            break;
        default:
            put(f, 0x80 | reg | 4);
            put(f, scale | 0x24);
            put32(f, random_below(&g->random, 3) ? random_below(&g->random, 0x8001) - 0x4000
                     : random_below(&g->random, 2) ? 0x4000 : 0xFFFFC000);
        }
        break;
    default:
        break;
    }
}

static void shuffle(struct generator *g, uint8_t *bytes, unsigned count)
{
    for (unsigned i = count; i > 1; i--) {
        unsigned j = random_below(&g->random, i);
        uint8_t swap = bytes[i - 1];
        bytes[i - 1] = bytes[j];
        bytes[j] = swap;
    }
}

static void put_prefixes(struct generator *g, struct form *f, const struct coordinates *c, const struct bh_entry *e,
                         const struct wish *wish)
{
    static const uint8_t mandatory[] = {0, 0x66, 0xF3, 0xF2};
    uint8_t prefixes[8];
    unsigned n = 0;
    if (wish->operand == OPERAND_M1 || wish->operand == OPERAND_M1_ABSOLUTE)
        prefixes[n++] = 0x65;
    if (wish->operand == OPERAND_M1 || (wish->operand == OPERAND_FREE && !random_below(&g->random, 4)))
        prefixes[n++] = 0x67;
    if (wish->operand == OPERAND_FREE && !random_below(&g->random, 4))
        prefixes[n++] = 0x65;
    if (!c->vex && c->pp)
        prefixes[n++] = mandatory[c->pp];
    if (!c->vex && c->pp >= 2 && e->flags & BH_OPSIZE && !random_below(&g->random, 3))
        prefixes[n++] = 0x66;
    if (e->flags & BH_LOCKABLE && wish->operand >= OPERAND_M1 && random_below(&g->random, 2))
        prefixes[n++] = 0xF0;
    if (e->mem == BH_MEM_ADDRESS && !random_below(&g->random, 4))
        prefixes[n++] = 0x67;
    if (e->cls == BH_CLASS_NOP && !random_below(&g->random, 2)) {
        for (unsigned more = random_below(&g->random, 4); more; more--)
            put(f, 0x66);
        if (random_below(&g->random, 2))
            put(f, 0x2E);
    }
    if (e->cls == BH_CLASS_CALL && !random_below(&g->random, 3))
        prefixes[n++] = 0x67;
    if (wish->operand < OPERAND_M1 && !random_below(&g->random, 6))
        for (unsigned more = 1 + random_below(&g->random, 4); more; more--)
            put(f, 0x2E);
    shuffle(g, prefixes, n);
    for (unsigned i = 0; i < n; i++)
        put(f, prefixes[i]);
}

static void put_vex(struct generator *g, struct form *f, const struct coordinates *c, unsigned rex, unsigned vvvv)
{
    unsigned last = (~vvvv & 15) << 3 | c->l << 2 | c->pp;
    if (c->map == 1 && !(rex & (REX_X | REX_B)) && !c->w && random_below(&g->random, 2)) {
        put(f, 0xC5);
        put(f, (rex & REX_R ? 0 : 0x80) | last);
        return;
    }
    put(f, 0xC4);
    put(f, (rex & REX_R ? 0 : 0x80) | (rex & REX_X ? 0 : 0x40) | (rex & REX_B ? 0 : 0x20) | c->map);
    put(f, c->w << 7 | last);
}

static void put_opcode(struct form *f, const struct coordinates *c)
{
    if (!c->vex && c->map)
        put(f, 0x0F);
    if (!c->vex && c->map > 1)
        put(f, c->map == 2 ? 0x38 : 0x3A);
    put(f, c->opcode);
}

static void put_immediates(struct generator *g, struct form *f, const struct bh_entry *e, bool word, bool wide, bool small)
{
    unsigned size = e->imm == BH_IMM_Z ? (word ? 2 : 4) : e->imm == BH_IMM_V ? (wide ? 8 : word ? 2 : 4) : e->imm;
    if (e->cls == BH_CLASS_JUMP || e->cls == BH_CLASS_CALL) {
        f->branch_at = (int)f->length;
        f->branch_size = size;
    }
    if (small) { /* a constant that S1 allows */
        int32_t value = (int32_t)random_below(&g->random, 0x8001) - 0x4000;
        for (unsigned i = 0; i < size; i++)
            put(f, (uint32_t)value >> 8 * i);
        return;
    }
    while (size) {
        uint32_t value = extreme32(g);
        for (unsigned i = 0; i < 4 && size; i++, size--)
            put(f, value >> 8 * i);
    }
}

/* One instruction of the place with such an operand; everything that the wish leaves open is random. */
static void build(struct generator *g, struct form *f, uint32_t place, const struct wish *wish)
{
    static const uint8_t tail[] = {0x65, 0x48, 0x03, 0x24, 0x25, 0, 0, 1, 0};
    struct coordinates c = coordinates(place);
    const struct bh_entry *e = place_entry(place);
    bool exact = table_value(place / 72) & BH_GROUP;
    unsigned rex = random_below(&g->random, 2) ? random_below(&g->random, 16) : 0, reg = random_below(&g->random, 8);
    unsigned rm = random_below(&g->random, 8), vvvv = random_below(&g->random, 2) ? random_below(&g->random, 16) : 0;
    memset(f, 0, sizeof *f);
    f->place = place;
    f->operand = wish->operand;
    f->m2_at = f->branch_at = f->hostcall_at = -1;
    if (!(e->flags & BH_USES_VVVV) && random_below(&g->random, 8))
        vvvv = 0;
    if (exact) {
        reg = c.modrm < 8 ? c.modrm : (c.modrm - 8) >> 3;
        rm = c.modrm & 7;
    }
    if (wish->into_rsp) {
        rex &= e->flags & BH_WRITES_REG ? REX_X | REX_B : REX_R | REX_X;
        if (e->flags & BH_WRITES_REG)
            reg = RSP;
        else
            rm = RSP;
    }
    if (wish->constant) {
        rex = REX_W;
        reg = e->sp == BH_SP_LEA ? RSP : reg;
        rm = RSP;
    }
    put_prefixes(g, f, &c, e, wish);
    bool word = !c.vex && memchr(f->bytes, 0x66, f->length) && !(rex & REX_W);
    if (c.vex)
        put_vex(g, f, &c, rex, vvvv);
    else if (rex || !random_below(&g->random, 16))
        put(f, 0x40 | rex);
    put_opcode(f, &c);
    if (e->flags & BH_MODRM) {
        if (wish->operand == OPERAND_REGISTER)
            put(f, 0xC0 | reg << 3 | rm);
        else
            put_operand(g, f, wish, reg);
    }
    put_immediates(g, f, e, word, rex & REX_W, wish->constant);
    f->head = f->length;
    if (wish->into_rsp) {
        memcpy(f->bytes + f->length, tail, sizeof tail);
        f->length += sizeof tail;
    }
}

enum { PATIENCE = 300 };

/* depth accepted forms of one wish. After that many refusals in a row none will ever be accepted. */
static void propose(struct generator *g, uint32_t place, struct wish wish, unsigned depth)
{
    struct form form;
    for (unsigned accepted = 0, refused = 0; accepted < depth && refused < PATIENCE;) {
        build(g, &form, place, &wish);
        if (g->sink(g->context, &form)) {
            accepted++;
            refused = 0;
        } else {
            refused++;
        }
    }
}

/* Whether the place can name rsp as what it writes in a way that S1 or S3 may accept. */
static bool can_write_rsp(uint32_t place, const struct bh_entry *e)
{
    bool exact = table_value(place / 72) & BH_GROUP, memory = e->flags & BH_MODRM && place % 72 < 8;
    if (e->sp == BH_SP_NO)
        return false;
    if (e->flags & BH_WRITES_OPC)
        return (place / 72 & 7) == RSP;
    if (e->flags & BH_WRITES_REG)
        return true;
    return e->flags & BH_WRITES_RM && !memory && (!exact || (place % 72 & 7) == RSP);
}

static void generate_place(struct generator *g, uint32_t place)
{
    const struct bh_entry *e = place_entry(place);
    bool exact = table_value(place / 72) & BH_GROUP, memory = place % 72 < 8, rsp = can_write_rsp(place, e);
    if (!(e->flags & BH_MODRM)) {
        propose(g, place, (struct wish){OPERAND_NONE, 0, false, false}, g->depth);
        if (rsp)
            propose(g, place, (struct wish){OPERAND_NONE, 0, true, false}, g->depth);
        return;
    }
    if (!memory) {
        /* The 64 register forms of a group are 64 places: each gets its share. */
        propose(g, place, (struct wish){OPERAND_REGISTER, 0, false, false}, exact ? (g->depth + 3) / 4 : g->depth * 2);
        if (rsp)
            propose(g, place, (struct wish){OPERAND_REGISTER, 0, true, false}, g->depth);
        if (rsp && (e->sp == BH_SP_ADD || e->sp == BH_SP_SUB))
            propose(g, place, (struct wish){OPERAND_REGISTER, 0, false, true}, g->depth);
        return;
    }
    for (unsigned operand = OPERAND_M1; operand < (g->free_loads ? OPERAND_COUNT : OPERAND_FREE); operand++)
        for (unsigned shape = 0; shape < shapes[operand]; shape++) {
            struct wish wish = {(enum operand)operand, shape, false, false};
            propose(g, place, wish, g->depth);
            if (rsp) {
                wish.into_rsp = true;
                propose(g, place, wish, g->depth);
            }
            if (e->sp == BH_SP_LEA && operand == OPERAND_M3) {
                wish.into_rsp = false;
                wish.constant = true;
                propose(g, place, wish, g->depth);
            }
        }
}

/* ---- all ------------------------------------------------------------------------------------------------------- */

void forms_generate(unsigned depth, bool free_loads, uint64_t seed, forms_sink *sink, void *context)
{
    struct generator g = {.random = seed, .depth = depth, .free_loads = free_loads, .sink = sink, .context = context};
    forms_generate_sequences(free_loads, sink, context);
    for (uint32_t place = 0; place < FORMS_PLACES; place++)
        if (place_entry(place))
            generate_place(&g, place);
}
