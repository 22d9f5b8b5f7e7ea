/* A module: its image, and what is known of its code. */
#ifndef BULKHEAD_RUNTIME_MODULE_H
#define BULKHEAD_RUNTIME_MODULE_H

#include "bulkhead/bulkhead.h"
#include "slot/image.h"
#include "verifier/verify.h"

struct bh_symbols;

struct bh_module {
    bh_engine *engine;
    struct bh_image image;
    uint8_t *file;
    size_t file_size;
    struct bh_verify_facts facts;
    uint64_t verify_ns;
    struct bh_symbols *symbols; /* of its code */
};

#endif
