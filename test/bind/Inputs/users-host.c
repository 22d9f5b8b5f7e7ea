/* A pointer of the host's comes back only to what it was given for, and only while it may be used. */
#include "users_bind.h"
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned failures;
#define CHECK(what) ((what) ? (void)0 : (failures++, (void)printf("line %d: %s\n", __LINE__, #what)))
static const char *const never = "is no pointer that the host gave";
static const char *const gone = "is a pointer of the host's that is no more";
static const char *const other = "is a pointer that the host gave for something else";

/* Objects of different types: each function knows its own. */
struct sum { int magic, total; };
struct log { char text[32]; int magic, calls; };
static unsigned ran; /* functions of the host */
static int add(void *user, int v) {
    struct sum *sum = user;
    ran++;
    CHECK(sum->magic == 1);
    return sum->total += v;
}
static int note(void *user, int v) {
    struct log *log = user;
    ran++;
    CHECK(log->magic == 2);
    log->calls++;
    return v;
}
static void finish(void *user) { note(user, 0); }

static bool refused(const char *text) {
    const bh_bind_error *error = users_bind_error();
    bool good = error->kind == BH_BIND_GUEST && strstr(error->text, text);
    if (!good)
        printf("kind %d, text '%s'; wanted '%s'\n", (int)error->kind, error->text, text);
    users_bind_clear_error();
    return good;
}
static users_bind *bind;
/* After the breach the instance is dead; the next part begins with one that knows nothing. */
#define REFUSED(call, text) do { \
        unsigned before_ = ran; \
        CHECK((call) == -1); \
        CHECK(ran == before_ && refused(text)); \
        CHECK(users_bind_restart(bind) == BH_OK); \
    } while (0)

static void scoped(void) {
    struct log log = {.magic = 2};
    struct sum sum = {1, 0};
    CHECK(each(add, &sum) == 4 && sum.total == 3);
    long stale = last();
    CHECK(on_done(finish, &log) == 0);
    use(stale);
    REFUSED(fire(DONE), gone);
    /* Nor to the same function in a later call, whose own pointer stands at the same place of the table. */
    CHECK(each(add, &sum) >= 0);
    stale = last();
    use(stale);
    REFUSED(each(add, &sum), gone);
    /* A thousand calls on, nothing of before is good, and the table is as small as it was. */
    long numbers[1000];
    bool other_place = false;
    for (int n = 0; n < 1000; n++) {
        CHECK(each(add, &sum) >= 0);
        numbers[n] = last();
        CHECK(numbers[n] % 16 == 0);
        other_place |= (numbers[n] & 0xffff0) != (numbers[0] & 0xffff0);
    }
#ifdef FEW /* 500 numbers a place */
    CHECK(other_place);
#else
    CHECK(!other_place);
#endif
    for (int n = 0; n < 1000; n += 111) {
        use(numbers[n]);
        REFUSED(each(add, &sum), gone);
    }
    /* With a callback that stays, the pointer does. */
    CHECK(both(add, finish, &(struct { struct sum s; char rest[sizeof(struct log)]; }){.s = {1, 0}}) == 1);
    CHECK(each(add, NULL) == 0);
    use(NOTHING);
    REFUSED(each(add, &sum), "argument 'user' of the callback is NULL");
}

static void functions(void) {
    struct log log = {.magic = 2};
    struct sum sum = {1, 0};
    CHECK(on(0, add, &sum) == 0);
    long first = last();
    CHECK(on(1, note, &log) == 0);
    long second = last();
    CHECK(fire(0) == 0 && fire(1) == 1 && log.calls == 1);
    CHECK(on(0, add, &sum) == 0 && last() == first); /* the same, for a library that compares them */
    use(second);
    REFUSED(fire(0), other);
    /* A function of the same type that got no pointer gets none of others'. */
    CHECK(on(0, add, &sum) == 0 && on_done(finish, &log) == 0);
    use(last());
    REFUSED(fire(0), other);
    /* A NULL is the host's mistake where the contract does not allow it, and the same pointer for another function another number. */
    CHECK(on(0, add, NULL) == -1 && users_bind_error()->kind == BH_BIND_HOST);
    users_bind_clear_error();
    CHECK(on(0, add, &sum) == 0);
    first = last();
    CHECK(on(0, note, &sum) == 0 && last() != first);
    CHECK(on(0, NULL, &sum) == 0);
    first = last();
    CHECK(on(1, add, &sum) == 0);
    use(first);
    REFUSED(fire(1), other);
}

