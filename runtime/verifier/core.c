/* The verifier's core: one pass over the code, bundle by bundle, and a check of all branch targets at the end.
 *
 * Execution only ever reaches instruction starts that this file has seen, because every direct branch leads to one
 * (C2), every indirect branch leads to a bundle boundary in the slot (C3, C4) and each bundle is decoded from its
 * boundary (C1). docs/containment.md has the argument in full.
 *
 * bh_verify_step (step.c) judges single instructions. Most code needs no such look: scan_bundles runs the automaton
 * over eight bundles at once, each from its own boundary, and scanned_bundle looks only at those instructions of the
 * result whose verdict hangs on a displacement, a constant or a neighbour. Whatever these two do not settle,
 * bh_verify_step does.
 */
#include "verify.h"

#include <string.h>

#include "automaton.h"
#include "broken.h"
#include "step.h"

#include "automaton.inc"

/* The automaton reads so many bundles at once. */
enum { LANES = 8, GROUP = LANES * BH_BUNDLE_SIZE };

/* The last TAIL_WINDOW bytes, and what lies before them in their group, are read from a copy with room behind it. */
enum { TAIL_WINDOW = 2 * BH_BUNDLE_SIZE, TAIL_SIZE = TAIL_WINDOW + 2 * GROUP };
_Static_assert((int)BH_STEP_WINDOW <= TAIL_WINDOW,
               "reading from the last bundle before the copy must stay in the code");
_Static_assert(BH_BUNDLE_SIZE == 32, "the bitmaps hold one bundle in one 32-bit word");
enum { PROGRESS_STEP = 65536 }; /* the caller's counter is not worth a store for every bundle */

struct region {
    struct verifier v;
    const struct bh_automaton *automaton; /* NULL: judge everything by bh_verify_step */
    /* The code's last bytes, with room to read on behind them. */
    uint8_t tail[TAIL_SIZE];
    size_t tail_start;
};

/* ---- by bh_verify_step ------------------------------------------------------------------------------------------- */

/* A refused instruction that crosses a boundary is skipped as a whole, so that code which knows nothing of bundles
 * still gets sensible messages; what it skips counts as a legal target for the same reason. */
static unsigned step(struct verifier *v, const struct place *at, uint32_t *starts) {
    unsigned position = (unsigned)(at->offset % BH_BUNDLE_SIZE);
    size_t before = v->refusals;
    unsigned length = bh_verify_step(v, at);
    *starts |= 1u << position;
    if (v->refusals != before && length >= at->room)
        *starts |= ~0u << position;
    return length;
}

/* ---- by the automaton -------------------------------------------------------------------------------------------- */

/* Runs the automaton over LANES neighbouring bundles and stores the low byte of every transition. The lanes do not
 * depend on each other, so the processor works on all of them at once; a single one would wait for each of its loads.
 */
static void scan_bundles(const uint16_t (*next)[256], const uint8_t *code, uint8_t *ends) {
    uint32_t value[LANES] = {0};
    for (unsigned i = 0; i < BH_BUNDLE_SIZE; i++) {
#pragma GCC unroll 8
        for (unsigned lane = 0; lane < LANES; lane++) {
            const unsigned at = lane * BH_BUNDLE_SIZE + i;
            value[lane] = next[value[lane] / BH_ENDS][code[at]];
            ends[at] = (uint8_t)value[lane];
        }
    }
}

/* The bytes of a bundle whose end is at least `least`, as a bit each. */
static uint32_t ends_from(const uint8_t *ends, uint8_t least) {
    typedef char vector __attribute__((vector_size(16)));
    const char limit = (char)(least - 1);
    vector half[2];
    memcpy(half, ends, sizeof half);
    uint32_t low = (uint32_t)__builtin_ia32_pmovmskb128((half[0] & (char)(BH_ENDS - 1)) > limit);
    uint32_t high = (uint32_t)__builtin_ia32_pmovmskb128((half[1] & (char)(BH_ENDS - 1)) > limit);
    return low | high << 16;
}

/* Looks at what the automaton could not settle in one bundle. Returns how far it got: everything before that byte is
 * accepted and in *starts, what begins there is for bh_verify_step. More than a bundle after a refusal that reaches
 * beyond. */
