/* A host that calls the library isolated: bulkhead-clang --library -O2 library.c -o library -Wl,-u,malloc -Wl,-u,free
 */
#include <bulkhead/bulkhead.h>
#include <stdio.h>
#include <string.h>

static int fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, bh_last_error()->text);
    return 1;
}

int main(int argc, char **argv) {
    const char *text = "a library behind a wall";
    char secret[] = "the host's own data";
    bh_engine *engine;
    bh_module *module;
    bh_instance *instance;
    bh_function count, poke;
    bh_address copy;
    bh_value words;

    if (argc != 2) {
        fprintf(stderr, "usage: host MODULE\n");
        return 2;
    }
    if (bh_engine_create(NULL, &engine) != BH_OK)
        return fail("engine");
    if (bh_module_load(engine, argv[1], NULL, &module) != BH_OK) /* verifies it */
        return fail("module");
    if (bh_instance_create(module, NULL, &instance) != BH_OK)
        return fail("instance");
    if (bh_instance_function(instance, "count_words", "i(p)", &count) != BH_OK ||
        bh_instance_function(instance, "poke", "v(p)", &poke) != BH_OK)
        return fail("function");

    if (bh_guest_malloc(instance, strlen(text) + 1, &copy) != BH_OK ||
        bh_copy_in(instance, copy, text, strlen(text) + 1) != BH_OK ||
        bh_invoke(instance, &count, &words, copy) != BH_OK)
        return fail("count_words");
    printf("%d words\n", words.as.i);

    /* Ask it to overwrite the host's data. The address is cut to the slot: mostly nothing is mapped there and it
     * faults, sometimes it hits memory of its own. The host goes on either way. */
    bh_address pointer = (bh_address)(uintptr_t)secret;
    if (bh_copy_in(instance, copy, &pointer, sizeof pointer) != BH_OK)
        return fail("copy");
    if (bh_invoke(instance, &poke, NULL, copy) != BH_OK)
        printf("contained: %s\n", bh_last_error()->text);
    else
        printf("contained: it wrote into its own slot\n");
    printf("%s\n", secret);

    bh_instance_destroy(instance);
    bh_module_destroy(module);
    bh_engine_destroy(engine);
    return 0;
}
