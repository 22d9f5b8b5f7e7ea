/* Functions of the host that guests call. */
#ifndef BULKHEAD_RUNTIME_CALLBACK_H
#define BULKHEAD_RUNTIME_CALLBACK_H

#include "bulkhead/bulkhead.h"

struct bh_frame;

extern const char bh_stub_callback[];
/* Called by the stub on the host's stack. Zero: go back to the guest; else leave it. */
int bh_hostcall_callback(struct bh_frame *frame, uint32_t number, bh_registers *registers);
/* Withdraws all callbacks, at a reset: another thread may be registering one at this moment. */
void bh_callbacks_cancel(bh_instance *instance);
/* Frees them, when the instance goes. */
void bh_callbacks_discard(bh_instance *instance);

#endif
