/* exports-test MODULE (exports.cpp): why a function is not exported, where the file tells. */
#include "guest-calls.h"

static void fails(bh_instance *instance, const char *name, const char *text) {
    bh_function function;
    CHECK(bh_instance_function(instance, name, "i(i)", &function) == BH_ERROR_NOT_FOUND && strstr(bh_last_error()->text, text));
}

int main(int argc, char **argv) {
    bh_value result;
    REQUIRE(argc == 2);
    open_module(argv[1], 1);
    bh_instance *instance = new_instance(NULL);
    bh_function plain;
    CHECK(!bh_instance_function(instance, "plain", "i(i)", &plain) && !bh_invoke(instance, &plain, &result, 1) && result.as.i == 2);
    fails(instance, "mangled", "but '_Z7mangledi', its name in C++");
    fails(instance, "hidden", "its visibility is hidden");
    fails(instance, "mangle", "-Wl,--whole-archive"); /* the beginning of another name is none */
    fails(instance, "nothing", "-Wl,--whole-archive");
    CHECK(!bh_instance_destroy(instance));
    close_module();
    return failures != 0;
}
