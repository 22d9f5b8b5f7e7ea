/* Calls methods of objects through tables of function pointers, as C++ does for virtual functions. The objects' classes
 * follow each other in an order that changes from round to round, so that a branch predictor has to learn it anew.
 *
 * Usage: virtual OBJECTS ROUNDS */
#include "../random.h"
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct object;
struct methods {
    void (*advance)(struct object *, uint32_t);
    uint32_t (*value)(const struct object *);
};
struct object {
    const struct methods *methods;
    uint32_t a, b;
};

static void count_up(struct object *o, uint32_t by) { o->a += by; }
static void count_down(struct object *o, uint32_t by) { o->a -= by; }
static void swap_halves(struct object *o, uint32_t by) {
    uint32_t a = o->a;
    o->a = o->b + by;
    o->b = a;
}
static void mix(struct object *o, uint32_t by) { o->a = o->a * 1664525u + by; }
static void fold(struct object *o, uint32_t by) { o->b ^= o->a >> 7 ^ by; }
static void clamp(struct object *o, uint32_t by) { o->a = o->a > 1u << 30 ? by : o->a + o->b; }
static void turn(struct object *o, uint32_t by) { o->b = o->b << 5 | o->b >> 27, o->a ^= by; }
static void add_both(struct object *o, uint32_t by) { o->a += o->b, o->b += by; }

static uint32_t first(const struct object *o) { return o->a; }
static uint32_t second(const struct object *o) { return o->b; }
static uint32_t sum(const struct object *o) { return o->a + o->b; }
static uint32_t difference(const struct object *o) { return o->a ^ o->b; }

static const struct methods classes[] = {
    {count_up, first}, {count_down, difference}, {swap_halves, sum}, {mix, first}, {fold, second},
    {clamp, sum},      {turn, difference},       {add_both, second},
};
enum { class_count = sizeof classes / sizeof *classes };

/* Runs of a period between 3 and 16 classes that repeats, somewhere broken by a class at random. */
static void assign_classes(struct object *objects, size_t count) {
    uint8_t pattern[16];
    size_t period = 3 + random_below(14);
    for (size_t i = 0; i < period; i++) {
        pattern[i] = (uint8_t)random_below(class_count);
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t other = random_below(16 * class_count);
        objects[i].methods = &classes[other < class_count ? other : pattern[i % period]];
    }
}

int main(int argc, char **argv) {
    size_t count = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
    unsigned long rounds = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    if (count == 0 || count > 10000000) {
        fprintf(stderr, "usage: virtual OBJECTS ROUNDS; at most 10000000 objects\n");
        return 2;
    }
    struct object *objects = calloc(count, sizeof *objects);
    if (!objects) {
        fprintf(stderr, "virtual: out of memory\n");
        return 1;
    }
    for (size_t i = 0; i < count; i++) {
        objects[i].a = random_below(1u << 31);
        objects[i].b = random_below(1u << 31);
    }
    uint64_t total = 0;
    for (unsigned long round = 0; round < rounds; round++) {
        if (round % 16 == 0) {
            assign_classes(objects, count);
        }
        for (size_t i = 0; i < count; i++) {
            struct object *o = &objects[i];
            o->methods->advance(o, (uint32_t)round);
            total = total * 31 + o->methods->value(o);
        }
    }
    printf("total %016" PRIx64 "\n", total);
    free(objects);
    return 0;
}