static unsigned scanned_bundle(struct region *r, size_t bundle, const uint8_t *code, const uint8_t *end,
                               uint32_t *starts) {
    enum { LARGEST_OPERAND = 32 };
    struct verifier *v = &r->v;
    const uint32_t ends = ends_from(end, 1), looks = ends_from(end, BH_END_FIRST_LOOK), begins = ends << 1 | 1;
    const uint64_t address = v->in->address + bundle;
    /* C1, and nothing that the automaton does not know. */
    if (broken(!(ends >> 31)))
        return 0;
    /* With a debt every end matters: one of them settles it, or breaks S2. */
    uint32_t pending = v->debt ? ends : looks;
    unsigned at = 0;
    while (pending) {
        unsigned last = (unsigned)__builtin_ctz(pending), next = last + 1;
        const struct bh_end *what = &r->automaton->ends[end[last] % BH_ENDS];
        uint32_t before = begins & ((2u << last) - 1);
        bool settled = false;
        pending &= pending - 1;
        at = 31 - (unsigned)__builtin_clz(before);
        v->facts->facts |= what->facts;
        switch ((enum bh_what)what->what) {
        case BH_END_PLAIN: break;
        case BH_END_TOUCH: settled = true; break;
        case BH_END_JUMP:
        case BH_END_CALL: {
            int32_t distance = what->size == 1 ? (int8_t)code[last] : load_i32(code + last - 3);
            settled = what->what == BH_END_CALL;
            if ((!settled && broken(v->debt != 0)) ||
                !bh_verify_note_target(v, address + next + (uint64_t)(int64_t)distance))
                goto leave;
            break;
        }
        case BH_END_M2: {
            int64_t operand = (int64_t)(address + next) + load_i32(code + last - 3 - what->size);
            if (broken(operand < (int64_t)v->in->image_lo) ||
                broken(operand + LARGEST_OPERAND > (int64_t)v->in->image_hi))
                goto leave;
            break;
        }
        case BH_END_M3: {
            int32_t displacement = load_i32(code + last - 3 - what->size);
            if (broken(displacement > BH_STACK_DISP_MAX) || broken(displacement < -BH_STACK_DISP_MAX))
                goto leave;
            settled = true;
            break;
        }
        case BH_END_S1: {
            int64_t constant = what->size == 1 ? (int8_t)code[last] : load_i32(code + last - 3);
            int64_t debt = v->debt + (constant < 0 ? -constant : constant);
            if (broken(debt > BH_STACK_DISP_MAX))
                goto leave;
            v->debt = (uint32_t)debt;
            if (debt)
                pending = ends & ~(uint32_t)(((uint64_t)1 << next) - 1);
            break;
        }
        case BH_END_POP:
            if (code[next] == 0x83 || (code[next] == 0x41 && code[next + 1] == 0x83))
                goto by_step;
            settled = true;
            break;
        case BH_END_MASK:
            if (code[last] != BH_BUNDLE_MASK_IMM8)
                break;
            goto by_step;
        case BH_END_STEP:
        by_step: {
            struct place place = {code + at, bundle + at, BH_BUNDLE_SIZE - at};
            *starts |= begins & ((1u << at) - 1) & ~v->interior[bundle / 32];
            next = at + step(v, &place, starts);
            if (next > BH_BUNDLE_SIZE || !(ends >> (next - 1) & 1))
                return next;
            /* A sequence may have settled the debt, or not. */
            pending = (v->debt ? ends : looks) & ~(uint32_t)(((uint64_t)1 << next) - 1);
            break;
        }
        }
        if (settled && v->debt) {
            v->debt = 0;
            pending &= looks;
        }
    }
    *starts |= begins & ~v->interior[bundle / 32];
    return BH_BUNDLE_SIZE;
leave:
    *starts |= begins & ((1u << at) - 1) & ~v->interior[bundle / 32];
    return at;
}

/* ---- the region -------------------------------------------------------------------------------------------------- */

