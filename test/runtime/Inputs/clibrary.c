/* A library in C: constructors, the heap, files, floating point, large results, and ways to fail. */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static int constructed;
__attribute__((constructor)) static void construct(void) {
    constructed = 42;
}

int was_constructed(void) {
    return constructed;
}

static int compare(const void *a, const void *b) {
    return *(const int *)a - *(const int *)b;
}

void sort(int *numbers, size_t count) {
    qsort(numbers, count, sizeof(*numbers), compare);
}

double hypotenuse(double a, double b) {
    return sqrt(a * a + b * b);
}

long double third(long double x) {
    return x / 3;
}

size_t length(const char *text) {
    return strlen(text);
}

/* Allocates, fills and frees; returns the number of blocks that were not zeroed by calloc. */
int churn(int blocks) {
    int bad = 0;
    char **all = calloc((size_t)blocks, sizeof(*all));
    for (int n = 0; n < blocks; n++) {
        size_t size = (size_t)(1 + n * 37 % 100000);
        all[n] = calloc(1, size);
        bad += !all[n] || all[n][0] || all[n][size - 1];
        memset(all[n], n, size);
        if (n % 3 == 0)
            all[n] = realloc(all[n], size * 2);
    }
    for (int n = 0; n < blocks; n++)
        free(all[n]);
    free(all);
    return bad;
}

int open_error(const char *path) {
    FILE *file = fopen(path, "r");
    if (!file)
        return errno;
    fclose(file);
    return 0;
}

int deep(int depth) {
    volatile char room[1000];
    room[0] = (char)depth;
    return deep(depth + 1) + room[0];
}

void give_up(void) {
    abort();
}

/* In several calls and several lines, and then what is not said. */
void say(const char *text) {
    char other[] = "not said\n";
    write(2, "an older line\n", 14);
    writev(2, (struct iovec[]){{(void *)text, 4}, {(void *)(uintptr_t)1, 0}, {(void *)(text + 4), strlen(text + 4)}}, 3);
    write(1, other, sizeof(other) - 1);
    read(2, other, sizeof(other) - 1);
    write(2, (void *)(uintptr_t)8, sizeof(other) - 1);
}

void unsound(void) {
    __builtin_trap();
}

void forget(int unequal) {
    assert(!unequal);
}

void leave(int status) {
    exit(status);
}
