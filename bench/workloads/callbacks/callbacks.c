/* Sorts records by the C library's qsort, by one of several comparison functions after another: a call through a
 * pointer, and a return, for every comparison.
 *
 * Usage: callbacks RECORDS ROUNDS */
#include "../random.h"
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct record {
    uint32_t number;
    int16_t rank;
    char name[10];
};

typedef int comparison(const void *, const void *);

static int by_number(const void *a, const void *b) {
    const struct record *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

/* qsort is not stable: a number decides between equals, so that the order is the same with every C library. */
static int by_rank(const void *a, const void *b) {
    const struct record *x = a, *y = b;
    return x->rank != y->rank ? x->rank - y->rank : by_number(a, b);
}

static int by_name(const void *a, const void *b) {
    const struct record *x = a, *y = b;
    int order = memcmp(x->name, y->name, sizeof x->name);
    return order != 0 ? order : by_number(a, b);
}

static int by_number_downwards(const void *a, const void *b) { return by_number(b, a); }

static int by_low_bits(const void *a, const void *b) {
    const struct record *x = a, *y = b;
    uint32_t p = x->number & 0xffff, q = y->number & 0xffff;
    return p != q ? (p > q) - (p < q) : by_number(a, b);
}

static comparison *const comparisons[] = {by_number, by_rank, by_name, by_low_bits, by_number_downwards};

int main(int argc, char **argv) {
    size_t count = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
    unsigned long rounds = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (count == 0 || count > 10000000) {
        fprintf(stderr, "usage: callbacks RECORDS ROUNDS; at most 10000000 records\n");
        return 2;
    }
    struct record *records = calloc(count, sizeof *records);
    if (!records) {
        fprintf(stderr, "callbacks: out of memory\n");
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        records[i].number = (uint32_t)i * 2654435761u; /* odd factor: all different */
        records[i].rank = (int16_t)(random_below(2001) - 1000);
        for (size_t k = 0; k < sizeof records[i].name; k++) {
            records[i].name[k] = (char)('a' + random_below(3));
        }
    }
    for (unsigned long round = 0; round < rounds; round++) {
        for (size_t c = 0; c < sizeof comparisons / sizeof *comparisons; c++) {
            qsort(records, count, sizeof *records, comparisons[c]);
            uint64_t sum = 0;
            for (size_t i = 0; i < count; i++) {
                sum = sum * 1099511628211u + records[i].number;
            }
            printf("round %lu order %zu sum %016" PRIx64 "\n", round, c, sum);
        }
    }
    free(records);
    return 0;
}
