/* The handlers of faults and of the engine's signal. */
#ifndef BULKHEAD_RUNTIME_FAULT_H
#define BULKHEAD_RUNTIME_FAULT_H

#include <signal.h>

void bh_fault_handler(int signal, siginfo_t *info, void *context);
void bh_deadline_handler(int signal, siginfo_t *info, void *context);

#endif
