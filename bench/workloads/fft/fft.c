/* Fourier transforms, there and back: strides that double from pass to pass, a table of factors, bit-reversed exchange.
 *
 * Usage: fft LOG2-SIZE TIMES. Each round transforms, damps the high frequencies and transforms back. */
#include "../random.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct complex {
    double re, im;
};

static void exchange(size_t n, struct complex *x) {
    size_t reversed = 0;
    for (size_t i = 1; i < n; i++) {
        size_t bit = n >> 1;
        for (; reversed & bit; bit >>= 1) {
            reversed ^= bit;
        }
        reversed ^= bit;
        if (i < reversed) {
            struct complex swap = x[i];
            x[i] = x[reversed];
            x[reversed] = swap;
        }
    }
}

/* factor[k] is e^(-2 pi i k / n). sign 1 transforms, -1 transforms back (and leaves it multiplied by n). */
static void transform(size_t n, struct complex *x, const struct complex *factor, double sign) {
    exchange(n, x);
    for (size_t half = 1; half < n; half *= 2) {
        size_t stride = n / (2 * half);
        for (size_t start = 0; start < n; start += 2 * half) {
            for (size_t k = 0; k < half; k++) {
                struct complex f = factor[k * stride], *low = &x[start + k], *high = low + half;
                f.im *= sign;
                struct complex turned = {high->re * f.re - high->im * f.im, high->re * f.im + high->im * f.re};
                high->re = low->re - turned.re;
                high->im = low->im - turned.im;
                low->re += turned.re;
                low->im += turned.im;
            }
        }
    }
}

int main(int argc, char **argv) {
    unsigned long bits = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
    unsigned long times = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (bits < 2 || bits > 24) {
        fprintf(stderr, "usage: fft LOG2-SIZE TIMES; LOG2-SIZE from 2 to 24\n");
        return 2;
    }
    size_t n = (size_t)1 << bits;
    struct complex *x = malloc(n * sizeof *x), *factor = malloc(n / 2 * sizeof *factor);
    if (!x || !factor) {
        fprintf(stderr, "fft: out of memory\n");
        return 1;
    }
    for (size_t k = 0; k < n / 2; k++) {
        double angle = -2 * 3.14159265358979323846 * (double)k / (double)n;
        factor[k] = (struct complex){cos(angle), sin(angle)};
    }
    for (size_t i = 0; i < n; i++) {
        x[i] = (struct complex){random_unit() - 0.5, 0};
    }
    for (unsigned long t = 0; t < times; t++) {
        double power = 0, sum = 0;
        transform(n, x, factor, 1);
        for (size_t i = 0; i < n; i++) {
            power += x[i].re * x[i].re + x[i].im * x[i].im;
            size_t frequency = i < n - i ? i : n - i;
            double scale = (1 - 0.5 * (double)frequency / (double)n) / (double)n;
            x[i].re *= scale;
            x[i].im *= scale;
        }
        transform(n, x, factor, -1);
        for (size_t i = 0; i < n; i++) {
            sum += x[i].re * (double)(i % 7) + x[i].im;
        }
        printf("power %a sum %a\n", power, sum);
    }
    free(x);
    free(factor);
    return 0;
}
