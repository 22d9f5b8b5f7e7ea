/* A program with checks for the self-test: made-up INDEX prints an entry of a table, or says that there is none. */
#include <stdio.h>
#include <stdlib.h>

static const int table[4] = {2, 3, 5, 7};
static const int after = 11; /* what a missing check would let out */

static int get(int index) {
    if (index < 0 || index >= 4)
        return -1;
    if (index == 2)
        return table[2]; /* the same without */
    if (index > 100)
        return -1; /* never true */
    return table[index];
}

int main(int argc, char **argv) {
    int index = argc > 1 ? atoi(argv[1]) : 0;
    int value = get(index);
    printf("%d\n", value);
    return value == -1 && after == 11;
}
