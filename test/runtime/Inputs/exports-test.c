/* exports-test MODULE (exports.cpp): why a function is not exported, where the file tells; pointers of the
 * host among the arguments. */
#include "guest-calls.h"

static void fails(bh_instance *instance, const char *name, const char *text) {
    bh_function function;
    CHECK(bh_instance_function(instance, name, "i(i)", &function) == BH_ERROR_NOT_FOUND && strstr(bh_last_error()->text, text));
}

int main(int argc, char **argv) {
    bh_value result;
    REQUIRE(argc == 2);
    open_module(argv[1], 1);
    bh_policy *policy;
    bh_instance *instance;
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_set_working_directory(policy, "d/e"));
    CHECK(bh_instance_create(module, policy, &instance) == BH_ERROR_POLICY);
    REQUIRE(!bh_policy_grant_directory(policy, ".", "/d/e", BH_READ_ONLY));
    CHECK(bh_policy_set_working_directory(policy, "/d/../e") == BH_ERROR_ARGUMENT);
    CHECK(!bh_policy_set_working_directory(policy, "/") && !bh_instance_destroy(new_instance(policy)));
    CHECK(!bh_policy_set_working_directory(policy, "d/e"));
    instance = new_instance(policy);
    for (int lives = 0; lives < 2; lives++) {
        CHECK(!invoke(instance, "in_e", "i()", &result, 0, 0) && result.as.i == 1);
        CHECK(!bh_instance_reset(instance));
    }
    bh_function plain;
    CHECK(!bh_instance_function(instance, "plain", "i(i)", &plain) && !bh_invoke(instance, &plain, &result, 1) && result.as.i == 2);
    /* A host's pointer is noticed where that was asked for, and the guest does not run. */
    bh_function read;
    int own = 5;
    bh_address at = 0;
    CHECK(!bh_instance_function(instance, "first", "i(ip)", &read) && !bh_instance_symbol(instance, "word", &at));
    CHECK(!bh_instance_check_pointers(instance, true));
    CHECK(bh_invoke(instance, &read, &result, 1, &own) == BH_ERROR_RANGE && strstr(bh_last_error()->text, "argument 2, the pointer 0x"));
    CHECK(!bh_instance_reset(instance) && bh_invoke(instance, &read, &result, 1, &own) == BH_ERROR_RANGE);
    CHECK(!bh_invoke(instance, &read, &result, 1, at) && result.as.i == 7);
    CHECK(!bh_invoke(instance, &read, &result, 0, NULL) && result.as.i == -1);
    /* What the signature does not call one is none, and what the value does not is a mistake of its own. */
    bh_value values[2] = {{.type = 'p', .as.m = (uintptr_t)&own}, {.type = 'l', .as.m = (uintptr_t)&own}};
    CHECK(bh_call(instance, &read, values, &result) == BH_ERROR_SIGNATURE);
    values[0] = (bh_value){.type = 'i', .as.i = 1};
    CHECK(bh_call(instance, &read, values, &result) == BH_ERROR_SIGNATURE);
    CHECK(!bh_instance_check_pointers(instance, false) && !bh_invoke(instance, &read, &result, 0, &own) && result.as.i == -1);
    CHECK(bh_instance_check_pointers(NULL, true) == BH_ERROR_ARGUMENT);
    fails(instance, "mangled", "but '_Z7mangledi', its name in C++");
    fails(instance, "hidden", "its visibility is hidden");
    fails(instance, "mangle", "-Wl,--whole-archive"); /* the beginning of another name is none */
    fails(instance, "nothing", "-Wl,--whole-archive");
    CHECK(!bh_instance_destroy(instance));
    bh_policy_destroy(policy);
    close_module();
    return failures != 0;
}
