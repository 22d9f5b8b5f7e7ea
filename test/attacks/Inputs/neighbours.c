/* neighbours CASE MODULE: a host under something that answers madvise or membarrier without doing it: what one guest leaves in memory is not
 * there for the next one, and two threads do not run an instance at the same time. */
#include <pthread.h>
#include <stdint.h>

#include "../../runtime/Inputs/check.h"
#include "../../runtime/Inputs/refuse-membarrier.h"

#define FAR 0x8000 /* in `zeros`, where start code does not write */

static bh_engine *engine;
static bh_module *module;
static bh_instance *instance;

static void create(const char *path) {
    REQUIRE(!bh_engine_create(NULL, &engine) && !bh_module_load(engine, path, NULL, &module));
    REQUIRE(!bh_instance_create(module, NULL, &instance));
}

static void has_nothing_of_others(void) {
    uint64_t word = 0, secret = 0x736563726574;
    bh_address zeros;
    REQUIRE(!bh_instance_symbol(instance, "zeros", &zeros) && !bh_copy_out(instance, &word, zeros + FAR, sizeof(word)));
    CHECK(!word);
    REQUIRE(!bh_copy_in(instance, zeros + FAR, &secret, sizeof(secret)));
}

static void leave_things(void) {
    bh_address slot = bh_instance_base(instance);
    has_nothing_of_others();
    CHECK(!bh_instance_reset(instance));
    has_nothing_of_others();
    CHECK(!bh_instance_destroy(instance) && !bh_instance_create(module, NULL, &instance));
    CHECK(bh_instance_base(instance) == slot);
    has_nothing_of_others();
}

static void test_madvise(const char *path) {
    REQUIRE(answer_call(SYS_madvise, 0));
    create(path);
    leave_things();
}

static void test_madvise_late(const char *path) {
    create(path);
    leave_things();
    CHECK(!bh_instance_reset(instance));
    REQUIRE(answer_call(SYS_madvise, 0));
    leave_things();
}

static bh_function add;
static bh_error elsewhere;

static void *call(void *unused) {
    bh_value sum;
    elsewhere = bh_invoke(instance, &add, &sum, 2, 3);
    return NULL;
}

static void call_on_two_threads(void) {
    pthread_t thread;
    bh_value sum;
    REQUIRE(!bh_instance_function(instance, "add", "i(ii)", &add));
    CHECK(!bh_invoke(instance, &add, &sum, 2, 3) && sum.as.i == 5);
    REQUIRE(!pthread_create(&thread, NULL, call, NULL) && !pthread_join(thread, NULL));
}

/* Without it nobody gets the instance in such a way that it must be taken away. */
static void test_membarrier(const char *path) {
    REQUIRE(answer_call(SYS_membarrier, 0));
    create(path);
    call_on_two_threads();
    CHECK(!elsewhere);
    REQUIRE(answer_call(SYS_membarrier, 5));
    call_on_two_threads();
    CHECK(!elsewhere);
}

/* Nobody can tell whether the first thread has seen it. */
static void test_membarrier_late(const char *path) {
    create(path);
    REQUIRE(answer_call(SYS_membarrier, 0));
    call_on_two_threads();
    CHECK(elsewhere == BH_ERROR_SYSTEM);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*run)(const char *path);
    } cases[] = {{"madvise", test_madvise}, {"madvise-late", test_madvise_late}, {"membarrier", test_membarrier},
                 {"membarrier-late", test_membarrier_late}};
    REQUIRE(argc == 3);
    for (unsigned n = 0; n < sizeof(cases) / sizeof(*cases); n++) {
        if (!strcmp(argv[1], cases[n].name)) {
            cases[n].run(argv[2]);
            return failures != 0;
        }
    }
    REQUIRE(!"a case of that name");
}
