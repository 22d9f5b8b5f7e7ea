/* Where the host has no memory for a thread's record of errors: which error it was is never lost. Linked with --wrap=calloc. */
#include <pthread.h>

#include "bulkhead/bind.h"
#include "check.h"

static bool failing = true;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size) {
    return failing && (size == sizeof(bh_error_detail) || size == sizeof(bh_bind_error)) ? NULL : __real_calloc(count, size);
}

static void bare(void) {
    bh_bind_call call;
    CHECK(bh_last_error()->error == BH_OK && !*bh_last_error()->text && !bh_bind_last_error()->kind);
    CHECK(bh_engine_check_signals(NULL) == BH_ERROR_ARGUMENT);
    CHECK(bh_last_error()->error == BH_ERROR_ARGUMENT && strstr(bh_last_error()->text, "invalid argument (no memory"));
    bh_bind_begin(&call, NULL, 0);
    CHECK(!bh_bind_end(&call) && bh_bind_last_error()->kind == BH_BIND_HOST && strstr(bh_bind_last_error()->text, "no memory"));
    bh_bind_clear_error();
    CHECK(!bh_bind_last_error()->kind);
}

static void *again(void *unused) {
    bare();
    return NULL;
}

int main(int argc, char **argv) {
    bh_engine *engine;
    bh_module *module;
    bh_instance *instance;
    pthread_t thread;
    int status = -1;
    const char *const arguments[] = {"program"};
    bare();
    REQUIRE(!bh_engine_create(NULL, &engine) && !bh_module_load(engine, argv[1], NULL, &module));
    REQUIRE(!bh_instance_create(module, NULL, &instance));
    CHECK(!bh_instance_run(instance, 1, arguments, &status));
    CHECK(status == 7);
    CHECK(bh_instance_run(instance, 1, arguments, &status) == BH_ERROR_DEAD && bh_last_error()->error == BH_ERROR_DEAD);

    REQUIRE(!pthread_create(&thread, NULL, again, NULL) && !pthread_join(thread, NULL));
    /* With memory again what fails has its text. */
    failing = false;
    CHECK(bh_engine_create(&(bh_engine_options){0}, &engine) == BH_ERROR_ARGUMENT);
    CHECK(strstr(bh_last_error()->text, "struct_size"));
    return failures != 0;
}
