/* Writes the wrapper's C code from a checked model. */
#ifndef BULKHEAD_BIND_EMIT_H
#define BULKHEAD_BIND_EMIT_H

#include "check.h"
#include "model.h"
#include "options.h"
#include "text.h"

/* How code at some place sees the values that sizes name. Everywhere bh_c points to the call. */
struct view {
    const struct scope *scope;
    const char *base; /* of members: "bh_from->"; NULL: arguments */
    bool guest_only;  /* members of a structure that the guest made */
    bool clamp;       /* negative sizes mean nothing (used), instead of a breach */
};

extern const struct options *emit_options;

/* emit_value.c: pieces of code. */
const char *type_name(const struct type *type);
const char *declare(const struct type *type, const char *name);
const char *argument_name(const struct function *function, size_t n);
const char *field_of(char letter);
const char *size_code(const struct view *view, const struct size *size, const char *what);
/* Bytes of what a pointer stands for, or how many elements. */
const char *bytes_code(const struct view *view, const struct type *type, const struct contract *contract,
                       const struct size *count, const char *what);
const char *count_code(const struct view *view, const struct size *count, const char *what);
const char *flags_code(const struct contract *contract);
/* An expression for what the guest gets for the pointer host, and the reverse. */
const char *give_code(const struct view *view, const struct type *type, const struct contract *contract,
                      const char *host, const char *what);
const char *take_code(const struct view *view, const struct type *type, const struct contract *contract,
                      const char *guest, const char *what);
const char *literal(const char *text);

/* emit_bools.c. The table of a type's bools; "NULL": it is nothing else; NULL: it has none. */
const char *bools_code(const struct type *type);
/* A copy of bytes from the guest to host, which holds such types. */
const char *out_code(const struct type *type, const char *what, const char *host, const char *guest, const char *bytes);
/* The same for an object that was copied already. */
void emit_bools(struct text *text, const struct type *type, const char *host, const char *indent);
/* All the tables that were asked for. */
const char *bool_tables(void);

/* emit_record.c: helpers for structures with pointers, asked for by these names, then written. */
const char *record_helper(struct record *record, const char *which);
bool emit_records(struct text *prototypes, struct text *bodies);

/* emit_callback.c */
const char *trampoline_name(struct function *function);
bool emit_trampolines(struct text *prototypes, struct text *bodies);

/* emit_call.c: a function that takes an instance, and one of the library's own name. */
void emit_function(struct text *text, const struct function *function, unsigned index);
const char *prototype(const struct function *function, bool instance);

/* emit_layout.c: assertions about the types of a function, none twice. */
void emit_layout(struct text *text, const struct function *function);

/* emit_files.c: both files, whole or not at all. */
void emit_files(const struct options *options);

#endif
