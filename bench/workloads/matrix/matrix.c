/* Multiplies square matrices of doubles, in blocks that fit the first-level cache: streams of loads and
 * multiplications, few branches, vectorised by the compiler.
 *
 * Usage: matrix SIZE TIMES. SIZE is a multiple of the block size. Each product, scaled down, is the next left operand.
 */
#include "../random.h"
#include <stdio.h>
#include <stdlib.h>

enum { block = 32 };

static void multiply(size_t n, double *restrict product, const double *restrict a, const double *restrict b) {
    for (size_t i = 0; i < n * n; i++) {
        product[i] = 0;
    }
    for (size_t i0 = 0; i0 < n; i0 += block) {
        for (size_t k0 = 0; k0 < n; k0 += block) {
            for (size_t j0 = 0; j0 < n; j0 += block) {
                for (size_t i = i0; i < i0 + block; i++) {
                    for (size_t k = k0; k < k0 + block; k++) {
                        double factor = a[i * n + k];
                        for (size_t j = j0; j < j0 + block; j++) {
                            product[i * n + j] += factor * b[k * n + j];
                        }
                    }
                }
            }
        }
    }
}

int main(int argc, char **argv) {
    size_t n = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
    unsigned long times = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (n == 0 || n % block != 0 || n > 4096) {
        fprintf(stderr, "usage: matrix SIZE TIMES; SIZE is a multiple of %d up to 4096\n", block);
        return 2;
    }
    double *a = malloc(n * n * sizeof *a), *b = malloc(n * n * sizeof *b), *product = malloc(n * n * sizeof *product);
    if (!a || !b || !product) {
        fprintf(stderr, "matrix: out of memory\n");
        return 1;
    }
    for (size_t i = 0; i < n * n; i++) {
        a[i] = random_unit() - 0.5;
        b[i] = random_unit() - 0.5;
    }
    for (unsigned long t = 0; t < times; t++) {
        multiply(n, product, a, b);
        double sum = 0, trace = 0;
        for (size_t i = 0; i < n * n; i++) {
            sum += product[i];
            a[i] = product[i] / (double)n;
        }
        for (size_t i = 0; i < n; i++) {
            trace += product[i * n + i];
        }
        printf("sum %a trace %a\n", sum, trace);
    }
    free(a);
    free(b);
    free(product);
    return 0;
}
