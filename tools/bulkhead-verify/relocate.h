/* What a linker would do to an object's code, as far as the verifier cares. */
#ifndef BULKHEAD_VERIFY_RELOCATE_H
#define BULKHEAD_VERIFY_RELOCATE_H

#include "object.h"
#include "verifier/verify.h"

/* The code of an object as one region: its sections, each at a bundle and filled up with int3 as linkers do, a bundle
 * of hlt between two, so that what one section leaves open is not held against the next, and one more bundle that
 * stands for code of other files. */
struct linked_code {
    uint8_t *code;
    size_t size;       /* at least the last bundle */
    uint64_t image_hi; /* the image is [0, image_hi): the region and a page for all that is not code */
};

/* Copies the code. Returns false when memory ran out. Free linked->code. */
bool link_object(const struct object *object, struct linked_code *linked);

/* Resolves the relocations: those that lead to code of the object to their true values; a branch to an undefined symbol
 * to the last bundle; an operand that names data to the page behind the region, since a linker keeps it in the image;
 * constants to some value. What no linker can resolve in a module is reported. */
void resolve_relocations(const struct object *object, struct linked_code *linked, bh_verify_report *report,
                         void *context);

#endif
