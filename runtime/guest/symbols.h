/* Names of places in a module's code. */
#ifndef BULKHEAD_RUNTIME_SYMBOLS_H
#define BULKHEAD_RUNTIME_SYMBOLS_H

#include "bulkhead/bulkhead.h"

/* Sorts the symbols of a module that was parsed; free() ends them. */
bh_error bh_symbols_make(bh_module *module);
/* The function that a code address in the slot lies in, made printable; "" when unknown. */
void bh_symbol_name(const bh_instance *instance, uint64_t address, char *name, size_t capacity, uint64_t *offset);
/* Whether a module has a function that a host may have meant by a name that it does not export: *other then. */
enum bh_alike { BH_ALIKE_NONE, BH_ALIKE_HIDDEN, BH_ALIKE_MANGLED };
enum bh_alike bh_symbols_alike(const bh_module *module, const char *name, char *other, size_t capacity);

#endif
