/* Writes the constants of layout.h as SMT-LIB definitions, so that the lemmas prove what the code is built with.
 *
 * prelude [NAME=VALUE]...: the arguments replace values, to show that a lemma notices a constant that is wrong.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulkhead/layout.h"

#define CONSTANT(name) {#name, name}

static struct {
    const char *name;
    uint64_t value;
} constants[] = {
    CONSTANT(BH_BUNDLE_SIZE),
    CONSTANT(BH_BUNDLE_MASK_IMM8),
    CONSTANT(BH_SLOT_SIZE),
    CONSTANT(BH_PAGE_SIZE),
    CONSTANT(BH_NULL_GUARD_SIZE),
    CONSTANT(BH_CONTEXT_OFFSET),
    CONSTANT(BH_GATE_OFFSET),
    CONSTANT(BH_IMAGE_OFFSET),
    CONSTANT(BH_TAIL_GUARD_SIZE),
    CONSTANT(BH_CONTEXT_BASE),
    CONSTANT(BH_CONTEXT_TP),
    CONSTANT(BH_HOSTCALL_TABLE),
    CONSTANT(BH_HOSTCALL_TABLE_END),
    CONSTANT(BH_HOSTCALL_COUNT),
    CONSTANT(BH_STACK_DISP_MAX),
    CONSTANT(BH_STACK_SCRATCH_SIZE),
};

enum { COUNT = sizeof constants / sizeof *constants };

static int replace(const char *argument)
{
    const char *equals = strchr(argument, '=');
    for (unsigned i = 0; equals && i < COUNT; i++)
        if (strlen(constants[i].name) == (size_t)(equals - argument) && !strncmp(constants[i].name, argument, strlen(constants[i].name))) {
            char *end;
            constants[i].value = strtoull(equals + 1, &end, 0);
            return *end == 0 && end != equals + 1;
        }
    return 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (!replace(argv[i])) {
            fprintf(stderr, "prelude: '%s' is not NAME=VALUE with the name of a constant\n", argv[i]);
            return 2;
        }
    for (unsigned i = 0; i < COUNT; i++)
        printf("(define-fun %s () (_ BitVec 64) #x%016llx)\n", constants[i].name, (unsigned long long)constants[i].value);
    return 0;
}
