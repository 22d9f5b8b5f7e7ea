/* See hostile.h. */
#include "hostile.h"

#include <string.h>

#include "random.h"
#include "slot.h"

enum kind {
    ONES, ZEROS, HOST_NONE, HOST_CANARY, HOST_READ_ONLY, HOST_CODE, HOST_STACK, INT_MINS, SLOT_END, BELOW_SLOT, ABOVE_SLOT,
    NEIGHBOUR_BELOW, NEIGHBOUR_ABOVE, NON_CANONICAL, NON_CANONICAL_DATA, DATA, DATA_HIGH_GARBAGE, DATA_EDGE, SMALL,
    NEGATIVE, RANDOM, RANDOM_32, MIXED, MIXED_DATA
};
const char *const hostile_names[HOSTILE_KINDS] = {
    "all ones", "all zeros", "inaccessible host memory", "host canary", "read-only host memory", "host code", "host stack",
    "INT_MIN", "slot end - small", "just below the slot", "just above the slot", "neighbour below", "neighbour above",
    "non-canonical", "non-canonical over data", "data", "data, garbage above", "edge of data", "small numbers",
    "small negative numbers", "random", "random 32 bits", "mixed", "data and mixed"
};

_Static_assert((int)DATA == (int)HOSTILE_FIRST_DATA && MIXED_DATA + 1 == (int)HOSTILE_KINDS, "hostile.h counts the kinds");

static uint64_t data_offset(uint64_t *random, const struct hostile_target *targets, unsigned count)
{
    const struct hostile_target *t = &targets[random_below(random, count)];
    return t->offset + random_below(random, (uint32_t)t->size);
}

static uint64_t edge_offset(uint64_t *random, const struct hostile_target *targets, unsigned count)
{
    const struct hostile_target *t = &targets[random_below(random, count)];
    return t->offset + (random_below(random, 2) ? t->size : 0) + random_below(random, 80) - 40;
}

static uint64_t value(unsigned kind, uint64_t *random, const struct hostile_target *targets, unsigned count)
{
    uint64_t r = random_next(random), small = r & 0x3F;
    switch (kind) {
    case ONES: return UINT64_MAX;
    case ZEROS: return 0;
    case HOST_NONE: return slot_host.none + (r & 0xFE0);
    case HOST_CANARY: return slot_host.canary + (r & 0x3E0);
    case HOST_READ_ONLY: return slot_host.read_only + (r & 0xFE0);
    case HOST_CODE: return slot_host.code + (r & 0x1FE0);
    case HOST_STACK: return slot_host.stack - (r & 0xFFE0);
    case INT_MINS: return r & 1 ? 0x80000000 : r & 2 ? 0xFFFFFFFF80000000 : (uint64_t)INT64_MIN;
    case SLOT_END: return SLOT_BASE + BH_SLOT_SIZE - small;
    case BELOW_SLOT: return SLOT_BASE - small;
    case ABOVE_SLOT: return SLOT_BASE + BH_SLOT_SIZE + small;
    case NEIGHBOUR_BELOW: return SLOT_BASE - BH_SLOT_SIZE + data_offset(random, targets, count);
    case NEIGHBOUR_ABOVE: return SLOT_BASE + BH_SLOT_SIZE + data_offset(random, targets, count);
    case NON_CANONICAL: return (uint64_t)INT64_MIN | (r & 0x00FFFFFFFFFFFFE0);
    case NON_CANONICAL_DATA: return (r | 1ul << 62) << 32 | (data_offset(random, targets, count) & ~31ul);
    case DATA: return SLOT_BASE + (data_offset(random, targets, count) & (r & 1 ? ~0ul : ~31ul));
    case DATA_HIGH_GARBAGE: return r << 32 | data_offset(random, targets, count);
    case DATA_EDGE: return SLOT_BASE + edge_offset(random, targets, count);
    case SMALL: return r % 70;
    case NEGATIVE: return 0 - r % 70;
    case RANDOM_32: return r >> 32;
    case MIXED: return value(random_below(random, MIXED), random, targets, count);
    case MIXED_DATA: return value(r & 3 ? DATA : random_below(random, MIXED), random, targets, count);
    default: return r;
    }
}

