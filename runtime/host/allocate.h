/* Memory of guests' that the host allocated. */
#ifndef BULKHEAD_RUNTIME_ALLOCATE_H
#define BULKHEAD_RUNTIME_ALLOCATE_H

#include "bulkhead/bulkhead.h"

/* Forgets the host's blocks: they go with the instance's memory. */
void bh_blocks_discard(bh_instance *instance);

#endif
