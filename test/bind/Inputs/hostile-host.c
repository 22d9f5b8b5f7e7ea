/* Every breach of a contract ends in an error of the right kind and the documented default, and the host's data is as before. */
#include <bulkhead/bulkhead.h>
#include "kinds_bind.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned failures, handled;
#define CHECK(what) ((what) ? (void)0 : (failures++, (void)printf("line %d: %s\n", __LINE__, #what)))

static bh_function hostile;

/* The guest's next behaviour, in an instance that works. */
static void next(int how) {
    bh_instance *instance = bh_bind_instance(kinds_bind_default());
    if (bh_instance_function(instance, "hostile", "v(i)", &hostile) || bh_invoke(instance, &hostile, NULL, how)) {
        if (kinds_bind_restart(kinds_bind_default()))
            printf("restart: %s\n", bh_last_error()->text), exit(1);
        instance = bh_bind_instance(kinds_bind_default());
        bh_instance_function(instance, "hostile", "v(i)", &hostile);
        if (bh_invoke(instance, &hostile, NULL, how))
            printf("hostile: %s\n", bh_last_error()->text), exit(1);
    }
    kinds_bind_clear_error();
}

static bool ended(bh_bind_kind kind, const char *text) {
    const bh_bind_error *error = kinds_bind_error();
    if (error->kind == kind && strstr(error->text, text))
        return true;
    printf("kind %d, text '%s'; wanted kind %d, '%s'\n", (int)error->kind, error->text, (int)kind, text);
    return false;
}
#define GUEST(text) CHECK(ended(BH_BIND_GUEST, text))
#define FINE() CHECK(kinds_bind_error()->kind == BH_BIND_OK)

static void on_error(void *context, bh_bind *bind, const bh_bind_error *error) {
    CHECK(context == &handled && bind == kinds_bind_default() && error->kind != BH_BIND_OK && *error->text);
    handled++;
}

static void strings(void) {
    static const int bad[] = {1, 2, 3, 4, 5, 6, 7};
    for (unsigned n = 0; n < sizeof bad / sizeof *bad; n++) {
        unsigned char *image = (unsigned char *)"untouched";
        size_t size = 17;
        const char *picked = "untouched";
        unsigned count = 17;
        struct person before = {"before", NULL, 0, NULL}, winner = before, person = before;
        next(bad[n]);
        CHECK(!version());
        GUEST("version: the result");
        next(bad[n]);
        CHECK(!greeting("x"));
        GUEST("greeting: the result");
        next(bad[n]);
        CHECK(!copy_of("x"));
        GUEST("copy_of: the result");
        next(bad[n]);
        CHECK(!color_name(RED));
        if (bad[n] == 5) FINE(); /* it may be NULL */ else GUEST("color_name: the result");
        next(bad[n]);
        CHECK(pick(&picked, 0) == 0 && !strcmp(picked, "untouched"));
        GUEST("pick: argument 'result'");
        next(bad[n]);
        if (bad[n] != 4) { /* for a buffer there is nothing wrong with endless */
            CHECK(render(&image, &size) == -1 && !strcmp((char *)image, "untouched") && size == 17);
            GUEST("render: argument 'image'");
            next(bad[n]);
            CHECK(!unit_shape());
            GUEST("unit_shape: the result");
            next(bad[n]);
            if (bad[n] != 5) {
                CHECK(!range(1, 2, &count) && count == 17);
                GUEST("range: the result");
            }
        }
        next(bad[n]);
        best(&before, 1, &winner);
        CHECK(!memcmp(&winner, &before, sizeof before));
        GUEST("best: member 'name'");
        next(bad[n]);
        rename_person(&person);
        CHECK(!memcmp(&person, &before, sizeof before));
        GUEST("rename_person: member 'name'");
    }
    char text[8] = "before";
    next(0);
    CHECK(describe(1, text, sizeof text) == 0 && !strcmp(text, "before"));
    GUEST("describe: argument 'to'");
}

static void amounts(void) {
    char text[8] = "before";
    size_t room = 4, size = 3;
    unsigned count = 3;
    unsigned char *image = NULL;
    int scores[2] = {1, 2};
    struct person person = {"p", scores, 2, NULL}, winner = person;
    next(9);
    CHECK(half(text, 4, 1) == -7);
    GUEST("half: argument 'to' is said to hold more");
    next(8);
    CHECK(encode("a", 1, text, &room) == -1 && room == 4);
    GUEST("encode: argument 'to' is said to hold more");
    next(9);
    CHECK(encode("a", 1, text, &room) == -1 && room == 4);
    GUEST("encode: argument 'to' is said to hold more");
    next(8);
    CHECK(!range(0, 1, &count) && count == 3);
    GUEST("range: the result is larger than copy_limit");
    next(8);
    CHECK(render(&image, &size) == -1 && size == 3 && !image);
    GUEST("render: argument 'image' is larger than copy_limit");
    next(8);
    best(&person, 1, &winner);
    CHECK(winner.scores == scores && winner.count == 2);
    GUEST("best: member 'scores'");
    static struct person crowd[1000]; /* three megabytes each, the same ones: three gigabytes for the host */
    next(0);
    CHECK(all_people(crowd, 1000) == 0 && !crowd[0].name);
    GUEST("all_people: member 'scores' of 'struct person' makes the call's copies exceed copy_limit");
    next(8);
    rename_person(&person);
    CHECK(person.count == 2);
    GUEST("rename_person: member 'scores' of 'struct person' is said to hold more");
}

