/* What forks do to the runtime. */
#ifndef BULKHEAD_RUNTIME_FORK_H
#define BULKHEAD_RUNTIME_FORK_H

#include <stdatomic.h>

/* The child of a fork shares context pages with its parent: it must not run guests. Set by engine.c's handler. */
extern atomic_bool bh_forked;

#endif
