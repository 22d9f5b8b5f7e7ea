/* Mappings of the host's own, outside of all slots. */
#ifndef BULKHEAD_RUNTIME_MAPPING_H
#define BULKHEAD_RUNTIME_MAPPING_H

#include <stddef.h>
#include <stdint.h>

#include "bulkhead/layout.h"

#define BH_PAGE_ROUND(x) (((uint64_t)(x) + BH_PAGE_SIZE - 1) & ~(uint64_t)(BH_PAGE_SIZE - 1))

/* Memory of no file at or above 4 GiB, where no 32-bit value of a guest's leads; MAP_FAILED (and errno) when there is
 * none. */
void *bh_map_high(size_t size, int protection, int flags);
/* A shared mapping of a file anywhere but in a slot; MAP_FAILED and errno when there is none. */
void *bh_map_file(size_t size, int protection, int fd, uint64_t offset);

#endif
