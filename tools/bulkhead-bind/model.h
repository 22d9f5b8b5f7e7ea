/* What a header declares, as far as a wrapper needs to know. Built from libclang by model.c and types.c. */
#ifndef BULKHEAD_BIND_MODEL_H
#define BULKHEAD_BIND_MODEL_H

#include <clang-c/Index.h>
#include <stdbool.h>
#include <stddef.h>

#include "contract.h"

enum type_kind { TYPE_VOID, TYPE_SCALAR, TYPE_POINTER, TYPE_FUNCTION_POINTER, TYPE_RECORD, TYPE_ARRAY, TYPE_BAD };

struct record;
struct function;

struct type {
    enum type_kind kind;
    const char *spelling;   /* in C, unqualified at the top; good for __typeof__ */
    const char *problem;    /* TYPE_BAD: why it cannot cross */
    const char *unnameable; /* why the wrapper cannot say what its type is; NULL: it can */
    bool is_data;           /* TYPE_BAD: a pointer to it can, its bytes are all there is to it */
    char letter;            /* TYPE_SCALAR: as in signatures */
    bool is_const, is_integer, is_signed, is_character, is_incomplete;
    struct type *target;       /* TYPE_POINTER, TYPE_ARRAY: of what; TYPE_BAD: an atomic one of it, or NULL */
    long long count;           /* TYPE_ARRAY */
    long long size, align;     /* bytes; negative when unknown */
    struct record *record;     /* TYPE_RECORD */
    struct function *function; /* TYPE_FUNCTION_POINTER */
};

/* An argument, a member, a result, or what an element of an array is. */
struct value {
    const char *name; /* "" when it has none */
    const char *where;
    struct type *type;
    struct contract *contract; /* NULL: none */
    bool is_bit_field;
    long long offset; /* of a member, in bits */
};

struct record {
    const char *spelling;
    const char *where;
    const char *path; /* what side files call it */
    bool is_union, has_pointers;
    bool has_padding; /* which a copy for the guest must not carry: what lies there is old memory of the host's */
    unsigned long long data_bits, size;
    const char *by_value_problem; /* NULL: fine */
    const char *problem;          /* why a copy of it cannot cross at all, whatever the contracts */
    struct value *members;
    size_t count;
    unsigned number; /* of its helpers in the wrapper */
    bool needs_give, needs_back, needs_take, wrote_give, wrote_back, wrote_take, wrote_layout, wrote_bools, has_bools;
};

/* A function, or the type that a function pointer points to. */
struct function {
    const char *name; /* or how messages call the type */
    const char *where;
    const char *pointer_spelling; /* of a function pointer's type */
    struct value result;
    struct value *arguments;
    size_t count;
    bool variadic, is_noreturn;
    const char *on_error; /* NULL: zero */
    const char *omitted;  /* where it is said; NULL: not */
    const char *problem;
    const char *symbol;  /* the library's for it; its name, unless an asm label says otherwise */
    const char *promise; /* an attribute of its declaration that does not hold for a wrapper; NULL: none */
    bool hidden;         /* from the host, which gets a declaration of the wrapper's */
    CXFile file;         /* of its first declaration, and where in it its name is */
    unsigned offset;
    unsigned number; /* of its trampoline */
    bool needs_trampoline, wrote_trampoline;
    const char *signature;
};

struct model {
    struct function **functions;
    size_t function_count;
    struct record **records;
    size_t record_count;
    struct function **trampolines;
    size_t trampoline_count;
    unsigned unsupported;
    char **names; /* of everything that the header declares or defines, for clashes */
    size_t name_count;
};

extern struct model model;

/* model.c */
struct options;
/* False when the header cannot be used; everything that is wrong is reported and counted. */
bool model_read(const struct options *options);
const char *cursor_where(CXCursor cursor);
const char *string_of(CXString string);
bool name_taken(const char *name);
/* Lists a declaration that the wrapper will not have. */
void unsupported(const char *where, const char *name, const char *why);
/* The contract of something, from the annotations below cursor or from a side file's line; NULL when there is none. */
struct contract *contract_for(CXCursor cursor, const char *where, const char *kind, const char *path, const char *name);

/* types.c. Before any type is made. */
void types_begin(CXTranslationUnit unit);
/* declaration is where arguments of a function pointer's type are declared (and annotated); path names it. */
struct type *type_make(CXType type, CXCursor declaration, const char *path);
/* Fills what functions and function pointers' types have in common. */
void function_fill(struct function *function, CXType type, CXCursor declaration, const char *path);
/* The signature as bulkhead.h has it; NULL with function->problem set when it cannot be said. */
const char *signature_make(struct function *function);

#endif
