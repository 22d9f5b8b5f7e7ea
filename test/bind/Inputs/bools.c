/* A library that writes another byte than a compiler knows into every bool. */
#include "bools.h"

#include <stdlib.h>
#include <string.h>

static unsigned char byte;
void write_as(unsigned char as) { byte = as; }

#define ALL(what) memset(&(what), byte, sizeof(what)) /* structures of nothing but bools and what nobody looks at */
static void spoil(void *at, size_t size) { memset(at, byte, size); }
static void spoil_mixed(struct mixed *m) {
    m->n = 7;
    ALL(m->either);
    spoil(&m->last, 1);
    m->bit = true;
}
static struct large *spoil_large(struct large *l) {
    ALL(*l);
    l->n = 5;
    l->pad = 6;
    return l;
}

void one(bool *to, bool *and, flag *maybe) {
    spoil(to, 1);
    spoil(and, 1);
    if (maybe)
        spoil(maybe, 1);
}
int many(bool *to, bool (*rows)[2], int n, _Atomic bool *atomic) {
    spoil(to, (size_t)n);
    spoil(rows, (size_t)n * 2);
    spoil((void *)atomic, (size_t)n);
    return n;
}
int some(bool *to, unsigned room, unsigned *used) {
    spoil(to, room);
    *used = 2;
    return 0;
}
void bytes(struct small *to, size_t size) { spoil(to, size); }
void structures(struct small *a, struct large *b, struct mixed *c, int n) {
    for (int k = 0; k < n; k++) {
        ALL(a[k]);
        spoil_large(&b[k]);
        spoil_mixed(&c[k]);
    }
}
static void hold(struct named *n) {
    spoil(&n->yes, 1);
    spoil(n->more, n->count);
    spoil(n->of, n->size);
}
void holders(struct named *in, struct named *both, struct moved *moved) {
    hold(in);
    hold(both);
    spoil(moved->at, 2);
    moved->at += 2;
    moved->left -= 2;
}
struct small by_registers(void) {
    struct small s;
    ALL(s);
    return s;
}
struct large by_memory(void) {
    struct large l;
    return *spoil_large(&l);
}
static void *block(size_t size) {
    void *made = malloc(size);
    spoil(made, size);
    return made;
}
struct small *lent(int n) { return block((size_t)n * sizeof(struct small)); }
bool *taken(int n) { return block((size_t)n); }
const struct large *kept(void) {
    static struct large l;
    return spoil_large(&l);
}
void pick(bool **to) { *to = block(3); }
bool call(seen *function) {
    bool list[4], one;
    struct small both;
    ALL(list);
    ALL(one);
    ALL(both);
    return function(by_registers(), by_memory(), list, 4, &one, &both);
}
int count(counted *function) {
    int values[255] = {1};
    /* The whole register is the library's to choose. */
    return ((int (*)(struct small, const int *, int))function)(by_registers(), values, byte);
}
void truths(enum truth *to, int n) { spoil(to, (size_t)n); }
