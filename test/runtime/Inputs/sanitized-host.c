/* sanitized-host MODULE: a host that is built with a sanitizer, or runs under a tool, which has handlers of its own in the place of
 * those that sigaction is given: guests on five threads, whose faults and deadlines are contained as anywhere, or go to handlers of
 * theirs, and a fault of the host's that goes to the host's handler. What the runtime fills has a value before: MemorySanitizer does
 * not see it written. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

static bh_module *module;
static sigjmp_buf back;

static int times_ten(void *context, bh_instance *caller, const bh_value *arguments, bh_value *result) {
    result->as.i = arguments[0].as.i * 10;
    return 0;
}

static bh_error invoke(bh_instance *instance, const char *name, const char *signature, bh_value *result, const bh_value *arguments) {
    bh_function function;
    memset(&function, 0, sizeof(function));
    memset(result, 0, sizeof(*result));
    bh_error error = bh_instance_function(instance, name, signature, &function);
    return error ? error : bh_call(instance, &function, arguments, result);
}

#define CAUGHT 1000

/* From the handler of a fault: faults of a call within the call, which are none of the outer one's. */
static int fault_inside(void *context, bh_instance *caller, const bh_value *arguments, bh_value *result) {
    bh_value value;
    CHECK(!invoke(caller, "jump_out", "i(i)", &value, (bh_value[]){{.type = 'i', .as.i = 20}}) && value.as.i == 20);
    result->as.i = arguments[0].as.i * 10;
    return 0;
}

static void *use(void *unused) {
    static const struct {
        const char *name, *signature;
        bh_value arguments[2];
        bh_error error;
        bh_fault_kind fault;
    } ends[] = {
        {"poke", "i(l)", {{.type = 'l', .as.l = 16}}, BH_ERROR_FAULT, BH_FAULT_ACCESS},
        {"recurse", "i(i)", {{.type = 'i', .as.i = 100000000}}, BH_ERROR_FAULT, BH_FAULT_STACK_OVERFLOW},
        {"spin", "i()", {{0}}, BH_ERROR_DEADLINE, BH_FAULT_NONE},
        {"spin_in_handler", "i()", {{0}}, BH_ERROR_DEADLINE, BH_FAULT_NONE},
        {"trap", "i()", {{0}}, BH_ERROR_FAULT, BH_FAULT_ILLEGAL},
        {"divide", "i(ii)", {{.type = 'i', .as.i = 1}, {.type = 'i'}}, BH_ERROR_FAULT, BH_FAULT_ARITHMETIC},
    };
    bh_instance *instance = NULL;
    bh_address callback = 0;
    bh_value result;
    CHECK(!bh_instance_create(module, NULL, &instance));
    CHECK(!invoke(instance, "add", "i(ii)", &result, (bh_value[]){{.type = 'i', .as.i = 2}, {.type = 'i', .as.i = 3}}));
    CHECK(result.as.i == 5);
    CHECK(!bh_callback_create(instance, "i(i)", fault_inside, NULL, &callback));
    CHECK(!invoke(instance, "caught", "i(pi)", &result, (bh_value[]){{.type = 'p', .as.p = callback}, {.type = 'i', .as.i = CAUGHT}}));
    CHECK(result.as.i == CAUGHT + 1);
    CHECK(!bh_instance_reset(instance)); /* without handlers */
    for (unsigned n = 0; n < sizeof(ends) / sizeof(*ends); n++) {
        CHECK(!bh_callback_create(instance, "i(i)", times_ten, NULL, &callback));
        CHECK(!invoke(instance, "call_back", "i(pi)", &result, (bh_value[]){{.type = 'p', .as.p = callback}, {.type = 'i', .as.i = 4}}));
        CHECK(result.as.i == 41);
        CHECK(!bh_instance_set_deadline(instance, ends[n].error == BH_ERROR_DEADLINE ? 50000000 : 60000000000));
        CHECK(invoke(instance, ends[n].name, ends[n].signature, &result, ends[n].arguments) == ends[n].error);
        CHECK(bh_last_error()->fault == ends[n].fault);
        CHECK(!bh_instance_reset(instance));
    }
    CHECK(!bh_instance_destroy(instance));
    return NULL;
}

static void on_fault(int signal) {
    siglongjmp(back, 1);
}

int main(int argc, char **argv) {
    bh_engine *engine = NULL;
    pthread_t threads[4];
    REQUIRE(!bh_engine_create(NULL, &engine) && !bh_module_load(engine, argv[1], NULL, &module));
    use(NULL);
    for (int n = 0; n < 4; n++)
        REQUIRE(!pthread_create(&threads[n], NULL, use, NULL));
    for (int n = 0; n < 4; n++)
        pthread_join(threads[n], NULL);

    /* The host's own: its handler comes second, behind the engine's, and the first time before it. */
    char *closed = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int n = 0; n < 2; n++) {
        struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};
        CHECK(!sigaction(SIGSEGV, &action, NULL) && (!n || !bh_engine_check_signals(engine)));
        volatile bool handled = false;
        if (sigsetjmp(back, 1))
            handled = true;
        else
            *(volatile char *)closed = 1;
        CHECK(handled);
    }
    CHECK(!bh_engine_check_signals(engine));
    use(NULL);
    CHECK(!bh_module_destroy(module) && !bh_engine_destroy(engine));
    puts(failures ? "failed" : "done");
    return failures != 0;
}
