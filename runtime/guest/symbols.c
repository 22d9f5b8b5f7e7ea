/* Turns what the fault handler noted into words. */
#include "guest/symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "guest/instance.h"
#include "guest/module.h"
#include "verifier/elf.h"

/* The guest's file chose the name: only what a terminal takes literally is kept. */
static void copy_name(char *to, size_t capacity, const char *from) {
    size_t n = 0;
    for (; from[n] && n + 1 < capacity; n++)
        to[n] = from[n] > ' ' && from[n] < 127 ? from[n] : '?';
    to[n] = 0;
}

/* A module's file may have tens of millions of symbols, and the name of a place in it is asked for while a deadline
 * waits: they are sorted once, when the module is loaded. */
struct bh_symbols {
    size_t count;
    struct place {
        uint32_t address, size; /* size 0: up to the next */
        uint32_t name;          /* in the file */
        uint32_t order;         /* in its table */
    } place[];
};

#define MOST ((size_t)1 << 20) /* no module has more; the rest of a file that does goes without a name */
#define STEPS 64               /* symbols that are looked at: those before an address need not reach it */

static int compare(const void *a, const void *b) {
    const struct place *x = a, *y = b;
    if (x->address != y->address)
        return x->address < y->address ? -1 : 1;
    return x->order < y->order ? 1 : -1; /* of several at one place the first is met first, from behind */
}

static void collect(void *context, uint64_t address, uint64_t size, uint64_t name) {
    struct bh_symbols *symbols = context;
    if (symbols->count == MOST)
        return;
    struct place *place = &symbols->place[symbols->count];
    *place = (struct place){(uint32_t)address, size < UINT32_MAX ? (uint32_t)size : UINT32_MAX, (uint32_t)name,
                            (uint32_t)symbols->count};
    symbols->count++;
}

static void count(void *context, uint64_t address, uint64_t size, uint64_t name) {
    (void)address, (void)size, (void)name;
    ++*(size_t *)context;
}

bh_error bh_symbols_make(bh_module *module) {
    size_t wanted = 0;
    bh_elf_code_symbols(&module->image.elf, count, &wanted);
    wanted = wanted < MOST ? wanted : MOST;
    struct bh_symbols *symbols = malloc(sizeof(*symbols) + wanted * sizeof(*symbols->place));
    if (!symbols)
        return bh_fail(BH_ERROR_MEMORY, "no memory for the symbols of '%s'", module->image.name);
    symbols->count = 0;
    bh_elf_code_symbols(&module->image.elf, collect, symbols);
    qsort(symbols->place, symbols->count, sizeof(*symbols->place), compare);
    module->symbols = symbols;
    return BH_OK;
}

static const char *find(const bh_module *module, uint64_t address, uint64_t *offset) {
    const struct bh_symbols *symbols = module->symbols;
    size_t low = 0, high = symbols->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (symbols->place[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    for (unsigned n = 0; n < STEPS && low > 0; n++) {
        const struct place *place = &symbols->place[--low];
        if (place->size && address - place->address >= place->size)
            continue;
        *offset = address - place->address;
        return (const char *)module->image.elf.file + place->name;
    }
    return NULL;
}

void bh_symbol_name(const bh_instance *instance, uint64_t address, char *name, size_t capacity, uint64_t *offset) {
    const struct bh_elf *elf = &instance->module->image.elf;
    uint64_t image_address = address - instance->slot.base - BH_IMAGE_OFFSET;
    const char *symbol = NULL;
    *offset = 0;
    name[0] = 0;
    if (image_address >= elf->code_addr && image_address < elf->code_addr + elf->code_size)
        symbol = find(instance->module, image_address, offset);
    if (symbol)
        copy_name(name, capacity, symbol);
}

struct alike {
    const struct bh_elf *elf;
    const char *name;
    size_t length;
    const char *mangled;
    bool hidden;
};

/* _Z, the length, the name: what a function outside namespaces is called in C++. */
static bool is_mangled(const char *symbol, const char *name, size_t length) {
    char beginning[24];
    int digits = snprintf(beginning, sizeof(beginning), "_Z%zu", length);
    return !strncmp(symbol, beginning, (size_t)digits) && !strncmp(symbol + digits, name, length);
}

static void look_alike(void *context, uint64_t address, uint64_t size, uint64_t name) {
    struct alike *alike = context;
    uint64_t where;
    bool function;
    const char *symbol = (const char *)alike->elf->file + name;
    (void)address, (void)size;
    if (!strcmp(symbol, alike->name))
        alike->hidden = true;
    else if (!alike->mangled && is_mangled(symbol, alike->name, alike->length) &&
             bh_elf_export(alike->elf, symbol, &where, &function))
        alike->mangled = symbol;
}

enum bh_alike bh_symbols_alike(const bh_module *module, const char *name, char *other, size_t capacity) {
    struct alike alike = {.elf = &module->image.elf, .name = name, .length = strlen(name)};
    bh_elf_code_symbols(&module->image.elf, look_alike, &alike);
    if (alike.hidden)
        return BH_ALIKE_HIDDEN;
    if (!alike.mangled)
        return BH_ALIKE_NONE;
    copy_name(other, capacity, alike.mangled);
    return BH_ALIKE_MANGLED;
}
