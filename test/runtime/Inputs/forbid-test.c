/* forbid-test MODULE BIT: a module with instructions that BIT of bh_module_options.forbid is about is refused where the host forbids these,
 * and accepted where it forbids all others. */
#include "check.h"

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    unsigned bit = (unsigned)atoi(argv[2]), all = BH_FORBID_TIMER | BH_FORBID_CPUID | BH_FORBID_RANDOM | BH_FORBID_FLUSH;
    bh_engine *engine;
    bh_module *module = NULL;
    bh_module_options options = {.struct_size = sizeof(options), .forbid = bit};
    REQUIRE(!bh_engine_create(NULL, &engine));
    CHECK(bh_module_load(engine, argv[1], &options, &module) == BH_ERROR_FORBIDDEN && !module && strstr(bh_last_error()->text, "forbids"));
    options.forbid = all;
    CHECK(bh_module_load(engine, argv[1], &options, &module) == BH_ERROR_FORBIDDEN && !module);
    options.forbid = all & ~bit;
    CHECK(!bh_module_load(engine, argv[1], &options, &module) && !bh_module_destroy(module));
    CHECK(!bh_module_load(engine, argv[1], NULL, &module) && !bh_module_destroy(module) && !bh_engine_destroy(engine));
    return failures != 0;
}
