/* fuzz-code's mutator: works on bundles as lists of instructions, and keeps bundles aligned by padding.
 *
 * Bundles that a mutation makes too long spill into a new one. Sequences are put in whole; later mutations take them apart
 * like everything else.
 */
#include <stdbool.h>
#include <string.h>

#include "code_input.h"
#include "random.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out, size_t out_size,
                                 unsigned seed);

struct bundle {
    unsigned count;
    struct piece piece[MAX_INSNS + 2];
};

struct code {
    uint8_t parameters[PARAMETER_BYTES];
    unsigned count;
    uint8_t bundle[MAX_BUNDLES][BH_BUNDLE_SIZE];
};

static void load(struct code *code, const uint8_t *data, size_t size)
{
    memset(code, 0, sizeof *code);
    memcpy(code->parameters, data, size < PARAMETER_BYTES ? size : PARAMETER_BYTES);
    size_t bytes = size < PARAMETER_BYTES ? 0 : size - PARAMETER_BYTES;
    if (bytes > sizeof code->bundle)
        bytes = sizeof code->bundle;
    memset(code->bundle, 0xF4, sizeof code->bundle);
    if (bytes)
        memcpy(code->bundle, data + PARAMETER_BYTES, bytes);
    code->count = (unsigned)((bytes + BH_BUNDLE_SIZE - 1) / BH_BUNDLE_SIZE);
}

static size_t store(const struct code *code, uint8_t *data, size_t max_size)
{
    size_t size = PARAMETER_BYTES + (size_t)code->count * BH_BUNDLE_SIZE;
    while (size > max_size && size > PARAMETER_BYTES)
        size -= BH_BUNDLE_SIZE;
    if (size > max_size)
        return 0;
    memcpy(data, code->parameters, PARAMETER_BYTES);
    memcpy(data + PARAMETER_BYTES, code->bundle, size - PARAMETER_BYTES);
    return size;
}

static void take_apart(const uint8_t *bytes, struct bundle *bundle)
{
    bundle->count = 0;
    for (unsigned at = 0; at < BH_BUNDLE_SIZE && bundle->count < MAX_INSNS;) {
        struct piece *piece = &bundle->piece[bundle->count++];
        unsigned length = bh_verify_length(bytes + at, BH_BUNDLE_SIZE - at);
        memset(piece, 0, sizeof *piece);
        piece->length = (uint8_t)(length ? length : 1);
        memcpy(piece->bytes, bytes + at, piece->length);
        at += piece->length;
    }
}

static void remove_piece(struct bundle *bundle, unsigned at)
{
    memmove(&bundle->piece[at], &bundle->piece[at + 1], (bundle->count - at - 1) * sizeof *bundle->piece);
    bundle->count--;
}

static void insert_piece(struct bundle *bundle, unsigned at, struct piece piece)
{
    if (bundle->count >= MAX_INSNS)
        return;
    memmove(&bundle->piece[at + 1], &bundle->piece[at], (bundle->count - at) * sizeof *bundle->piece);
    bundle->piece[at] = piece;
    bundle->count++;
}

static void open_bundle(struct code *code, unsigned at)
{
    if (code->count == MAX_BUNDLES)
        code->count--; /* the last one is lost */
    memmove(code->bundle[at + 1], code->bundle[at], (size_t)(code->count - at) * BH_BUNDLE_SIZE);
    memset(code->bundle[at], 0xF4, BH_BUNDLE_SIZE);
    code->count++;
}

/* Fill: hlt, nops, int3 or one long nop. */
static void fill(uint8_t *bytes, unsigned size, struct random *r)
{
    static const uint8_t fills[] = {0xF4, 0x90, 0x90, 0xCC};
    memset(bytes, RANDOM_OF(r, fills), size);
    if (size == 10 && random_below(r, 2))
        memcpy(bytes, (const uint8_t[]){0x66, 0x2E, 0x0F, 0x1F, 0x84, 0, 0, 0, 0, 0}, 10);
}

