/* Bodies that attract each other, every pair of them, by the leapfrog method: square roots and divisions in chains.
 *
 * Usage: nbody BODIES STEPS. Prints the energy now and then; it stays nearly the same if the program is right. */
#include "../random.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct body {
    double position[3], velocity[3], mass;
};

/* Keeps bodies that come close from being thrown out. */
static const double softening = 0.01;

static double energy(size_t count, const struct body *bodies) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const struct body *a = &bodies[i];
        const double *v = a->velocity;
        sum += a->mass * (v[0] * v[0] + v[1] * v[1] + v[2] * v[2]) / 2;
        for (size_t j = i + 1; j < count; j++) {
            const struct body *b = &bodies[j];
            double square = softening;
            for (int k = 0; k < 3; k++) {
                double d = a->position[k] - b->position[k];
                square += d * d;
            }
            sum -= a->mass * b->mass / sqrt(square);
        }
    }
    return sum;
}

static void accelerate(size_t count, struct body *bodies, double step) {
    for (size_t i = 0; i < count; i++) {
        struct body *a = &bodies[i];
        for (size_t j = i + 1; j < count; j++) {
            struct body *b = &bodies[j];
            double x = a->position[0] - b->position[0];
            double y = a->position[1] - b->position[1];
            double z = a->position[2] - b->position[2];
            double square = x * x + y * y + z * z + softening;
            double force = step / (square * sqrt(square));
            a->velocity[0] -= x * b->mass * force;
            a->velocity[1] -= y * b->mass * force;
            a->velocity[2] -= z * b->mass * force;
            b->velocity[0] += x * a->mass * force;
            b->velocity[1] += y * a->mass * force;
            b->velocity[2] += z * a->mass * force;
        }
    }
}

static void move(size_t count, struct body *bodies, double step) {
    for (size_t i = 0; i < count; i++) {
        for (int k = 0; k < 3; k++) {
            bodies[i].position[k] += bodies[i].velocity[k] * step;
        }
    }
}

int main(int argc, char **argv) {
    size_t count = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
    unsigned long steps = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (count == 0 || count > 100000) {
        fprintf(stderr, "usage: nbody BODIES STEPS; at most 100000 bodies\n");
        return 2;
    }
    struct body *bodies = malloc(count * sizeof *bodies);
    if (!bodies) {
        fprintf(stderr, "nbody: out of memory\n");
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        for (int k = 0; k < 3; k++) {
            bodies[i].position[k] = random_unit() * 2 - 1;
            bodies[i].velocity[k] = random_unit() * 0.2 - 0.1;
        }
        bodies[i].mass = (0.5 + random_unit()) / (double)count;
    }
    const double step = 0.001;
    for (unsigned long s = 0; s < steps; s++) {
        if (s % 100 == 0) {
            printf("step %lu energy %a\n", s, energy(count, bodies));
        }
        move(count, bodies, step / 2);
        accelerate(count, bodies, step);
        move(count, bodies, step / 2);
    }
    printf("step %lu energy %a (%.9f)\n", steps, energy(count, bodies), energy(count, bodies));
    free(bodies);
    return 0;
}
