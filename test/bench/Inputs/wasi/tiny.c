/* What the workloads need of a WASI host, each once: arguments, streams, a file, seeking, memory that grows, longjmp, a status. */
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static jmp_buf jump;

static void deep(int depth) {
    if (depth == 0) {
        longjmp(jump, 7);
    }
    deep(depth - 1);
    puts("not reached");
}

int main(int argc, char **argv) {
    char line[64] = "";
    for (int i = 1; i < argc; i++) {
        printf("argument %s\n", argv[i]);
    }
    printf("input %s", fgets(line, sizeof line, stdin));

    FILE *file = fopen("file", "rb");
    fseek(file, -4, SEEK_END);
    printf("file at %ld: %s", ftell(file), fgets(line, sizeof line, file));
    fclose(file);
    printf("outside: %s\n", fopen("../secret", "rb") ? "opened" : "refused");
    printf("link: %s\n", fopen("link", "rb") ? "opened" : "refused");
    printf("absent: %d\n", fopen("absent", "rb") == NULL && errno == ENOENT);

    size_t size = 96 << 20;
    char *memory = malloc(size);
    memset(memory, 1, size);
    printf("memory %d\n", memory[size - 1]);

    int value = setjmp(jump);
    printf("jump %d\n", value);
    if (value == 0) {
        deep(100);
    }
    printf("clock %d\n", time(NULL) > 0);
    return argc - 1;
}