static void structures(void) {
    struct log log = {.magic = 2};
    struct sum sum = {1, 0};
    struct pair list[] = {{add, &sum}, {note, &log}};
    CHECK(pairs(list, 2) == 1 && log.calls == 1);
    use(1); /* crosswise */
    REFUSED(pairs(list, 2), other);
    struct pair before = list[0];
    CHECK(on(0, add, &sum) == 0 && get_pair(list) == -1 && refused(other)); /* the function would be the guest's */
    CHECK(users_bind_restart(bind) == BH_OK);
    CHECK(on(0, note, &log) == 0);
    use(last());
    CHECK(pair_changes(list) == -1 && refused(other) && !memcmp(&before, list, sizeof before));
    use(0);
    CHECK(users_bind_restart(bind) == BH_OK);
}

static int by_magic(const void *a, const void *b) { return ((const struct sum *)a)->total - ((const struct sum *)b)->total; }
static void elements(void) {
    struct sum sums[] = {{1, 5}, {1, 3}, {1, 9}, {1, 1}};
    void *items[] = {&sums[0], &sums[1], &sums[2], &sums[3]}, *sorted[] = {&sums[3], &sums[1], &sums[0], &sums[2]};
    CHECK(sort(items, 4, by_magic) == 0 && !memcmp(items, sorted, sizeof items));
    use(last());
    CHECK(sort(items, 4, by_magic) == -1 && refused(gone) && !memcmp(items, sorted, sizeof items));
    CHECK(users_bind_restart(bind) == BH_OK);
}

static struct log opened = {.magic = 2};
static void *open_log(const char *name) { return strcmp(name, "file") ? NULL : &opened; }
static int close_log(void *file) { return note(file, 7); }
static void names(void) {
    struct log log = {.magic = 2};
    struct sum sum = {1, 0};
    CHECK(files(open_log, close_log) == 0 && fire(OPEN) == 1 && fire(CLOSE) == 7 && opened.calls == 1);
    CHECK(attach(&log) == 0 && fire(CLOSE) == 7 && log.calls == 1);
    use(1); /* user(other) for user(file) */
    REFUSED(attach_now(&log, &sum), other);
    CHECK(files(open_log, close_log) == 0 && attach_now(&log, &sum) == 7);
    use(last());
    REFUSED(fire(CLOSE), gone);
    CHECK(files(open_log, close_log) == 0 && on(0, add, &sum) == 0);
    use(last());
    REFUSED(fire(CLOSE), other);
    CHECK(attach(&log) == 0 && on(0, add, &sum) == 0);
    CHECK(set_job(&(struct job){3}) == 0 && get_job()->number == 3);
    CHECK(attach(&log) == 0);
    use(last());
    CHECK(!get_job() && refused(other));
    use(0);
    CHECK(set_job(NULL) == 0 && !get_job() && users_bind_error()->kind == BH_BIND_OK);
}

static void forged(void) {
    struct sum sum = {1, 0};
    CHECK(on(0, add, &sum) == 0);
    long good = last();
    const long forgeries[] = {1, 16, 77, good + 1, good + 15, good + 16, good + (1L << 20), good - (1L << 42), good ^ (1L << 62),
                              (long)(uintptr_t)&sum, -1, -16, good | 0xffff0, (long)0x8000000000000000};
    for (unsigned n = 0; n < sizeof forgeries / sizeof *forgeries; n++) {
        CHECK(on(0, add, &sum) == 0);
        use(forgeries[n]);
        REFUSED(fire(0), n == 5 ? "is no" : never);
        CHECK(on(0, add, &sum) == 0);
        good = last();
    }
    use(good);
    CHECK(fire(0) >= 0 && users_bind_error()->kind == BH_BIND_OK);
    use(0);
}

/* Numbers of an earlier life, of another instance, of what was forgotten. */
static void lives(void) {
    struct sum sum = {1, 0};
    users_bind *second, *third;
    CHECK(on(0, add, &sum) == 0);
    long old = last();
    CHECK(users_bind_restart(bind) == BH_OK);
    CHECK(on(0, add, &sum) == 0 && last() != old);
    use(old);
    REFUSED(fire(0), gone);
    CHECK(users_bind_create(&second) == BH_OK);
    CHECK(on(0, add, &sum) == 0 && on_in(second, 0, add, &sum) == 0 && last() != last_in(second));
    use(last_in(second));
    REFUSED(fire(0), "is no");
    CHECK(users_bind_create(&third) == BH_OK);
    CHECK(on_in(third, 0, add, &sum) == 0 && last_in(third) != last_in(second)); /* the first ones of each */
    CHECK(users_bind_destroy(second) == BH_OK && users_bind_destroy(third) == BH_OK);
    CHECK(on(0, add, &sum) == 0);
    old = last();
    bh_bind_forget(bind, &sum);
    REFUSED(fire(0), gone);
    /* Its place is taken by another, which the old number does not stand for. */
    struct log log = {.magic = 2};
    CHECK(on(0, add, &sum) == 0);
    old = last();
    bh_bind_forget(bind, &sum);
    CHECK(on(0, note, &log) == 0 && (last() & 0xffff0) == (old & 0xffff0));
    use(old);
    REFUSED(fire(0), gone);
}

