/* What a policy grants. */
#ifndef BULKHEAD_RUNTIME_POLICY_H
#define BULKHEAD_RUNTIME_POLICY_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/descriptor.h"
#include "bulkhead/bulkhead.h"

struct bh_grant {
    char *guest_path;         /* absolute, no trailing slash; "" for the root */
    struct bh_kept directory; /* O_PATH */
    bool write;
};

#define BH_MAX_THREADS 4096 /* that a policy can grant */
#define BH_LEAST_FILES 3    /* descriptors that a policy allows: the streams */
#define BH_MAX_FILES 1024

struct bh_policy {
    atomic_uint references;
    struct bh_grant *grants;
    unsigned grant_count;
    int stream[3]; /* host descriptors, -1 when not granted */
    unsigned allowed;
    char **environment;
    unsigned environment_count;
    char *directory; /* where guests begin, clean; NULL: the root */
    uint64_t memory_limit;
    unsigned thread_limit;
    unsigned descriptor_limit; /* 0: the default */
    uint64_t stack_size;
    unsigned mapping_limit;
    uint64_t deadline; /* what instances begin with */
    bh_refused_call *log;
    void *log_context;
};

#endif
