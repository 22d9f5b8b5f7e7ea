/* An engine: its slots, and what it was told and found out of the process. */
#ifndef BULKHEAD_RUNTIME_ENGINE_H
#define BULKHEAD_RUNTIME_ENGINE_H

#include <stdatomic.h>
#include <stdbool.h>

#include "bulkhead/bulkhead.h"
#include "slot/pool.h"

struct bh_engine {
    struct bh_pool pool;
    unsigned modules;     /* under the pool's lock */
    bh_policy *no_policy; /* grants nothing */
    bool refuse_handlers;
    bool refill_return_stack;
    bool trust_handlers;
    _Atomic uint64_t looks_due; /* handlers.c */
    bool fsgsbase;
    bool avx;
    bool fnstenv_keeps;
    int deadline_signal;
};

#endif
