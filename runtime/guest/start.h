/* What a program finds on its stack, and the start code of libraries. */
#ifndef BULKHEAD_RUNTIME_START_H
#define BULKHEAD_RUNTIME_START_H

#include "bulkhead/bulkhead.h"

/* Writes argc, argv, the environment and the auxiliary vector to the top of the stack; *sp is the start's rsp. */
bh_error bh_start_stack(bh_instance *instance, int argc, const char *const argv[], uint64_t *sp);
/* Runs a library's start code; the caller holds the instance. */
bh_error bh_instance_start(bh_instance *instance);

#endif
