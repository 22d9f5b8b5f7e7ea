/* Two command-line programs of a package in one, because a workload is one program: `NAME compress ARGUMENT...` runs
 * the one, `NAME expand ARGUMENT...` the other. Their own sources are compiled with -Dmain=compress_main and
 * -Dmain=expand_main.
 */
#include <stdio.h>
#include <string.h>

int compress_main(int argc, char **argv);
int expand_main(int argc, char **argv);

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "compress") == 0)
        return compress_main(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "expand") == 0)
        return expand_main(argc - 1, argv + 1);
    fprintf(stderr, "Usage: compress|expand ARGUMENT...\n");
    return 2;
}
