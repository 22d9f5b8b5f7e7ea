/* What a call has to deliver when it has succeeded, and what it gives back in any case. */
#include <stdlib.h>
#include <string.h>

#include "library.h"

void bh_bind_clear_call(bh_bind_call *call) {
    memset(call, 0, offsetof(bh_bind_call, error));
    call->error.kind = BH_BIND_OK;
    call->error.error = BH_OK;
}

void bh_bind_deliver(bh_bind_call *call) {
    if (!call->failed) {
        for (struct bh_bind_commit *commit = call->commits; commit; commit = commit->next)
            memcpy(commit->host, commit->bytes, commit->size);
    } else {
        for (struct bh_bind_taken *taken = call->taken; taken; taken = taken->next)
            free(taken->memory);
    }
}

void bh_bind_release(bh_bind_call *call) {
    if (call->bind) {
        bh_bind_release_callbacks(call);
        bh_bind_release_tokens(call);
        bh_bind_release_rooms(call);
    }
    bh_bind_free_blocks(call->temps);
}
