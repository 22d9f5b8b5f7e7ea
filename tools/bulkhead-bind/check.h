/* Whether a wrapper can be written for what the model holds. */
#ifndef BULKHEAD_BIND_CHECK_H
#define BULKHEAD_BIND_CHECK_H

#include "model.h"

/* Where a value stands decides what its contract may say. */
enum position { ARGUMENT, RESULT, MEMBER, ELEMENT_IN, ELEMENT_OUT, CALLBACK_ARGUMENT, CALLBACK_RESULT };

/* What sizes may name. */
struct scope {
    const struct value *values;
    size_t count;
    bool members;
    const struct value *result; /* NULL: none, or not yet */
};

/* Reports contradictions as errors, sets function->problem where something is missing, and signatures. Notes what is opaque
 * unless quiet. */
void check_function(struct function *function, bool quiet);

/* Whether copying a value of this type byte by byte is all there is to do. */
bool type_is_flat(const struct type *type);
/* Whether what the guest gets for the host's differs from its bytes: pointers are others, padding is zero. */
bool type_needs_image(const struct type *type);
const struct value *scope_find(const struct scope *scope, const char *name);
/* Whether some argument's size, or that of the result, is *name; such arguments come first in a call. */
bool is_single_scalar(const struct value *value);

#endif
