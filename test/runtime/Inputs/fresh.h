/* What is true of an instance of library.S, or of what exports the same names, that was just made. */
#ifndef FRESH_H
#define FRESH_H

#include <errno.h>
#include <sys/syscall.h>

#include "guest-calls.h"

static inline uint64_t word_at(bh_instance *instance, const char *name) {
    bh_address address;
    uint64_t word = 0;
    REQUIRE(!bh_instance_symbol(instance, name, &address));
    CHECK(!bh_copy_out(instance, &word, address, sizeof(word)));
    return word;
}

static inline void check_fresh(bh_instance *instance) {
    bh_address cell;
    bh_value result;
    bh_usage usage;
    REQUIRE(!bh_instance_symbol(instance, "cell", &cell));
    bh_instance_get_usage(instance, &usage);
    CHECK(usage.mapped == 0 && usage.mapped_peak == 0 && usage.refused == 0);
    CHECK(word_at(instance, "cell") == 0x1122334455667788);
    CHECK(word_at(instance, "pointer") == cell); /* relocated */
    CHECK(word_at(instance, "zeros") == 0);
    CHECK(!invoke(instance, "add", "i(ii)", &result, 20, 22) && result.as.i == 42);
    CHECK(guest_call(instance, SYS_close, 0, 0, 0) == -EBADF);
    CHECK(guest_call(instance, SYS_getcwd, text(instance, "x"), 64, 0) == 2);
    /* The thread pointer: ARCH_GET_FS. */
    bh_address at = text(instance, "12345678");
    uint64_t pointer = 1;
    CHECK(guest_call(instance, SYS_arch_prctl, 0x1003, at, 0) == 0 && !bh_copy_out(instance, &pointer, at, 8) && pointer == 0);
    CHECK(guest_call(instance, SYS_rt_sigaction, 15, 0, at) == -EINVAL); /* size in r10 is not 8: nothing happens */
}

#endif
