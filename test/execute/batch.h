/* Batches of cells: forms that the verifier accepted, laid out as code in the slot, with data and a stack around.
 */
#ifndef BULKHEAD_TEST_BATCH_H
#define BULKHEAD_TEST_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "cell.h"
#include "hostile.h"
#include "judge.h"
#include "verifier/verify.h"

enum { BATCH_CELLS = 4096, BATCH_CODE_SIZE = BATCH_CELLS * CELL_SIZE };

/* The image: code, then data up to its end. */
enum { BATCH_CODE_ADDRESS = 0x1000, BATCH_DATA_ADDRESS = BATCH_CODE_ADDRESS + BATCH_CODE_SIZE, BATCH_DATA_SIZE = 0x10000,
       BATCH_IMAGE_END = BATCH_DATA_ADDRESS + BATCH_DATA_SIZE };

enum { BATCH_TARGETS = 5 };
extern const struct hostile_target batch_targets[BATCH_TARGETS]; /* the last is the stack */

struct batch {
    struct cell cells[BATCH_CELLS];
    unsigned count;
    uint64_t first;         /* number of the first form over all batches */
    uint8_t *bytes;         /* the writable view of the code */
    struct judge_code code; /* and as it is in the slot */
};
extern struct batch batch;

/* Creates the slot with the batch's memory. stores_only: of that isolation, with free loads among the forms. */
void batch_create(bool stores_only);

/* The verifier's input for bytes that will stand at an address. Not for two uses at once: there is one scratch memory. */
struct bh_verify_input batch_input(const uint8_t *bytes, uint64_t size, uint64_t address);

/* Generates forms (see forms_generate), lays out those that the verifier accepts and wanted (may be NULL) wants, and calls run
 * for each full batch and for the rest. The data is filled anew before. Returns how many forms that were. */
uint64_t batch_generate(unsigned depth, uint64_t seed, bool (*wanted)(const struct form *), void (*run)(void));

/* One batch of a single cell, whatever the verifier says about its code; seven cells with nothing but their exits follow.
 * True when the verifier refuses it. */
bool batch_single(const void *bytes, unsigned length);

void batch_print_cell(const struct cell *cell);

#endif