/* In the slot, also at its very edges: S1-S3 promise no more than that. */
static uint64_t stack_pointer(uint64_t *random, const struct hostile_target *stack)
{
    uint64_t r = random_next(random), small = r >> 8 & 0xFF;
    switch (r & 15) {
    case 0: return SLOT_BASE + small;
    case 1: return SLOT_BASE + BH_SLOT_SIZE - 1 - small;
    case 2: return SLOT_BASE + stack->offset + (r >> 8 & 31);
    case 3: return SLOT_BASE + stack->offset + stack->size - (r >> 8 & 31);
    case 4: return SLOT_BASE + (uint32_t)(r >> 8);
    case 5: return SLOT_BASE + BH_CONTEXT_OFFSET + (r >> 8 & 0xFFF);
    case 6: return SLOT_BASE + BH_IMAGE_OFFSET + (r >> 8 & 0xFFFF);
    case 7: return SLOT_BASE + stack->offset + stack->size / 2 + (r >> 8 & 0xFFF);
    default: return SLOT_BASE + stack->offset + stack->size / 2 + (r >> 8 & 0xFF8);
    }
}

static void fill_x87(struct hostile *h, uint64_t *random, unsigned kind)
{
    uint64_t r = random_next(random);
    uint16_t control = r & 3 ? 0x37F : (uint16_t)(r >> 8 & 0x1F7F), status = (uint16_t)(r >> 24 & 0x7F7F);
    uint32_t mxcsr = r & 4 ? 0x1F80 : (uint32_t)(r >> 40 & 0xFFFF);
    memset(h->x87, 0, sizeof h->x87);
    memcpy(h->x87, &control, 2);
    memcpy(h->x87 + 2, &status, 2);
    h->x87[4] = (uint8_t)(r >> 16);
    memcpy(h->x87 + 24, &mxcsr, 4);
    for (unsigned i = 0; i < 8; i++) {
        uint64_t mantissa = random_next(random);
        uint16_t exponent = (uint16_t)(mantissa & 1 ? 0x3FFF + (mantissa >> 8 & 63) : mantissa >> 16);
        if (kind == ONES || kind == ZEROS)
            exponent = kind == ONES ? 0xFFFF : 0;
        memcpy(h->x87 + 32 + 16 * i, &mantissa, 8);
        memcpy(h->x87 + 40 + 16 * i, &exponent, 2);
    }
}

void hostile_fill(struct hostile *h, unsigned kind, uint64_t *random, const struct hostile_target *targets, unsigned count)
{
    memset(h, 0, sizeof *h);
    for (unsigned i = 0; i < 16; i++)
        h->gpr[i] = value(kind, random, targets, count);
    if (kind >= DATA && random_below(random, 2))
        h->gpr[1] = random_below(random, 300); /* rcx: rep ends by itself */
    h->gpr[4] = stack_pointer(random, &targets[count - 1]);
    h->flags = (random_next(random) & 0x8D5) | 2;
    fill_x87(h, random, kind);
    for (unsigned i = 0; i < 64; i++) {
        uint64_t lane = i & 1 ? value(kind, random, targets, count) : random_next(random);
        memcpy(h->ymm + 8 * i, &lane, 8);
    }
    memcpy(h->x87 + 160, h->ymm, 256);
}

void hostile_fill_all(struct hostile (*sets)[HOSTILE_KINDS], unsigned variants, uint64_t seed,
                      const struct hostile_target *targets, unsigned count)
{
    uint64_t random = seed;
    for (unsigned variant = 0; variant < variants; variant++)
        for (unsigned kind = 0; kind < HOSTILE_KINDS; kind++)
            hostile_fill(&sets[variant][kind], kind, &random, targets, count);
}
