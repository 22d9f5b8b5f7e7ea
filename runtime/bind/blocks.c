/* Host memory for what contracts describe. */
#include <stdlib.h>

#include "library.h"

void bh_bind_free_blocks(struct bh_bind_block *blocks) {
    struct bh_bind_block *next;
    for (; blocks; blocks = next) {
        next = blocks->next;
        free(blocks);
    }
}

bool bh_bind_allow(bh_bind_call *call, const char *what, uint64_t size) {
    uint64_t limit = call->failed ? 0 : call->bind->library->options.copy_limit;
    if (call->failed)
        return false;
    if (size > limit || call->copied > limit - size) {
        bh_bind_fail(call, call->source, what,
                     size > limit ? "is larger than copy_limit" : "makes the call's copies exceed copy_limit");
        return false;
    }
    call->copied += size + sizeof(struct bh_bind_block); /* as many small pieces are large, too */
    return true;
}

void *bh_bind_temp(bh_bind_call *call, const char *what, uint64_t count, uint64_t size) {
    uint64_t total = bh_bind_multiply(call, what, count, size);
    if (!bh_bind_allow(call, what, total))
        return NULL;
    struct bh_bind_block *block = calloc(1, sizeof(*block) + total);
    if (!block) {
        bh_bind_fail_with(call, BH_BIND_CALL, what, BH_ERROR_MEMORY);
        return NULL;
    }
    block->size = total;
    block->next = call->temps;
    call->temps = block;
    return block->bytes;
}

void bh_bind_commit(bh_bind_call *call, void *host, const void *bytes, uint64_t size) {
    if (!host || !size)
        return;
    struct bh_bind_commit *commit = bh_bind_temp(call, "a result", 1, sizeof(*commit));
    if (!commit)
        return;
    *commit = (struct bh_bind_commit){call->commits, host, bytes, size};
    call->commits = commit;
}
