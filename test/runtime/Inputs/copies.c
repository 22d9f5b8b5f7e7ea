/* A shared object with a copy of the runtime of its own; COPY is its number. */
#include <stdio.h>

#include "bulkhead/bulkhead.h"

#define NAME_OF(name, number) name##number
#define NAME(name, number) NAME_OF(name, number)

static bh_engine *engine;
static bh_module *module;
static bh_instance *instance;
static bh_function add, halt, forever;

int NAME(open_copy_, COPY)(const char *path);
int NAME(use_copy_, COPY)(void);

int NAME(open_copy_, COPY)(const char *path) {
    if (!bh_engine_create(NULL, &engine) && !bh_module_load(engine, path, NULL, &module) &&
        !bh_instance_create(module, NULL, &instance) && !bh_instance_function(instance, "add", "i(ii)", &add) &&
        !bh_instance_function(instance, "fault_halt", "v()", &halt) && !bh_instance_function(instance, "loop_forever", "v()", &forever))
        return 0;
    return puts(bh_last_error()->text), 1;
}

/* Whose handlers are in front changes with each check. */
int NAME(use_copy_, COPY)(void) {
    bh_value sum;
    if (bh_engine_check_signals(engine) || bh_invoke(instance, &add, &sum, 2, 3) || sum.as.i != 5)
        return puts(bh_last_error()->text), 1;
    if (bh_invoke(instance, &halt, NULL) != BH_ERROR_FAULT || bh_instance_reset(instance) ||
        bh_instance_set_deadline(instance, 20000000) || bh_invoke(instance, &forever, NULL) != BH_ERROR_DEADLINE ||
        bh_instance_set_deadline(instance, 0) || bh_instance_reset(instance))
        return puts(bh_last_error()->text), 1;
    return 0;
}
