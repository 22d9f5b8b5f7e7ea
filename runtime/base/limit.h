/* Which of the kernel's limits stopped a system call. */
#ifndef BULKHEAD_RUNTIME_LIMIT_H
#define BULKHEAD_RUNTIME_LIMIT_H

#include "bulkhead/bulkhead.h"

/* What vm.max_map_count leaves to guests. */
unsigned bh_default_mapping_limit(void);
/* After a system call failed with errno: says which of the kernel's limits stopped `what`, its value and the cure.
 * Returns BH_ERROR_LIMIT when it is one, else BH_ERROR_SYSTEM. */
bh_error bh_fail_limit(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Of opening a file, of which the format says the path alone: the limit, or error. */
bh_error bh_fail_open(bh_error error, const char *format, const char *path) __attribute__((format(printf, 2, 0)));
/* timer_create failed with errno. */
bh_error bh_fail_timer(void);
/* vm.max_map_count, and how many mappings of it are left to the host. */
unsigned long long bh_mappings_allowed(void);
#define BH_HOST_MAPPINGS 8192

#endif
