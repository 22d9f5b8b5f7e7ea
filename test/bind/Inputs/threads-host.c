/* One instance for all threads, one for each, and instances by handle. */
#include "kinds_bind.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static unsigned failures;
#define CHECK(what) ((what) ? (void)0 : (failures++, (void)printf("line %d: %s\n", __LINE__, #what)))

static int compare(const int *a, const int *b) { return *a - *b; }

static void *worker(void *argument) {
    int own = 0, *which = argument;
    box *b = box_new(*which);
    box_set_user(b, &own);
    for (int n = 0; n < 300; n++) {
        int values[] = {9, *which, 3};
        char text[32];
        sort(values, 3, compare);
        if (values[2] != 9 || box_value(b) != *which || box_get_user(b) != &own || describe(n, text, sizeof text) < 8)
            return "wrong";
    }
    if (kinds_bind_error()->kind)
        printf("%s\n", kinds_bind_error()->text);
    return kinds_bind_error()->kind ? "failed" : NULL;
}

static void run(const char *module, bool per_thread) {
    bh_bind_options options = {.struct_size = sizeof options, .per_thread = per_thread};
    pthread_t threads[6];
    int which[6], pair[2] = {1, 2};
    void *result = NULL;
    if (kinds_bind_open(module, &options)) {
        printf("open: %s\n", bh_last_error()->text);
        failures++;
        return;
    }
    for (int n = 0; n < 6; n++) {
        which[n] = n;
        pthread_create(&threads[n], NULL, worker, &which[n]);
    }
    for (int n = 0; n < 6; n++) {
        pthread_join(threads[n], &result);
        CHECK(!result);
    }
    CHECK(sum(pair, 2) == 3); /* this thread's instance, while the others' are gone */
    CHECK(kinds_bind_close() == BH_OK);
}

static void close_inside(int *counter) {
    ++*counter;
    CHECK(kinds_bind_restart(kinds_bind_default()) == BH_ERROR_BUSY && kinds_bind_close() == BH_ERROR_BUSY);
}

static void instances(const char *module) {
    kinds_bind *one = NULL, *two = NULL;
    int pair[2] = {4, 5};
    CHECK(kinds_bind_open(module, NULL) == BH_OK);
    CHECK(kinds_bind_create(&one) == BH_OK && kinds_bind_create(&two) == BH_OK);
    box *a = box_new_in(one, 5), *b = box_new_in(two, 6);
    CHECK(box_value_in(one, a) == 5 && box_value_in(two, b) == 6);
    CHECK(box_value_in(two, a) == 0 && kinds_bind_error()->kind == BH_BIND_HOST); /* not its own */
    CHECK(strstr(kinds_bind_error()->text, "no handle of this instance"));
    CHECK(crash_in(one) == -99 && crash() == -99 && box_value_in(two, b) == 6);
    CHECK(box_value_in(one, a) == 0 && kinds_bind_error()->error == BH_ERROR_DEAD);
    CHECK(kinds_bind_restart(one) == BH_OK && sum_in(one, pair, 2) == 9);
    CHECK(kinds_bind_restart(kinds_bind_default()) == BH_OK && count_ticks(close_inside, 2) == 102);
    CHECK(kinds_bind_destroy(two) == BH_OK);
    kinds_bind_clear_error();
    CHECK(crash_in(NULL) == -99 && kinds_bind_error()->kind == BH_BIND_HOST);
    CHECK(kinds_bind_close() == BH_OK);
}

/* What a host must not pass. */
static void mistakes(const char *path) {
    static const bh_bind_description nothing = {.library = "nothing"};
    bh_bind_library *library = NULL;
    bh_bind *bind = NULL;
    CHECK(bh_bind_library_open(NULL, path, NULL, &library) == BH_ERROR_ARGUMENT);
    CHECK(bh_bind_library_open(&nothing, NULL, NULL, &library) == BH_ERROR_ARGUMENT);
    CHECK(bh_bind_library_open(&nothing, path, NULL, NULL) == BH_ERROR_ARGUMENT);
    CHECK(bh_bind_library_close(NULL) == BH_OK && bh_bind_destroy(NULL) == BH_OK && !bh_bind_instance(NULL) && !library);
    CHECK(bh_bind_create(NULL, &bind) == BH_ERROR_ARGUMENT && bh_bind_restart(NULL) == BH_ERROR_ARGUMENT && !bind);
    CHECK(bh_bind_library_open(&nothing, path, NULL, &library) == BH_OK && bh_bind_create(library, NULL) == BH_ERROR_ARGUMENT);
    CHECK(bh_bind_library_close(library) == BH_OK);
}

int main(int argc, char **argv) {
    bh_bind_options wrong = {.struct_size = 3};
    if (argc != 2)
        return 2;
    CHECK(kinds_bind_open("/does/not/exist", NULL) == BH_ERROR_UNREADABLE);
    CHECK(kinds_bind_open(argv[1], &wrong) == BH_ERROR_ARGUMENT);
    mistakes(argv[1]);
    run(argv[1], false);
    run(argv[1], true);
    instances(argv[1]);
    printf("%u failures\n", failures);
    return failures != 0;
}
