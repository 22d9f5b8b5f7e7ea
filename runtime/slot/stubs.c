/* The gate pages: the only code in a slot that the runtime writes. Guests return and jump to these stubs to get out. */
#include "slot/stubs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/fail.h"
#include "base/limit.h"
#include "base/mapping.h"
#include "slot/pool.h"
#include "verifier/verify.h"

/* jmp *%gs:entry of the table of host calls */
static uint8_t *put_jump(uint8_t *at, unsigned entry) {
    uint32_t offset = BH_HOSTCALL_TABLE + 8 * entry;
    memcpy(at, (uint8_t[]){0x65, 0xff, 0x24, 0x25}, 4);
    memcpy(at + 4, &offset, 4);
    return at + 8;
}

/* The way back from a callback: C4, as compiled code returns. */
static void put_return(uint8_t *at) {
    const uint32_t context = BH_CONTEXT_BASE;
    memcpy(at, (uint8_t[]){0x59, 0x83, 0xe1, BH_BUNDLE_MASK_IMM8, 0x65, 0x48, 0x03, 0x0c, 0x25}, 9);
    memcpy(at + 9, &context, 4);
    memcpy(at + 13, (uint8_t[]){0xff, 0xe1}, 2);
}

static void put_thunk(uint8_t *at, uint32_t number) {
    memcpy(at, (uint8_t[]){0x41, 0xbb}, 2); /* movl $number, %r11d */
    memcpy(at + 2, &number, 4);
    put_jump(at + 6, BH_HOSTCALL_CALLBACK);
}

static bh_error not_accepted(void) {
    return bh_fail(BH_ERROR_HOST,
                   "the verifier does not accept the runtime's own gate pages: this build is broken, or something "
                   "else in the process writes into the runtime's files");
}

static bh_error verify(const uint8_t *code, size_t size) {
    size_t scratch_size = bh_verify_scratch_size(size);
    void *scratch = malloc(scratch_size);
    if (!scratch)
        return bh_fail(BH_ERROR_MEMORY, "no memory to verify the gate pages");
    struct bh_verify_input input = {.code = code,
                                    .size = size,
                                    .address = 0,
                                    .image_hi = size,
                                    .isolation = BH_ISOLATE_FULL,
                                    .scratch = scratch,
                                    .scratch_size = scratch_size};
    bh_verify_result result = bh_verify_code(&input, NULL);
    free(scratch);
    return result == BH_VERIFY_ACCEPTED ? BH_OK : not_accepted();
}

/* Every slot maps the same pages: which numbers mean something is the instance's affair. */
bh_error bh_stubs_make(struct bh_pool *pool) {
    _Static_assert(BH_GATE_CALLBACKS + BH_CALLBACK_COUNT * BH_BUNDLE_SIZE <= BH_GATE_OFFSET + BH_GATE_SIZE,
                   "the thunks fit");
    uint8_t *page = calloc(1, BH_GATE_SIZE); /* MemorySanitizer believes of that alone that it was written */
    if (!page)
        return bh_fail(BH_ERROR_MEMORY, "no memory for the gate pages");
    memset(page, 0xf4, BH_GATE_SIZE);
    put_jump(page, BH_HOSTCALL_RETURN);
    put_return(page + BH_GATE_CALLBACK_RETURN - BH_GATE_OFFSET);
    for (uint32_t n = 0; n < BH_CALLBACK_COUNT; n++)
        put_thunk(page + BH_GATE_CALLBACKS - BH_GATE_OFFSET + n * BH_BUNDLE_SIZE, n);

    bool made = bh_kept_set(&pool->stubs, bh_fd_memory("bulkhead-gate", true)) &&
                bh_fd_write(pool->stubs.fd, page, BH_GATE_SIZE, 0) &&
                bh_fd_seal(pool->stubs.fd, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
    void *sealed = made ? bh_map_file(BH_GATE_SIZE, PROT_READ, pool->stubs.fd, 0) : MAP_FAILED;
    bh_error error = BH_OK;
    if (sealed == MAP_FAILED)
        error = bh_fail_limit("cannot make the gate pages (memfd)");
    else if (memcmp(sealed, page, BH_GATE_SIZE))
        error = not_accepted();
    else
        error = verify(sealed, BH_GATE_SIZE);
    if (sealed != MAP_FAILED)
        munmap(sealed, BH_GATE_SIZE);
    free(page);
    return error;
}
