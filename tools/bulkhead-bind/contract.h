/* What a contract says, from words to a structure.
 *
 *     contract   := word*
 *     word       := in | out | inout | in(SIZE) | out(SIZE) | inout(SIZE) | bytes(SIZE) | used(SIZE)
 *                 | string | string(NUMBER) | take | take(FUNCTION) | of(CONTRACT)
 *                 | nullable | handle | user | user(NAME) | callback | scoped | keep | pinned | release | cursor
 *                 | zero | dispose
 *     SIZE       := PRODUCT { + PRODUCT }
 *     PRODUCT    := FACTOR { * FACTOR }
 *     FACTOR     := NUMBER | NAME | *NAME | (SIZE)
 */
#ifndef BULKHEAD_BIND_CONTRACT_H
#define BULKHEAD_BIND_CONTRACT_H

#include <stdbool.h>
#include <stdint.h>

enum size_kind { SIZE_NUMBER, SIZE_NAME, SIZE_TARGET, SIZE_ADD, SIZE_MULTIPLY };

struct size {
    enum size_kind kind;
    uint64_t number;
    char *name; /* SIZE_NAME; SIZE_TARGET: of the pointer; "result" is the function's result */
    struct size *a, *b;
};

enum direction { DIRECTION_NONE = 0, DIRECTION_IN = 1, DIRECTION_OUT = 2, DIRECTION_INOUT = 3 };

struct contract {
    const char *where; /* file:line, for messages */
    enum direction direction;
    struct size *count; /* NULL: one element */
    bool in_bytes;
    struct size *used;
    uint64_t limit; /* of a string; 0: the library's default */
    char *free_function;
    char *user_name; /* of user(NAME); NULL: none */
    struct contract *of;
    bool string, nullable, handle, user, callback, scoped, keep, take, pinned, release, cursor, zero, dispose;
    bool broken; /* that has been reported already */
};

/* Adds the words of text to contract. False, after a message at where, when they make no sense or contradict each
 * other. */
bool contract_parse(struct contract *contract, const char *text, const char *where);
/* Whether the words fit together, once all are there. */
bool contract_consistent(const struct contract *contract);

#endif
