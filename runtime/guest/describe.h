/* A fault in words. */
#ifndef BULKHEAD_RUNTIME_DESCRIBE_H
#define BULKHEAD_RUNTIME_DESCRIBE_H

#include "bulkhead/bulkhead.h"

struct bh_fault;

/* Fills detail, whose error is set, from the fault; suffix ends the text. */
void bh_describe_fault(bh_instance *instance, const struct bh_fault *fault, bh_error_detail *detail,
                       const char *suffix);

#endif
