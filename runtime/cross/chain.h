/* Handlers of signals, given to the kernel past sigaction: sanitizers and other interposers of it put a function of
 * theirs in front, which may hold a signal back until the host's code calls something, and guests never do. */
#ifndef BULKHEAD_RUNTIME_CHAIN_H
#define BULKHEAD_RUNTIME_CHAIN_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "bulkhead/bulkhead.h"

#ifndef SA_RESTORER
#define SA_RESTORER 0x04000000
#endif
#define BH_KERNEL_SIGNALS 64

typedef void bh_kernel_handler(int, siginfo_t *, void *);

struct bh_kernel_action {
    bh_kernel_handler *handler;
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

/* The system call: set and get may be NULL. */
int bh_kernel_sigaction(int signal, const struct bh_kernel_action *set, struct bh_kernel_action *get);
static inline bool bh_action_is_default(const struct bh_kernel_action *action) {
    return (void *)action->handler == (void *)SIG_DFL || (void *)action->handler == (void *)SIG_IGN;
}
/* Whether it is one of the five signals of faults. */
bool bh_fault_owns(int signal);
/* Sets an action that has SA_ONSTACK, and looks whether it is there. */
bh_error bh_action_put(int signal, const struct bh_kernel_action *action);
/* Puts a handler of the engine's there. */
bh_error bh_handler_install(int signal, bh_kernel_handler *handler);
/* The same in front of who has the signal of a fault, found, whom bh_chain_pass passes on to then. */
bh_error bh_chain_begin(int signal, const struct bh_kernel_action *found, bh_kernel_handler *handler);
/* Passes a signal that is not a guest's to whoever had it before; handler is the caller. */
void bh_chain_pass(int signal, siginfo_t *info, void *context, bh_kernel_handler *handler);

#endif