/* Drops nops and fill first, then lets what is too long spill into a new bundle behind. */
static void put_together(struct code *code, unsigned at, struct bundle *bundle, struct random *r)
{
    unsigned total = 0, used = 0, i = 0;
    for (unsigned k = 0; k < bundle->count; k++)
        total += bundle->piece[k].length;
    for (unsigned k = bundle->count; k-- > 0 && total > BH_BUNDLE_SIZE;) {
        uint8_t first = bundle->piece[k].bytes[0];
        if (bundle->piece[k].length == 1 && (first == 0xF4 || first == 0x90 || first == 0xCC)) {
            remove_piece(bundle, k);
            total--;
        }
    }
    uint8_t *bytes = code->bundle[at];
    for (; i < bundle->count && used + bundle->piece[i].length <= BH_BUNDLE_SIZE; i++) {
        memcpy(bytes + used, bundle->piece[i].bytes, bundle->piece[i].length);
        used += bundle->piece[i].length;
    }
    /* Some mutants break C1 on purpose. */
    if (i < bundle->count && !random_below(r, 16))
        memcpy(bytes + used, bundle->piece[i].bytes, BH_BUNDLE_SIZE - used);
    else
        fill(bytes + used, BH_BUNDLE_SIZE - used, r);
    if (i == bundle->count || at + 1 >= MAX_BUNDLES)
        return;
    open_bundle(code, at + 1);
    uint8_t *next = code->bundle[at + 1];
    unsigned spilled = 0;
    for (; i < bundle->count && spilled + bundle->piece[i].length <= BH_BUNDLE_SIZE; i++) {
        memcpy(next + spilled, bundle->piece[i].bytes, bundle->piece[i].length);
        spilled += bundle->piece[i].length;
    }
    fill(next + spilled, BH_BUNDLE_SIZE - spilled, r);
}

static struct piece any_piece(struct random *r)
{
    switch (random_below(r, 6)) {
    case 0: return random_instruction(r);
    case 1: case 2: return pattern_pick(r);
    default: return dictionary_pick(r);
    }
}

/* A direct branch to a place near an instruction of the code, or before or after it. */
static void retarget(struct code *code, unsigned at, struct bundle *bundle, unsigned index, struct random *r)
{
    static const uint8_t opcodes[] = {0xEB, 0x74, 0x75, 0xE3, 0xE2, 0xE8, 0xE9};
    struct bundle other;
    unsigned to = random_below(r, code->count), offset = 0, from = 0;
    take_apart(code->bundle[to], &other);
    for (unsigned k = random_below(r, other.count); k-- > 0;)
        offset += other.piece[k].length;
    if (!random_below(r, 4))
        offset += random_below(r, 5);
    for (unsigned k = 0; k < index; k++)
        from += bundle->piece[k].length;
    uint8_t opcode = RANDOM_OF(r, opcodes);
    bool near = opcode == 0xE8 || opcode == 0xE9;
    int32_t distance = (int32_t)(to * BH_BUNDLE_SIZE + offset) - (int32_t)(at * BH_BUNDLE_SIZE + from + (near ? 5 : 2));
    struct piece branch = {.length = near ? 5 : 2, .bytes = {opcode}};
    memcpy(branch.bytes + 1, &distance, near ? 4 : 1);
    bundle->piece[index] = branch;
}

static void mutate_bundle(struct code *code, struct random *r)
{
    struct bundle bundle;
    unsigned at = random_below(r, code->count);
    take_apart(code->bundle[at], &bundle);
    unsigned index = random_below(r, bundle.count);
    switch (random_below(r, 12)) {
    case 0: case 1: insert_piece(&bundle, index, any_piece(r)); break;
    case 2: case 3: bundle.piece[index] = any_piece(r); break;
    case 4: remove_piece(&bundle, index); break;
    case 5: insert_piece(&bundle, index, bundle.piece[random_below(r, bundle.count)]); break;
    case 6: insert_piece(&bundle, index, pattern_pick(r)); break;
    case 7: retarget(code, at, &bundle, index, r); break;
    default: mutate_piece(&bundle.piece[index], r); break;
    }
    put_together(code, at, &bundle, r);
}

