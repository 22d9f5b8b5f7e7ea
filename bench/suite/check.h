/* Whether a result read from a file has the shape that the reports and comparisons rely on. */
#ifndef BENCH_CHECK_H
#define BENCH_CHECK_H

#include <jansson.h>

/* Returns when all is well; otherwise ends the driver with a message that names the file and the place in it. */
void check_result(const char *path, const json_t *result);

#endif
