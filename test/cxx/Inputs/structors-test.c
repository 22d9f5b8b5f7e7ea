/* structors-test MODULE (structors.cpp) */
#include "guest-calls.h"

#include <signal.h>

static int call(bh_instance *instance, const char *name, int argument) {
    bh_value result;
    return invoke(instance, name, argument ? "i(i)" : "i()", &result, argument, 0) ? -1 : result.as.i;
}

int main(int argc, char **argv) {
    REQUIRE(argc == 2);
    open_module(argv[1], 2);
    bh_instance *instance = new_instance(NULL), *other = new_instance(NULL);
    for (int lives = 0; lives < 3; lives++) {
        CHECK(call(instance, "fresh", 0) == 1);
        CHECK(call(instance, "change", 7) == 7 && call(instance, "change", 8) == 9);
        CHECK(call(instance, "fresh", 0) == 0);
        CHECK(call(instance, "caught", 100) == 42);
        if (lives == 1) {
            bh_value result;
            CHECK(invoke(instance, "uncaught", "i(i)", &result, 5, 0) == BH_ERROR_FAULT);
            CHECK(bh_last_error()->fault == BH_FAULT_SIGNAL && bh_last_error()->signal == SIGABRT);
            CHECK(strstr(bh_last_error()->text, "uncaught exception of type std::runtime_error: for nobody"));
            CHECK(call(instance, "caught", 1) == -1); /* it is dead until it is reset */
        }
        CHECK(!bh_instance_reset(instance));
    }
    CHECK(call(other, "fresh", 0) == 1);
    CHECK(!bh_instance_destroy(instance) && !bh_instance_destroy(other));
    close_module();
    return failures != 0;
}
