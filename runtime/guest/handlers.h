/* Signal handlers of the whole process; see handlers.c. */
#ifndef BULKHEAD_RUNTIME_HANDLERS_H
#define BULKHEAD_RUNTIME_HANDLERS_H

#include "bulkhead/bulkhead.h"

bh_error bh_signals_check(bh_engine *engine);
/* For creations: the same, but not at each of many that follow one another quickly, nor where the host's handlers are
 * trusted. */
bh_error bh_signals_check_sometimes(bh_engine *engine);
/* A real-time signal for deadlines: the first of SIGRTMAX - 2 and below that nobody has, or an engine has it
 * already. */
int bh_signals_free(void);

#endif
