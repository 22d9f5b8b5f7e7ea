/* Threads of the guest that run functions of the host: apart from the call that holds the bind's lock. */
#include "library.h"

/* The calls that this thread runs apart, innermost first. */
static BH_BIND_THREAD_LOCAL bh_bind_call *apart;

bool bh_bind_is_apart(const bh_bind *bind) {
    const bh_bind_call *call = apart;
    while (call && call->bind != bind)
        call = call->outer;
    return call;
}

bh_bind *bh_bind_apart_in(const bh_bind_library *library) {
    for (const bh_bind_call *call = apart; call; call = call->outer) {
        if (call->bind->library == library)
            return call->bind;
    }
    return NULL;
}

void bh_bind_enter_apart(bh_bind_call *call) {
    call->outer = apart;
    apart = call;
}

void bh_bind_leave_apart(const bh_bind_call *call) { apart = call->outer; }

const void *bh_bind_this_thread(void) { return &apart; }
