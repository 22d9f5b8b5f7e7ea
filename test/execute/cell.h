/* A cell: two bundles that hold one form and lead out by host calls of their own, so that the exit tells where control went. */
#ifndef BULKHEAD_TEST_CELL_H
#define BULKHEAD_TEST_CELL_H

#include "forms.h"

enum { CELL_SIZE = 64 };

struct cell {
    struct form form;    /* with displacements filled in */
    unsigned exit;       /* entry of the table behind the form */
    unsigned other_exit; /* behind a branch that is taken */
    unsigned exit_at;    /* where the instruction behind the form is */
};

/* Writes the cell's 64 bytes, and what it is to *cell. address: image-relative; image_end: where M2 operands reach to;
 * number: chooses the exits. touch: a load through rsp follows the form (S2). */
void cell_build(struct cell *cell, const struct form *form, uint64_t address, uint64_t image_end, unsigned number, unsigned touch,
                uint8_t *bytes);

#endif
