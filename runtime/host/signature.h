/* Signatures; see signature.c. */
#ifndef BULKHEAD_RUNTIME_SIGNATURE_H
#define BULKHEAD_RUNTIME_SIGNATURE_H

#include "bulkhead/bulkhead.h"

/* Everything of *function but its address. */
bh_error bh_signature_parse(const char *text, bh_function *function);

#endif
