/* In which order a round runs its programs, and which references a variant is divided by.
 *
 * A round of k variants has 2k+1 runs: reference, variant, reference, variant, ..., reference, so that every variant
 * has references close in time. From round to round the variants take turns, and the whole shifts: a machine that gets
 * warmer or busier, or what ran before, favours nobody. */
#ifndef BENCH_ROUNDS_H
#define BENCH_ROUNDS_H

#include <stdbool.h>
#include <stddef.h>

#include "process.h"

#define ROUND_VARIANTS 32 /* at most */
#define ROUND_SLOTS (2 * ROUND_VARIANTS + 1)

struct round {
    size_t slots;
    unsigned order[ROUND_SLOTS]; /* 0: the reference; 1, 2, ...: a variant */
    struct sample samples[ROUND_SLOTS];
};

/* Sets `slots` and `order` of the round of that number. `variants` is 1 to ROUND_VARIANTS. */
void round_plan(struct round *round, size_t variants, unsigned long number);

/* The slots of the two references nearest to a variant's slot, the earlier first: one on each side, or both on the only
 * side that has them. `is_reference(context, slot)` says which slots are references. Returns 0, or -1 when there are
 * not two. */
int round_references(size_t slots, size_t slot, int (*is_reference)(const void *context, size_t slot),
                     const void *context, size_t references[2]);

/* Runs a planned round; commands[0] is the reference. `outputs` are the files for their standard outputs, or NULL:
 * discarded. Returns NULL, or a sentence why not, which the caller frees; `failed` gets the number of the command. */
char *round_run(struct round *round, const struct command *commands, char *const *outputs, unsigned *failed);

/* By how much the two references of the variant in a slot differ: 0.1 is ten percent of the smaller. What the variant
 * took does not matter. 0 for a reference. */
double round_disagreement(const struct round *round, size_t slot);

/* The references of a round, and its variants whose references differ by more than `limit` (`beyond`) or do not. In it
 * each of these has the references that it had. Returns how many variants it has. */
size_t round_part(const struct round *round, double limit, bool beyond, struct round *part);

#endif
