/* Whatever the library writes, the host sees bools of which each is 0 or 1, and true where the library's byte is not 0. */
#include "bools_bind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned failures;
static unsigned char byte;
#define CHECK(what) ((what) ? (void)0 : (failures++, (void)printf("line %d, byte %d: %s\n", __LINE__, byte, #what)))
#define BOOLS(what) CHECK(good(&(what), sizeof(what)))

static bool good(const volatile void *at, size_t size) {
    for (size_t n = 0; n < size; n++) {
        if (((const volatile unsigned char *)at)[n] != (byte != 0))
            return false;
    }
    return true;
}
static bool good_large(const struct large *l) {
    return l->n == 5 && l->pad == 6 && good(l->in, sizeof l->in) && good(l->deep, sizeof l->deep) && good(&l->named, 1) && good(&l->end, 1);
}

static void plain(void) {
    bool to[4] = {0}, and = false, rows[3][2] = {{0}};
    flag maybe = false;
    ATOMIC_BOOL atomic[3] = {0};
    unsigned used = 0;
    struct small s[3] = {{0}};
    one(&to[0], &and, NULL);
    BOOLS(to[0]);
    BOOLS(and);
    one(&to[0], &and, &maybe);
    BOOLS(maybe);
    many(to, rows, 3, atomic);
    CHECK(good(to, 3) && !to[3]);
    BOOLS(rows);
    BOOLS(atomic);
    memset(to, 0, sizeof to);
    some(to, 4, &used);
    CHECK(good(to, 2) && !to[2] && !to[3] && used == 2);
    bytes(s, 6); /* half of the second */
    CHECK(good(s, 6) && !s[1].b[1] && !s[1].b[2]);
#ifdef __clang__
    enum truth truth[2] = {NO, NO};
    truths(truth, 2);
    BOOLS(truth);
#endif
}

static void in_structures(void) {
    struct small s[2] = {{0}}, of[2] = {{0}};
    struct large l[2];
    struct mixed m[2];
    bool more[2][3] = {{0}}, cursor[4] = {0};
    struct named in = {"in", false, more[0], 3, &of[0], 4}, both = {"both", false, more[1], 3, &of[1], 4};
    struct moved moved = {cursor, 4};
    memset(l, 0, sizeof l);
    memset(m, 0, sizeof m);
    structures(s, l, m, 2);
    for (int k = 0; k < 2; k++) {
        BOOLS(s[k]);
        CHECK(good_large(&l[k]));
        CHECK(m[k].n == 7 && m[k].bit && good(&m[k].last, 1));
        CHECK(*(unsigned char *)&m[k].either == byte); /* nobody knows which member it is */
    }
    holders(&in, &both, &moved);
    BOOLS(more);
    BOOLS(of);
    CHECK(!in.yes && good(&both.yes, 1));
    CHECK(moved.at == cursor + 2 && moved.left == 2 && good(cursor, 2) && !cursor[2]);
}

static void results(void) {
    struct small r = by_registers(), *few = lent(3);
    struct large m = by_memory();
    bool *mine = taken(5), *picked = NULL;
    BOOLS(r);
    CHECK(good_large(&m));
    CHECK(few && good(few, 3 * sizeof *few));
    CHECK(mine && good(mine, 5));
    free(mine);
    CHECK(kept() && good_large(kept()) && kept() == kept());
    pick(&picked);
    CHECK(picked && good(picked, 3));
    free(picked);
}

static unsigned seen_count;
static bool on_seen(struct small a, struct large b, const bool *list, int n, bool *one_, struct small *both) {
    seen_count++;
    BOOLS(a);
    CHECK(good_large(&b));
    CHECK(n == 4 && good(list, 4));
    BOOLS(*one_);
    BOOLS(*both);
    return a.a && b.end && list[3] && *one_ && both->b[2];
}
static int on_counted(struct small s, const int *values, bool n) {
    BOOLS(s);
    BOOLS(n);
    return n ? *values : 0;
}

int main(int argc, char **argv) {
    static const unsigned char written[] = {0, 1, 2, 127, 128, 254, 255};
    if (argc != 2 || bools_bind_open(argv[1], NULL))
        return printf("open: %s\n", bh_last_error()->text), 1;
    for (size_t n = 0; n < sizeof written; n++) {
        byte = written[n];
        write_as(byte);
        plain();
        in_structures();
        results();
        CHECK(call(on_seen) == (byte != 0));
        CHECK(count(on_counted) == (byte != 0));
        CHECK(bools_bind_error()->kind == BH_BIND_OK);
        if (bools_bind_error()->kind)
            return printf("%s\n", bools_bind_error()->text), 1;
    }
    CHECK(seen_count == sizeof written);
    printf("%u failures\n", failures);
    return failures != 0;
}
