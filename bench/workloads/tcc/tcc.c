/* Compiles C files with libtcc to an object file each, again and again, and prints a checksum of every object.
 *
 * Usage: tcc TIMES FILE... ; header files are looked for in ./include, and objects are written to the current
 * directory. */
#include <inttypes.h>
#include <libtcc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static const char object[] = "object.o";

static void complain(void *unused, const char *message) {
    (void)unused;
    fprintf(stderr, "tcc: %s\n", message);
}

static int compile(const char *file) {
    TCCState *state = tcc_new();
    if (!state) {
        fprintf(stderr, "tcc: out of memory\n");
        return 1;
    }
    tcc_set_error_func(state, NULL, complain);
    tcc_set_options(state, "-nostdinc -nostdlib");
    tcc_set_output_type(state, TCC_OUTPUT_OBJ);
    int failed = tcc_add_include_path(state, "include") != 0 || tcc_add_file(state, file) != 0 ||
                 tcc_output_file(state, object) != 0;
    tcc_delete(state);
    return failed;
}

static int print_checksum(const char *file) {
    FILE *f = fopen(object, "rb");
    if (!f) {
        perror(object);
        return 1;
    }
    unsigned char bytes[4096];
    uint64_t sum = 14695981039346656037u;
    size_t size = 0;
    for (size_t n; (n = fread(bytes, 1, sizeof bytes, f)) > 0; size += n) {
        for (size_t i = 0; i < n; i++) {
            sum = (sum ^ bytes[i]) * 1099511628211u;
        }
    }
    fclose(f);
    remove(object);
    printf("%s: %zu bytes, %016" PRIx64 "\n", file, size, sum);
    return 0;
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: tcc TIMES FILE...\n");
        return 2;
    }
    unsigned long times = strtoul(argv[1], NULL, 10);
    for (unsigned long t = 0; t < times; t++) {
        for (int i = 2; i < argc; i++) {
            if (compile(argv[i]) != 0 || print_checksum(argv[i]) != 0) {
                fprintf(stderr, "tcc: %s failed\n", argv[i]);
                return 1;
            }
        }
    }
    return 0;
}
