/* Runs a program that wasm2c translated with `-n guest`: its header is guest.h, its entry Z_guestZ__start. */
#include <stdio.h>

#include "guest.h"
#include "host.h"
#include "wasm-rt-impl.h"

int main(int argc, char **argv) {
    static Z_guest_instance_t guest;
    static host_t host;
    host.arguments = argv;
    host.argument_count = (uint32_t)argc;
    files_init();
    wasm_rt_init();
    int trap = wasm_rt_impl_try();
    if (trap != WASM_RT_TRAP_NONE) {
        fprintf(stderr, "%s: trap: %s\n", argv[0], wasm_rt_strerror((wasm_rt_trap_t)trap));
        return 134; /* what a shell reports for an abort */
    }
    Z_guest_init_module();
    Z_guest_instantiate(&guest, &host);
    host.memory = Z_guestZ_memory(&guest);
    Z_guestZ__start(&guest); /* comes back only from a main that returned 0; every other end is proc_exit */
    return 0;
}
