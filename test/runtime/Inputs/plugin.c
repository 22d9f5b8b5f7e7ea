/* A host's shared object that contains the runtime: the module without confinement must be refused, and the other one work. */
#include <stdio.h>

#include "bulkhead/bulkhead.h"

int plugin_run(const char *good, const char *bad);

int plugin_run(const char *good, const char *bad) {
    bh_engine *engine;
    bh_module *module;
    bh_instance *instance;
    bh_function add;
    bh_value sum;
    if (bh_engine_create(NULL, &engine))
        return puts(bh_last_error()->text), 1;
    if (bh_module_load(engine, bad, NULL, &module) != BH_ERROR_REFUSED)
        return printf("not refused: %s\n", bh_last_error()->text), 1;
    puts(bh_last_error()->text);
    if (bh_module_load(engine, good, NULL, &module) || bh_instance_create(module, NULL, &instance) ||
        bh_instance_function(instance, "add", "i(ii)", &add) || bh_invoke(instance, &add, &sum, 2, 3))
        return puts(bh_last_error()->text), 1;
    printf("2 + 3 = %d\n", sum.as.i);
    return 0;
}
