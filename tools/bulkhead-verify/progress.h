/* How far a long verification is: on standard error, if that is a terminal and the file is large, or with --progress.
 */
#ifndef BULKHEAD_VERIFY_PROGRESS_H
#define BULKHEAD_VERIFY_PROGRESS_H

#include "tool.h"

/* Begins to show a phase ("reading", "verifying") of a file with so many bytes in all (0: not known). Returns where to
 * count the bytes that are done; another thread reads it now and then. There is one phase at a time. */
volatile size_t *progress_begin(const struct options *options, const char *name, const char *phase, size_t total);
/* The phase is over; the last state shown is that all of `total` bytes were done. */
void progress_end(size_t total);

#endif
