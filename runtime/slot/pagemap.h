/* Which pages of guests' memory exist; see pagemap.c. */
#ifndef BULKHEAD_RUNTIME_PAGEMAP_H
#define BULKHEAD_RUNTIME_PAGEMAP_H

#include <stdbool.h>
#include <stdint.h>

struct bh_pool;

/* Whether the kernel says that nobody has written to a page in [start, end), of private mappings in a slot, since it
 * was mapped or dropped. False, too, when it does not say. */
bool bh_pages_untouched(const struct bh_pool *pool, uint64_t start, uint64_t end);

#endif
