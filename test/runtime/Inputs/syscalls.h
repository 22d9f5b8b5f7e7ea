/* Short forms for tests that make many system calls of one guest: `guest`, an instance of library.S. */
#ifndef SYSCALLS_H
#define SYSCALLS_H

#include <errno.h>
#include <sys/syscall.h>

#include "guest-calls.h"

static bh_instance *guest;
static bh_address zeros; /* 64 KiB of the guest; guest_call6 uses 32768, text 40000 and what follows */

#define BUFFER (zeros + 4096)
#define SYS(name, ...) SYS_(SYS_##name, __VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define SYS_(number, a, b, c, d, e, f, ...)                                                                                    \
    guest_call6(guest, number, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), (uint64_t)(e), (uint64_t)(f))
#define IS(call, wanted)                                                                                                       \
    do {                                                                                                                       \
        int64_t got_ = (call), want_ = (wanted);                                                                               \
        if (got_ != want_) {                                                                                                   \
            printf("%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #call, (long long)got_, (long long)want_);             \
            failures++;                                                                                                        \
        }                                                                                                                      \
    } while (0)

static inline void start_guest(const bh_policy *policy) {
    guest = new_instance(policy);
    REQUIRE(!bh_instance_symbol(guest, "zeros", &zeros));
}

/* Strings in guest memory; two can be alive at once. */
static inline bh_address str(const char *string) {
    return text(guest, string);
}

static inline bh_address str2(const char *string) {
    CHECK(!bh_copy_in(guest, zeros + 50000, string, strlen(string) + 1));
    return zeros + 50000;
}

/* Bytes at BUFFER. */
static inline bh_address buffer(const void *bytes, size_t size) {
    CHECK(!bh_copy_in(guest, BUFFER, bytes, size));
    return BUFFER;
}

#endif
