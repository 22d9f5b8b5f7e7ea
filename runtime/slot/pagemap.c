/* Which pages of the guest's memory exist, as the kernel tells in /proc/self/pagemap.
 *
 * The ioctl is Linux 6.7's, which the headers of Debian 12 do not have. */
#include "slot/pagemap.h"

#include <sys/ioctl.h>

#include "slot/pool.h"

/* <linux/fs.h>: struct pm_scan_arg, struct page_region, PAGE_IS_*. */
struct scan {
    uint64_t size, flags, start, end, walk_end, regions, region_count, most_pages;
    uint64_t category_inverted, category_mask, category_any, category_wanted;
};
struct region {
    uint64_t start, end, categories;
};
#define SCAN _IOWR('f', 16, struct scan)
#define IS_FILE (1u << 2) /* the file's page: nobody wrote to it */
#define IS_PRESENT (1u << 3)
#define IS_SWAPPED (1u << 4) /* or on its way */

bool bh_pages_untouched(const struct bh_pool *pool, uint64_t start, uint64_t end) {
    struct region found;
    struct scan scan = {.size = sizeof(scan),
                        .start = start,
                        .end = end,
                        .regions = (uint64_t)(uintptr_t)&found,
                        .region_count = 1,
                        .most_pages = 1,
                        .category_inverted = IS_FILE,
                        .category_mask = IS_FILE,
                        .category_any = IS_PRESENT | IS_SWAPPED,
                        .category_wanted = IS_PRESENT};
    return pool->pagemap.fd >= 0 && ioctl(pool->pagemap.fd, SCAN, &scan) == 0 && scan.walk_end == end;
}
