/* Where the guest was. */
#ifndef BULKHEAD_RUNTIME_BACKTRACE_H
#define BULKHEAD_RUNTIME_BACKTRACE_H

#include "bulkhead/bulkhead.h"

struct bh_fault;

/* Fills detail's backtrace by what the guest's stack looks like. */
void bh_backtrace(bh_instance *instance, const struct bh_fault *fault, bh_error_detail *detail);

#endif
