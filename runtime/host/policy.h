/* Policies, as instances share them. */
#ifndef BULKHEAD_RUNTIME_POLICIES_H
#define BULKHEAD_RUNTIME_POLICIES_H

#include "bulkhead/bulkhead.h"

/* One more user of it, which gives it back by bh_policy_destroy. */
bh_policy *bh_policy_share(const bh_policy *policy);

#endif
