/* Host memory that guests see. */
#ifndef BULKHEAD_RUNTIME_SHARE_H
#define BULKHEAD_RUNTIME_SHARE_H

#include "bulkhead/bulkhead.h"

/* Forgets what the host shared with the instance; its memory is or will be unmapped by the caller. */
void bh_shares_forget(bh_instance *instance);

#endif
