/* Solves a sparse system of linear equations by conjugate gradients: loads through an index that was itself loaded.
 *
 * Usage: sparse SIDE STEPS. The matrix is that of heat in a square plate of SIDE * SIDE points whose conductivity
 * varies, with some far links strewn in, as compressed rows. Prints the residual now and then. */
#include "../random.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct matrix {
    uint32_t rows;
    uint32_t *start; /* rows + 1 positions in the two arrays below */
    uint32_t *column;
    double *value;
};

struct link {
    uint32_t a, b;
    double conductivity;
};

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (!memory) {
        fprintf(stderr, "sparse: out of memory\n");
        exit(1);
    }
    return memory;
}

/* Every point is linked to its right and lower neighbour, and one in eight to a point anywhere. */
static size_t make_links(uint32_t side, struct link *links) {
    size_t count = 0;
    for (uint32_t y = 0; y < side; y++) {
        for (uint32_t x = 0; x < side; x++) {
            uint32_t here = y * side + x;
            if (x + 1 < side) {
                links[count++] = (struct link){here, here + 1, 0.5 + random_unit()};
            }
            if (y + 1 < side) {
                links[count++] = (struct link){here, here + side, 0.5 + random_unit()};
            }
            uint32_t far = random_below(side * side);
            if (far != here && random_below(8) == 0) {
                links[count++] = (struct link){here, far, 0.1 * random_unit()};
            }
        }
    }
    return count;
}

/* Symmetric and positive definite: each row's diagonal is a little more than what its links take away. */
static struct matrix make_matrix(uint32_t rows, const struct link *links, size_t count) {
    struct matrix m = {rows, allocate((size_t)rows + 2, sizeof *m.start), allocate(rows + 2 * count, sizeof *m.column),
                       allocate(rows + 2 * count, sizeof *m.value)};
    for (size_t i = 0; i < count; i++) {
        m.start[links[i].a + 2]++;
        m.start[links[i].b + 2]++;
    }
    for (uint32_t r = 0; r < rows; r++) {
        m.start[r + 2] += m.start[r + 1] + 1; /* 1: the diagonal, which comes first */
    }
    /* start[r + 1] is now where row r begins; filling the row moves it to where row r + 1 begins. */
    for (uint32_t r = 0; r < rows; r++) {
        uint32_t diagonal = m.start[r + 1]++;
        m.column[diagonal] = r;
        m.value[diagonal] = 0.001;
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t ends[2] = {links[i].a, links[i].b};
        for (int side = 0; side < 2; side++) {
            uint32_t position = m.start[ends[side] + 1]++;
            m.column[position] = ends[!side];
            m.value[position] = -links[i].conductivity;
        }
    }
    for (uint32_t r = 0; r < rows; r++) {
        for (uint32_t p = m.start[r] + 1; p < m.start[r + 1]; p++) {
            m.value[m.start[r]] -= m.value[p];
        }
    }
    return m;
}

static void multiply(const struct matrix *m, double *restrict product, const double *restrict x) {
    for (uint32_t r = 0; r < m->rows; r++) {
        double sum = 0;
        for (uint32_t p = m->start[r]; p < m->start[r + 1]; p++) {
            sum += m->value[p] * x[m->column[p]];
        }
        product[r] = sum;
    }
}

static double dot(size_t n, const double *a, const double *b) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

static void solve(const struct matrix *m, unsigned long steps) {
    size_t n = m->rows;
    double *x = allocate(n, sizeof *x), *residual = allocate(n, sizeof *residual);
    double *direction = allocate(n, sizeof *direction), *product = allocate(n, sizeof *product);
    for (size_t i = 0; i < n; i++) {
        direction[i] = residual[i] = random_unit() - 0.5; /* the right side; x begins as zero */
    }
    double square = dot(n, residual, residual);
    for (unsigned long s = 0; s < steps; s++) {
        if (s % 20 == 0) {
            printf("step %lu residual %a\n", s, sqrt(square));
        }
        multiply(m, product, direction);
        double along = square / dot(n, direction, product);
        for (size_t i = 0; i < n; i++) {
            x[i] += along * direction[i];
            residual[i] -= along * product[i];
        }
        double next = dot(n, residual, residual);
        double keep = next / square;
        square = next;
        for (size_t i = 0; i < n; i++) {
            direction[i] = residual[i] + keep * direction[i];
        }
    }
    printf("step %lu residual %a (%g) solution %a\n", steps, sqrt(square), sqrt(square), sqrt(dot(n, x, x)));
    free(x);
    free(residual);
    free(direction);
    free(product);
}

int main(int argc, char **argv) {
    uint32_t side = argc == 3 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    unsigned long steps = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (side == 0 || side > 4096) {
        fprintf(stderr, "usage: sparse SIDE STEPS; SIDE at most 4096\n");
        return 2;
    }
    uint32_t rows = side * side;
    struct link *links = allocate((size_t)rows * 3, sizeof *links);
    size_t count = make_links(side, links);
    struct matrix m = make_matrix(rows, links, count);
    free(links);
    printf("%u rows, %u entries\n", rows, m.start[rows]);
    solve(&m, steps);
    free(m.start);
    free(m.column);
    free(m.value);
    return 0;
}
