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
    const char *owner; /* in words that no contract can say: what `user` pointers belong to that have no name */
    const struct function *called; /* arguments of a function of the host: its type */
};

/* Reports contradictions as errors, sets function->problem where something is missing, and signatures. Notes what is
 * opaque unless quiet. */
void check_function(struct function *function, bool quiet);

/* Whether copying a value of this type byte by byte is all there is to do. */
bool type_is_flat(const struct type *type);
/* Whether what the guest gets for the host's differs from its bytes: pointers are others, padding is zero. */
bool type_needs_image(const struct type *type);
struct scope function_scope(const struct function *function);
struct scope record_scope(const struct record *record);
const struct value *scope_find(const struct scope *scope, const char *name);
/* Whether some argument's size, or that of the result, is *name; such arguments come first in a call. */
bool is_single_scalar(const struct value *value);

/* check_users.c */
/* The contract of `user` that a value, or its elements, have; NULL: none. */
const struct contract *user_of(const struct value *value);
/* Whether it stands for a function of the host's. */
bool is_callback(const struct value *value);
/* Whether a pointer without a name goes with the callbacks of its scope. */
bool goes_with_callbacks(const struct scope *scope);
/* Whether such a pointer dies with the call: all the callbacks do. */
bool all_scoped(const struct scope *scope);
/* What is missing in one list of arguments or members: NULL, or why it cannot be known which pointer is for which
 * callback. */
const char *users_problem(const struct scope *scope);
/* After all functions were checked: sets problem where a pointer comes back and it is not clear from where. */
void check_users(void);

#endif