static void pointers(void) {
    static const int bad[] = {1, 6, 7};
    int mine = 0;
    box *b = NULL;
    for (unsigned n = 0; n < sizeof bad / sizeof *bad; n++) {
        next(bad[n]);
        CHECK(!box_new(1));
        GUEST("box_new: the result");
        next(bad[n]);
        CHECK(box_open(&b, 1) == 0 && !b);
        GUEST("box_open: argument 'result'");
        next(bad[n]);
        CHECK(!box_get_user(NULL));
        GUEST("box_get_user: the result is no pointer that the host gave");
    }
    next(8);
    CHECK(!box_get_user(NULL));
    GUEST("box_get_user: the result is no pointer that the host gave");
    next(0);
    box_value((const box *)(void *)&mine); /* the host's own mistake: its pointers do not get in */
    CHECK(ended(BH_BIND_HOST, "box_value: argument 'b' is no handle"));
    next(0); /* nor do addresses in the slot that the library did not give out */
    box_value((const box *)(uintptr_t)(bh_instance_base(bh_bind_instance(kinds_bind_default())) + BH_IMAGE_OFFSET));
    CHECK(ended(BH_BIND_HOST, "box_value: argument 'b' is no handle"));
    next(0);
    CHECK(length(NULL) == 0 && ended(BH_BIND_CALL, "does not export 'length'"));
    next(0);
    CHECK(!greeting("a name of seventeen"));
    CHECK(ended(BH_BIND_HOST, "longer than its contract allows"));
    next(0);
    CHECK(!copy_of(NULL) && ended(BH_BIND_HOST, "argument 'text' is NULL"));
    next(0);
    CHECK(half((char[4]){0}, -4, 1) == -7 && ended(BH_BIND_HOST, "argument 'to' has a negative size"));
}

static void streams(void) {
    unsigned char in[8], out[8] = {0};
    for (int how = 1; how <= 10; how++) {
        /* NULL for 8 bytes, and for none. */
        struct stream s = {how < 9 ? in : NULL, how < 10 ? 8 : 0, out, 8, NULL, NULL}, before = s;
        next(how);
        CHECK(stream_start(&s) == 0 && !memcmp(&s, &before, sizeof s));
        GUEST("stream_start: member");
    }
}

static char seen[8];
static int visited(void *user, const char *name, const int *values, int n) {
    snprintf(seen, sizeof seen, "%s", name);
    if (kinds_bind_error()->kind == BH_BIND_OK && *(int *)user == 11) {
        int first = values[0];
        spin(); /* the guest changes its memory now */
        return strcmp(name, "name") == 0 && first == 1 && values[0] == 1 && values[n - 1] == 4 ? 100 : -1;
    }
    return 5;
}
static int compare(const int *a, const int *b) { return *a - *b; }
static int feed(void *user, char *to, int room) { (void)user, (void)room; *to = 1; return 1; }
static void up(int *counter) { ++*counter; }

static void callbacks(void) {
    static const int bad[] = {1, 4, 8, 9, 10, 12, 13};
    static const char *const where[] = {"'name'", "'name'", "'values'", "'values'", "'user'", "'values'", "'user'"};
    int mode = 0, pair[2] = {7, 5};
    for (unsigned n = 0; n < sizeof bad / sizeof *bad; n++) {
        next(bad[n]);
        strcpy(seen, "none");
        CHECK(each(visited, &mode) == 0 && !strcmp(seen, "none")); /* it did not even run */
        GUEST(where[n]);
    }
    next(0);
    CHECK(each(visited, &mode) == 5 && !strcmp(seen, "name"));
    FINE();
    mode = 11;
    next(11);
    CHECK(each(visited, &mode) == 100);
    FINE();
    next(9);
    CHECK(read_all(feed, &mode) == 0);
    GUEST("argument 'to' of the callback");
    next(0);
    CHECK(read_all(feed, &mode) == 0);
    GUEST("argument 'to' of the callback is larger than copy_limit");
    for (int how = 1; how < 3; how++) {
        next(how);
        CHECK(count_ticks(up, 1) == 0);
        GUEST("argument 'counter' of the callback");
    }
    next(0);
    sort(pair, 2, compare);
    CHECK(pair[0] == 2);
    next(14);
    CHECK(crash() == -99 && ended(BH_BIND_CALL, "a callback that is not registered"));
    CHECK(bh_last_error()->fault == BH_FAULT_CALLBACK);
}

static void ends(void) {
    bh_instance *instance;
    next(15);
    CHECK(crash() == -99 && ended(BH_BIND_CALL, "a callback that is not registered"));
    CHECK(crash() == -99 && ended(BH_BIND_CALL, "reset or destroy it"));
    next(16);
    CHECK(crash() == -99 && kinds_bind_error()->kind == BH_BIND_CALL);
    next(17);
    CHECK(crash() == -99 && kinds_bind_error()->error == BH_ERROR_EXITED);
    next(18);
    CHECK(crash() == -99 && ended(BH_BIND_CALL, "ended by its own signal"));
    next(0);
    spin();
    CHECK(kinds_bind_error()->error == BH_ERROR_DEADLINE);
    next(0);
    instance = bh_bind_instance(kinds_bind_default());
    CHECK(instance && !strcmp(version(), "harmless"));
    FINE();
}

int main(int argc, char **argv) {
    bh_bind_options options = {.struct_size = sizeof options, .deadline = 300000000, .handler = on_error, .handler_context = &handled};
    CHECK(box_value(NULL) == 0 && ended(BH_BIND_HOST, "is not open"));
    if (argc != 2 || kinds_bind_open(argv[1], &options))
        return printf("open: %s\n", bh_last_error()->text), 1;
    CHECK(kinds_bind_open(argv[1], &options) == BH_ERROR_BUSY);
    strings();
    amounts();
    pointers();
    streams();
    callbacks();
    ends();
    CHECK(handled > 100);
    CHECK(kinds_bind_close() == BH_OK);
    printf("%u failures\n", failures);
    return failures != 0;
}
