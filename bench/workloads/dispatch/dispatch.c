/* A byte-code interpreter reduced to its dispatch, in two ways that take turns: a switch, which becomes a jump through
 * a table, and calls through an array of functions. Programs of random operations rotate, so that the targets do.
 *
 * Usage: dispatch PROGRAMS LENGTH ROUNDS */
#include "../random.h"
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum operation {
    op_add,
    op_subtract,
    op_multiply,
    op_xor,
    op_shift,
    op_load,
    op_store,
    op_exchange,
    op_count,
    op_end = op_count
};

struct machine {
    uint32_t accumulator, other, memory[64];
};

static void run_switch(struct machine *m, const uint8_t *code) {
    for (;; code += 2) {
        uint32_t operand = code[1];
        switch (code[0]) {
        case op_add: m->accumulator += operand; break;
        case op_subtract: m->accumulator -= m->other ^ operand; break;
        case op_multiply: m->accumulator *= operand | 1; break;
        case op_xor: m->accumulator ^= m->other + operand; break;
        case op_shift: m->accumulator = m->accumulator << (operand & 15) | m->accumulator >> 16; break;
        case op_load: m->other = m->memory[operand & 63]; break;
        case op_store: m->memory[operand & 63] = m->accumulator; break;
        case op_exchange: {
            uint32_t swap = m->other;
            m->other = m->accumulator;
            m->accumulator = swap + operand;
            break;
        }
        default: return;
        }
    }
}

static void add(struct machine *m, uint32_t operand) { m->accumulator += operand; }
static void subtract(struct machine *m, uint32_t operand) { m->accumulator -= m->other ^ operand; }
static void multiply(struct machine *m, uint32_t operand) { m->accumulator *= operand | 1; }
static void exclusive_or(struct machine *m, uint32_t operand) { m->accumulator ^= m->other + operand; }
static void shift(struct machine *m, uint32_t operand) {
    m->accumulator = m->accumulator << (operand & 15) | m->accumulator >> 16;
}
static void load(struct machine *m, uint32_t operand) { m->other = m->memory[operand & 63]; }
static void store(struct machine *m, uint32_t operand) { m->memory[operand & 63] = m->accumulator; }
static void exchange(struct machine *m, uint32_t operand) {
    uint32_t swap = m->other;
    m->other = m->accumulator;
    m->accumulator = swap + operand;
}
static void (*const functions[op_count])(struct machine *, uint32_t) = {
    add, subtract, multiply, exclusive_or, shift, load, store, exchange,
};

static void run_functions(struct machine *m, const uint8_t *code) {
    for (; code[0] < op_count; code += 2) {
        functions[code[0]](m, code[1]);
    }
}

int main(int argc, char **argv) {
    size_t programs = argc == 4 ? strtoul(argv[1], NULL, 10) : 0, length = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    unsigned long rounds = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
    if (programs == 0 || programs > 10000 || length == 0 || length > 10000) {
        fprintf(stderr, "usage: dispatch PROGRAMS LENGTH ROUNDS; PROGRAMS and LENGTH at most 10000\n");
        return 2;
    }
    size_t size = 2 * (length + 1);
    uint8_t *code = malloc(programs * size);
    if (!code) {
        fprintf(stderr, "dispatch: out of memory\n");
        return 1;
    }
    for (size_t i = 0; i < programs * size; i += 2) {
        code[i] = i % size == 2 * length ? op_end : (uint8_t)random_below(op_count);
        code[i + 1] = (uint8_t)random_below(256);
    }
    struct machine m = {1, 2, {0}};
    for (unsigned long round = 0; round < rounds; round++) {
        const uint8_t *program = code + round / 8 % programs * size; /* each some times in a row */
        run_switch(&m, program);
        run_functions(&m, program);
    }
    printf("accumulator %08" PRIx32 " other %08" PRIx32 "\n", m.accumulator, m.other);
    uint64_t sum = 0;
    for (size_t i = 0; i < 64; i++) {
        sum = sum * 1099511628211u + m.memory[i];
    }
    printf("memory %016" PRIx64 "\n", sum);
    free(code);
    return 0;
}