/* Each of many has its own number, also after half of them were forgotten and given again. */
static void many(void) {
    static struct sum sums[600];
    long numbers[600];
    for (int round = 0; round < 3; round++) {
        for (int n = round; n < 600; n += round + 1) {
            sums[n] = (struct sum){1, n};
            CHECK(on(0, add, &sums[n]) == 0);
            numbers[n] = last();
        }
        for (int n = 0; n < 600; n++) {
            use(numbers[n]);
            CHECK(fire(0) == n);
        }
        for (int n = 0; n < 600; n += 2)
            bh_bind_forget(bind, &sums[n]);
        for (int n = 0; n < 600; n += 2) {
            CHECK(on(0, add, &sums[n]) == 0 && last() != numbers[n]);
            numbers[n] = last();
        }
    }
    use(0);
}

static int inner(void *user, int v) {
    struct sum *sum = user, own = {1, 100};
    CHECK(sum->magic == 1);
    if (v == 10) {
        CHECK(each(add, &own) == 204);
        CHECK(each(add, sum) > 0);
        use(sum->total == 1004 ? last() : 0);
    }
    if (v == 20)
        bh_bind_forget(bind, sum); /* a scoped one, too, in the middle of its call */
    return 1;
}
static void nested(void) {
    struct sum sum = {1, 1};
    CHECK(nest(inner, &sum) == 2);
    many(); /* no place is free twice */
    sum.total = 1001;
    ran = 0;
    CHECK(nest(inner, &sum) == -1 && ran == 4 && refused(gone));
    CHECK(users_bind_restart(bind) == BH_OK);
    CHECK(each(add, &sum) >= 0);
}

static bool full(const char *text) {
    bool is = strstr(users_bind_error()->text, text);
    if (!is)
        printf("'%s', wanted '%s'\n", users_bind_error()->text, text);
    users_bind_clear_error();
    return is;
}
/* Tables have an end, and begin again with the instance. */
static void fill(void) {
    static struct sum sums[70000];
    int given = 0;
    for (int round = 0; round < 2; round++) {
        for (given = 0; given < 70000 && on(0, add, &sums[given]) == 0; given++)
            ;
        CHECK(given == 65536 && full("has no token left"));
        CHECK(each(add, &sums[0]) == -1 && full("has no token left"));
        bh_bind_forget(bind, &sums[5]);
        CHECK(on(0, add, &sums[6]) == 0 && on(0, add, &sums[65536]) == 0 && on(0, add, &sums[65537]) == -1);
        users_bind_clear_error();
        CHECK(users_bind_restart(bind) == BH_OK);
    }
    size_t heap = 0;
    for (int round = 0; round < 3; round++) {
        CHECK(!strcmp(label(-1), "constant"));
        for (given = 0; given < 5000 && label(5000 * round + given); given++)
            ;
        CHECK(given == 4095 && full("does not fit: what was kept exceeds copy_limit, or 4096 pieces"));
        CHECK(!strcmp(label(-1), "constant")); /* what is there already is found */
        CHECK(users_bind_restart(bind) == BH_OK);
        heap = round ? heap : mallinfo2().uordblks;
    }
    CHECK(mallinfo2().uordblks <= heap + 4096);
}

/* Small pieces take memory, too: what one call makes the wrapper allocate is limited with what each takes beside its bytes. */
static void tiny(const char *module) {
    const char *list[2000];
    bh_bind_options options = {.struct_size = sizeof options, .copy_limit = 1 << 16};
    CHECK(users_bind_open(module, &options) == BH_OK);
    CHECK(labels(list, 500) == 0 && !*list[499]);
    CHECK(labels(list, 2000) == -1 && full("makes the call's copies exceed copy_limit"));
    int given = 0;
    while (given < 4096 && label(given))
        given++;
    CHECK(given > 500 && given < 4095 && full("does not fit: what was kept exceeds copy_limit"));
    CHECK(users_bind_close() == BH_OK);
}

int main(int argc, char **argv) {
    if (argc != 2 || users_bind_open(argv[1], NULL))
        return printf("open: %s\n", bh_last_error()->text), 1;
    bind = users_bind_default();
    scoped();
#ifndef FEW
    functions();
    structures();
    elements();
    names();
    forged();
    lives();
    nested();
    fill();
#endif
    CHECK(users_bind_close() == BH_OK);
    tiny(argv[1]);
    printf("%u failures\n", failures);
    return failures != 0;
}