/* One pass over the code. */
static void walk(struct region *r) {
    struct verifier *v = &r->v;
    size_t size = v->in->size;
    uint8_t ends[GROUP];
    unsigned skip = 0;
    v->debt = 0;
    for (size_t bundle = 0; bundle < size && !v->stop; bundle += BH_BUNDLE_SIZE) {
        const uint8_t *bytes = bundle < r->tail_start ? v->in->code + bundle : r->tail + (bundle - r->tail_start);
        unsigned room = size - bundle < BH_BUNDLE_SIZE ? (unsigned)(size - bundle) : BH_BUNDLE_SIZE;
        if (bundle % PROGRESS_STEP == 0 && v->in->progress && !v->targets_only)
            *v->in->progress = bundle;
        unsigned at = skip;
        uint32_t starts = skip ? (uint32_t)(((uint64_t)1 << skip) - 1) : 0;
        if (r->automaton && bundle % GROUP == 0)
            scan_bundles(r->automaton->next, bytes, ends);
        if (r->automaton && !skip && room == BH_BUNDLE_SIZE)
            at = scanned_bundle(r, bundle, bytes, ends + bundle % GROUP, &starts);
        while (at < room) {
            struct place place = {bytes + at, bundle + at, room - at};
            at += step(v, &place, &starts);
        }
        skip = at - room;
        if (!v->targets_only)
            v->starts[bundle / 32] = starts;
    }
}

static bool targets_legal(const struct verifier *v) {
    uint32_t stray = 0;
    for (size_t i = 0; i < (v->in->size + 31) / 32; i++)
        stray |= v->targets[i] & ~v->starts[i];
    return !stray;
}

size_t bh_verify_scratch_size(size_t size) { return (size / 32 + 1) * 3 * sizeof(uint32_t); }

static bool arguments_valid(const struct bh_verify_input *in) {
    if (!in || (!in->code && in->size) || in->size > UINT32_MAX || !in->scratch || (uintptr_t)in->scratch % 8 != 0)
        return false;
    if (in->scratch_size < bh_verify_scratch_size(in->size) || in->address % BH_BUNDLE_SIZE != 0)
        return false;
    if (in->address > UINT32_MAX || in->image_lo > in->image_hi || in->image_hi > INT64_MAX)
        return false;
    if (in->target_lo > in->target_hi || in->target_hi > in->address + in->size ||
        (in->target_hi && in->target_lo < in->address))
        return false;
    return in->isolation == BH_ISOLATE_FULL || in->isolation == BH_ISOLATE_STORES;
}

bh_verify_result bh_verify_code(const struct bh_verify_input *in, struct bh_verify_facts *facts) {
    static const struct bh_automaton full = {bh_full_next, bh_full_ends}, stores = {bh_stores_next, bh_stores_ends};
    struct bh_verify_facts unused, twice = {0};
    struct region r = {.v = {.in = in, .facts = facts ? facts : &unused}};
    struct verifier *v = &r.v;
    if (!arguments_valid(in))
        return BH_VERIFY_BAD_ARGUMENT;
    size_t words = in->size / 32 + 1;
    memset(v->facts, 0, sizeof *v->facts);
    memset(in->scratch, 0, words * 3 * sizeof(uint32_t));
    v->starts = in->scratch;
    v->interior = v->starts + words;
    v->targets = v->interior + words;
    v->target_lo = in->target_hi ? in->target_lo : in->address;
    v->target_hi = in->target_hi ? in->target_hi : in->address + in->size;
    if (!in->statistics)
        r.automaton = in->isolation == BH_ISOLATE_FULL ? &full : &stores;

    /* Reading on from the last instructions must stay in memory that exists. */
    r.tail_start = in->size > TAIL_WINDOW ? (in->size - TAIL_WINDOW) / GROUP * GROUP : 0;
    if (in->size)
        memcpy(r.tail, in->code + r.tail_start, in->size - r.tail_start);

    walk(&r);
    if (!v->stop && broken(v->debt != 0)) {
        struct place end = {NULL, in->size - 1, 0};
        bh_verify_refuse(v, &end, 1, "S2",
                         "the code ends after rsp was changed by a constant and before the stack is touched", 0);
    }
    if (!v->stop && broken(!targets_legal(v))) {
        /* Only now is it worth knowing which branches: walk again, looking at nothing else. */
        v->targets_only = true;
        v->facts = &twice;
        r.automaton = NULL;
        walk(&r);
    }
    return v->refusals ? BH_VERIFY_REFUSED : BH_VERIFY_ACCEPTED;
}