/* A bundle with one instruction, alone or between a constant and a jump: the clearest question about it. */
static void isolate(struct code *code, struct random *r)
{
    struct bundle bundle = {.count = 0};
    unsigned at = random_below(r, code->count);
    struct piece piece = random_below(r, 2) ? dictionary_pick(r) : random_instruction(r);
    for (unsigned i = random_below(r, 3); i > 0; i--)
        mutate_piece(&piece, r);
    bool between = random_below(r, 2);
    if (between)
        insert_piece(&bundle, bundle.count, (struct piece){4, {0x48, 0x83, 0xEC, 0x08}});
    insert_piece(&bundle, bundle.count, piece);
    if (between)
        insert_piece(&bundle, bundle.count, (struct piece){2, {0xEB, 0x00}});
    put_together(code, at, &bundle, r);
}

static void mutate_layout(struct code *code, struct random *r)
{
    unsigned a = random_below(r, code->count), b = random_below(r, code->count);
    uint8_t copy[BH_BUNDLE_SIZE];
    switch (random_below(r, 4)) {
    case 0:
        memcpy(copy, code->bundle[a], sizeof copy);
        memcpy(code->bundle[a], code->bundle[b], sizeof copy);
        memcpy(code->bundle[b], copy, sizeof copy);
        break;
    case 1:
        memcpy(copy, code->bundle[b], sizeof copy);
        open_bundle(code, a);
        memcpy(code->bundle[a], copy, sizeof copy);
        break;
    case 2:
        if (code->count > 1) {
            memmove(code->bundle[a], code->bundle[a + 1], (size_t)(code->count - a - 1) * BH_BUNDLE_SIZE);
            code->count--;
        }
        break;
    default: open_bundle(code, a); break;
    }
}

static void mutate_parameters(struct code *code, struct random *r)
{
    static const uint8_t values[] = {0, 0, 1, 2, 3, 8, 16, 0x20, 0x80, 0xFF};
    unsigned at = random_below(r, 6);
    if (at == 0)
        code->parameters[0] ^= random_below(r, 2) ? 1 : (uint8_t)(16 << random_below(r, 4));
    else
        code->parameters[at] = RANDOM_OF(r, values);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
    struct random r = {seed};
    struct code code;
    load(&code, data, size);
    if (!code.count)
        open_bundle(&code, 0);
    for (unsigned i = 1 + random_below(&r, 3); i > 0; i--) {
        switch (random_below(&r, 16)) {
        case 0: mutate_layout(&code, &r); break;
        case 1: mutate_parameters(&code, &r); break;
        case 2: LLVMFuzzerMutate(code.bundle[0], (size_t)code.count * BH_BUNDLE_SIZE, (size_t)code.count * BH_BUNDLE_SIZE); break;
        case 3: case 4: case 5: isolate(&code, &r); break;
        default: mutate_bundle(&code, &r); break;
        }
    }
    return store(&code, data, max_size);
}

/* The first bundles of one, the last of the other. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out, size_t out_size,
                                 unsigned seed)
{
    struct random r = {seed};
    struct code first, second;
    load(&first, a, a_size);
    load(&second, b, b_size);
    unsigned keep = random_below(&r, first.count + 1), skip = random_below(&r, second.count + 1);
    for (first.count = keep; skip < second.count && first.count < MAX_BUNDLES; skip++)
        memcpy(first.bundle[first.count++], second.bundle[skip], BH_BUNDLE_SIZE);
    return store(&first, out, out_size);
}
