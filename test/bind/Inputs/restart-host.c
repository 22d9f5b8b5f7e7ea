/* A restarted library works as on its first day, and nothing of its earlier life is taken for something of this one. */
#include "kinds_bind.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned failures;
#define CHECK(what) ((what) ? (void)0 : (failures++, (void)printf("line %d: %s\n", __LINE__, #what)))

/* Linked with --wrap: so that the kernel refuses a reset now and then. */
bh_error __real_bh_instance_reset(bh_instance *instance);
bh_error __wrap_bh_instance_reset(bh_instance *instance);
static unsigned resets, refused;
static bh_error refuse;
bh_error __wrap_bh_instance_reset(bh_instance *instance) {
    resets++;
    if (!refuse)
        return __real_bh_instance_reset(instance);
    refused++;
    return refuse;
}

static int visited(void *user, const char *name, const int *values, int n) {
    (void)values, (void)name;
    return n < 3 ? 1 : *(int *)user;
}
static int compare(const int *a, const int *b) { return *a - *b; }

/* The library's whole life: callbacks, tokens, handles, what is kept. */
static box *live(int value) {
    int values[] = {3, value, 2};
    box *b = box_new(value);
    box_set_user(b, &failures);
    CHECK(box_value(b) == value && box_get_user(b) == &failures);
    CHECK(each(visited, &value) == 3 + value);
    sort(values, 3, compare);
    CHECK(values[0] == 2);
    return b;
}

/* What came from the instance before is refused, whatever lies there now. */
static void stale(box *b) {
    box *list[] = {b};
    kinds_bind_clear_error();
    CHECK(box_value(b) == 0 && kinds_bind_error()->kind == BH_BIND_HOST);
    CHECK(strstr(kinds_bind_error()->text, "box_value: argument 'b' is a handle of an instance that is no more"));
    CHECK(box_sum(list, 1) == 0 && kinds_bind_error()->kind == BH_BIND_HOST);
    kinds_bind_clear_error();
}

static void fail(int how) {
    kinds_bind_clear_error();
    if (how == 0) {
        CHECK(crash() == -99 && kinds_bind_error()->error == BH_ERROR_FAULT);
    } else if (how == 1) {
        spin();
        CHECK(kinds_bind_error()->error == BH_ERROR_DEADLINE);
    } else {
        return; /* it is well, and restarted nevertheless */
    }
    CHECK(each(visited, &(int){1}) == 0 && kinds_bind_error()->error == BH_ERROR_DEAD);
}

static size_t mappings(void) {
    size_t lines = 0;
    int c;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && (c = getc(maps)) != EOF)
        lines += c == '\n';
    if (maps)
        fclose(maps);
    return lines;
}

static size_t resident(void) {
    unsigned long all, pages = 0;
    FILE *statm = fopen("/proc/self/statm", "r");
    if (!statm || fscanf(statm, "%lu %lu", &all, &pages) != 2)
        exit(2);
    fclose(statm);
    return pages;
}

static void many(unsigned times) {
    kinds_bind *bind = kinds_bind_default();
    size_t maps = 0, pages = 0, heap = 0;
    for (unsigned n = 0; n < times; n++) {
        live((int)n % 100 + 4);
        if (n % 50 == 0)
            crash();
        CHECK(kinds_bind_restart(bind) == BH_OK);
        if (n == times / 2) {
            maps = mappings();
            pages = resident();
            heap = mallinfo2().uordblks;
        }
    }
    CHECK(mappings() <= maps + 2);
    CHECK(resident() <= pages + 64);
    CHECK(mallinfo2().uordblks <= heap + 16384);
}

int main(int argc, char **argv) {
    bh_bind_options options = {.struct_size = sizeof options, .deadline = 200000000};
    if (argc != 2 || kinds_bind_open(argv[1], &options))
        return printf("open: %s\n", bh_last_error()->text), 1;
    kinds_bind *bind = kinds_bind_default();
    CHECK(version());
    struct stream s = {0};
    bh_address base = bh_instance_base(bh_bind_instance(bind));
    bh_instance *instance = bh_bind_instance(bind);
    for (int how = 0; how < 3; how++) {
        box *b = live(how + 5);
        CHECK(stream_start(&s) == 0 && s.state);
        fail(how);
        CHECK(kinds_bind_restart(bind) == BH_OK);
        CHECK(instance == bh_bind_instance(bind) && base == bh_instance_base(instance)); /* it was reset */
        stale(b);
        CHECK(stream_step(&s) == 0 && kinds_bind_error()->kind == BH_BIND_HOST); /* its state is of before */
        s.state = NULL;
        box *c = live(8);
        CHECK(b != c && version() == version() && !strcmp(version(), "kinds 1.0")); /* what was kept in the life before is freed */
        box_free(c);
    }
    CHECK(resets == 3);
    static const bh_error refusals[] = {BH_ERROR_LIMIT, BH_ERROR_SYSTEM, BH_ERROR_MEMORY, BH_ERROR_DEAD};
    for (unsigned n = 0; n < 4; n++) {
        box *b = live(9);
        refuse = refusals[n];
        fail((int)n % 2);
        CHECK(kinds_bind_restart(bind) == BH_OK && refused == n + 1);
        stale(b);
        live(10);
    }
    /* Nothing else makes a new instance: an error of the start code would come again, this one says that nothing was done. */
    box *b = live(11);
    refuse = BH_ERROR_FAULT;
    CHECK(kinds_bind_restart(bind) == BH_ERROR_FAULT);
    refuse = BH_ERROR_BUSY;
    box *d = live(12);
    CHECK(kinds_bind_restart(bind) == BH_ERROR_BUSY && box_value(d) == 12);
    stale(b);
    refuse = BH_OK;
    many(4000);
    CHECK(kinds_bind_close() == BH_OK);
    printf("%u failures\n", failures);
    return failures != 0;
}
