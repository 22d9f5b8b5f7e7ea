#include "rounds.h"

void round_plan(struct round *round, size_t variants, unsigned long number) {
    round->slots = 2 * variants + 1;
    unsigned long shift = number % 3;
    /* The second term makes every variant meet every shift, also when their number is a multiple of three. */
    unsigned long turn = number + number / 3;
    for (size_t slot = 0, variant = 0; slot < round->slots; slot++) {
        int here = shift == 0   ? slot % 2 == 1
                   : shift == 1 ? slot % 2 == 0 && slot
                                : slot % 2 == 0 && slot + 1 < round->slots;
        round->order[slot] = here ? (unsigned)((variant++ + turn) % variants) + 1 : 0;
    }
}

int round_references(size_t slots, size_t slot, int (*is_reference)(const void *context, size_t slot),
                     const void *context, size_t references[2]) {
    size_t before[2], after[2], n_before = 0, n_after = 0;
    for (size_t i = slot; i-- > 0 && n_before < 2;)
        if (is_reference(context, i))
            before[n_before++] = i;
    for (size_t i = slot + 1; i < slots && n_after < 2; i++)
        if (is_reference(context, i))
            after[n_after++] = i;
    if (n_before && n_after) {
        references[0] = before[0];
        references[1] = after[0];
    } else if (n_before == 2) {
        references[0] = before[1];
        references[1] = before[0];
    } else if (n_after == 2) {
        references[0] = after[0];
        references[1] = after[1];
    } else {
        return -1;
    }
    return 0;
}

char *round_run(struct round *round, const struct command *commands, char *const *outputs, unsigned *failed) {
    for (size_t slot = 0; slot < round->slots; slot++) {
        *failed = round->order[slot];
        char *why = process_measure(&commands[*failed], outputs ? outputs[*failed] : NULL, &round->samples[slot]);
        if (why)
            return why;
    }
    return NULL;
}

static int is_reference(const void *context, size_t slot) { return !((const struct round *)context)->order[slot]; }

double round_disagreement(const struct round *round, size_t slot) {
    size_t at[2];
    if (!round->order[slot] || round_references(round->slots, slot, is_reference, round, at))
        return 0;
    double a = round->samples[at[0]].user, b = round->samples[at[1]].user;
    double low = a < b ? a : b, high = a < b ? b : a;
    return high > low ? (high - low) / (low > 1e-6 ? low : 1e-6) : 0;
}

size_t round_part(const struct round *round, double limit, bool beyond, struct round *part) {
    size_t variants = 0;
    part->slots = 0;
    for (size_t slot = 0; slot < round->slots; slot++) {
        if (round->order[slot] && (round_disagreement(round, slot) > limit) != beyond)
            continue;
        variants += round->order[slot] != 0;
        part->order[part->slots] = round->order[slot];
        part->samples[part->slots++] = round->samples[slot];
    }
    return variants;
}
