/* Who a guest is, to itself. */
#ifndef BULKHEAD_RUNTIME_IDENTITY_H
#define BULKHEAD_RUNTIME_IDENTITY_H

#define BH_GUEST_ID 1000 /* user and group */
#define BH_GUEST_PID 2   /* and the number of its first thread */

#endif
