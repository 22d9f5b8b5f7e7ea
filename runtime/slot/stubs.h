/* The pages of code that every slot has besides its image's: how guests leave it. */
#ifndef BULKHEAD_RUNTIME_STUBS_H
#define BULKHEAD_RUNTIME_STUBS_H

#include "bulkhead/layout.h"

#define BH_GATE_CALLBACK_RETURN (BH_GATE_OFFSET + BH_BUNDLE_SIZE) /* pops a return address and goes there */
#define BH_GATE_CALLBACKS (BH_GATE_OFFSET + 2 * BH_BUNDLE_SIZE)   /* thunk n leads to callback n */

#ifndef __ASSEMBLER__
#include "bulkhead/bulkhead.h"

struct bh_pool;

/* Makes pool->stubs: the pages that all slots map. */
bh_error bh_stubs_make(struct bh_pool *pool);
#endif

#endif
