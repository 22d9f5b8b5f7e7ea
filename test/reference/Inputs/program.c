/* Draws in much of the C library: floating-point formatting, sorting, strings, setjmp. */
#include <math.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf out;

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

int main(int argc, char **argv)
{
    double values[64];
    char text[64];
    for (int i = 0; i < 64; i++)
        values[i] = sin(i * argc) * 1e6;
    qsort(values, 64, sizeof *values, by_value);
    snprintf(text, sizeof text, "%.17g %Lf", values[3], (long double)values[5]);
    if (!setjmp(out) && strlen(text) > 1000)
        longjmp(out, 1);
    memmove(text + 1, text, 20);
    printf("%s %s\n", text, argv[0]);
    return 0;
}
