/* symbols-test MODULE (outside.S): a symbol that is no address in the module's image is refused by name. */
#include "guest-calls.h"

int main(int argc, char **argv) {
    bh_address address = 1;
    if (argc != 2)
        return 2;
    open_module(argv[1], 1);
    bh_instance *instance = new_instance(NULL);
    CHECK(!bh_instance_symbol(instance, "arena", &address) && !bh_check_range(instance, address, 1));
    CHECK(bh_instance_symbol(instance, "outside", &address) == BH_ERROR_RANGE && strstr(bh_last_error()->text, "'outside'"));
    CHECK(bh_instance_symbol(instance, "before", &address) == BH_ERROR_RANGE && strstr(bh_last_error()->text, "'before'"));
    CHECK(!bh_instance_destroy(instance));
    close_module();
    return failures != 0;
}
