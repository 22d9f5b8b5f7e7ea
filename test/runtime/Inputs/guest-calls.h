/* For tests whose host makes a guest's system calls, through call() and call6() of library.S. */
#ifndef GUEST_CALLS_H
#define GUEST_CALLS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

static bh_engine *engine;
static bh_module *module;

static inline void open_module(const char *path, unsigned slots) {
    bh_engine_options options = {.struct_size = sizeof(options), .slots = slots};
    REQUIRE(!bh_engine_create(&options, &engine));
    REQUIRE(!bh_module_load(engine, path, NULL, &module));
}

static inline void close_module(void) {
    CHECK(!bh_module_destroy(module));
    CHECK(!bh_engine_destroy(engine));
}

static inline bh_instance *new_instance(const bh_policy *policy) {
    bh_instance *instance;
    REQUIRE(!bh_instance_create(module, policy, &instance));
    return instance;
}

static inline bh_error invoke(bh_instance *instance, const char *name, const char *signature, bh_value *result, uint64_t a, uint64_t b) {
    bh_function function;
    bh_error error = bh_instance_function(instance, name, signature, &function);
    return error ? error : bh_invoke(instance, &function, result, a, b);
}

/* A system call of the guest with three arguments; INT64_MIN when the call into it failed. */
static inline int64_t guest_call(bh_instance *instance, long number, uint64_t a, uint64_t b, uint64_t c) {
    bh_function function;
    bh_value result;
    if (bh_instance_function(instance, "call", "l(llll)", &function) || bh_invoke(instance, &function, &result, (uint64_t)number, a, b, c))
        return INT64_MIN;
    return result.as.l;
}

/* With six, which lie in guest memory (zeros + 32768) meanwhile. */
static inline int64_t guest_call6(bh_instance *instance, long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e,
                                  uint64_t f) {
    const uint64_t arguments[6] = {a, b, c, d, e, f}, zero[6] = {0};
    bh_function function;
    bh_value result;
    bh_address at;
    if (bh_instance_symbol(instance, "zeros", &at) || bh_copy_in(instance, at + 32768, arguments, sizeof(arguments)) ||
        bh_instance_function(instance, "call6", "l(lp)", &function) || bh_invoke(instance, &function, &result, (uint64_t)number, at + 32768))
        return INT64_MIN;
    bh_copy_in(instance, at + 32768, zero, sizeof(zero)); /* unless the call took the page away */
    return result.as.l;
}

/* A string in guest memory: zeros + 40000, at most 8192 bytes. */
static inline bh_address text(bh_instance *instance, const char *string) {
    bh_address at = 0;
    CHECK(!bh_instance_symbol(instance, "zeros", &at) && !bh_copy_in(instance, at + 40000, string, strlen(string) + 1));
    return at + 40000;
}

/* How many calls were refused in this life. */
static inline void check_fresh_usage(bh_instance *instance, uint64_t refused) {
    bh_usage usage;
    bh_instance_get_usage(instance, &usage);
    CHECK(usage.refused == refused);
}

#endif
