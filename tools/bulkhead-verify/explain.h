/* --explain: what a rule demands and why, with examples. */
#ifndef BULKHEAD_VERIFY_EXPLAIN_H
#define BULKHEAD_VERIFY_EXPLAIN_H

#include "tool.h"

/* Prints one rule, or every rule for "all"; returns an exit code. An unknown name lists the names on standard error. */
int explain(const struct options *options, const char *name);

#endif
