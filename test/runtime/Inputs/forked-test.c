/* In the child of a fork nothing of the parent's engine runs: forked-test LIBRARY SYMBOL, where SYMBOL is a function without arguments. Each
 * function that would run the guest or change what the parent shares with it says so; the parent goes on as before. */
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest-calls.h"

static int nothing(void *context, bh_instance *instance, const bh_value *arguments, bh_value *result) {
    (void)context, (void)instance, (void)arguments, (void)result;
    return 0;
}

#define REFUSED(call) CHECK((call) == BH_ERROR_FORKED && bh_last_error()->error == BH_ERROR_FORKED && bh_last_error()->text[0])

static bh_instance *instance;
static bool threads;
static void *memory;
static bh_address symbol, block, share;

static void in_child(const bh_function *function) {
    bh_instance *made = NULL;
    bh_address at;
    bh_registers registers = {.rax = 0};
    REFUSED(bh_instance_create(module, NULL, &made));
    REFUSED(bh_call(instance, function, NULL, NULL));
    REFUSED(bh_invoke(instance, function, NULL));
    REFUSED(bh_call_registers(instance, symbol, &registers));
    REFUSED(bh_allocate(instance, 10, &at));
    REFUSED(bh_share(instance, memory, 4096, BH_READ_ONLY, &at));
    REFUSED(bh_instance_reset(instance));
    REFUSED(bh_instance_destroy(instance));
    if (threads) { /* what a lock guards that another thread may have held */
        REFUSED(bh_unshare(instance, share));
        REFUSED(bh_callback_create(instance, "v()", nothing, NULL, &at));
    }
    CHECK(!made);
}

int main(int argc, char **argv) {
    bh_function function;
    int status;
    if (argc < 3)
        return 2;
    threads = argc > 3;
    open_module(argv[1], 4);
    instance = new_instance(NULL);
    bh_instance *parked = new_instance(NULL);
    REQUIRE(!bh_instance_function(instance, argv[2], "l()", &function) && !bh_instance_symbol(instance, argv[2], &symbol));
    REQUIRE(!bh_shared_create(4096, &memory) && !bh_share(instance, memory, 4096, BH_READ_WRITE, &share));
    REQUIRE(!bh_allocate(instance, 10, &block));
    CHECK(!bh_invoke(instance, &function, NULL));
    CHECK(!bh_instance_destroy(parked));
    pid_t child = fork();
    if (!child) {
        alarm(20);
        in_child(&function);
        fflush(stdout);
        _exit(failures != 0);
    }
    waitpid(child, &status, 0);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(!bh_invoke(instance, &function, NULL) && !bh_free(instance, block) && !bh_unshare(instance, share));
    CHECK(!bh_instance_reset(instance) && !bh_invoke(instance, &function, NULL));
    CHECK(!bh_instance_destroy(instance) && !bh_shared_destroy(memory));
    close_module();
    return failures != 0;
}
