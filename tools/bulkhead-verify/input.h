/* Reading files. */
#ifndef BULKHEAD_VERIFY_INPUT_H
#define BULKHEAD_VERIFY_INPUT_H

#include <stddef.h>
#include <stdint.h>

#include "tool.h"

/* The whole file in memory, to be freed, or NULL with errno set. "-" is standard input; pipes are read too. */
uint8_t *read_input(const struct options *options, const char *name, size_t *size);

#endif
