/* Resets: an instance as it was right after its creation, without making it anew.
 *
 * Its memory goes back to what the sealed image says, is relocated, and the start code runs again: so a reset instance has
 * fresh random numbers, as a new one has, and nothing of the host's memory is spent on keeping a copy of its first state.
 * Code, context page and gate stay as they are; nothing could have changed them.
 *
 * Dropping a page and faulting it in again costs about ten times what overwriting it does. The pages that start code writes
 * anyway are therefore overwritten, all others dropped. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal.h"

#define WARM_DATA 64
#define WARM_STACK 16

static uint64_t page_count(const struct bh_piece *piece) {
    return (piece->end - piece->start) / BH_PAGE_SIZE;
}

static bool writable_image(const struct bh_piece *piece) {
    return piece->kind == BH_PIECE_IMAGE && (piece->protection & PROT_WRITE);
}

/* ---- Which pages start code writes ---- */

#define PAGEMAP_PRESENT ((uint64_t)3 << 62) /* in memory or in swap */
#define PAGEMAP_FILE ((uint64_t)1 << 61)    /* still the file's page: nobody wrote to it */

static uint64_t written_pages(int pagemap, uint64_t address, unsigned count) {
    uint64_t entry[WARM_DATA], written = 0;
    ssize_t size = (ssize_t)(count * sizeof(*entry));
    if (count > WARM_DATA || pread(pagemap, entry, (size_t)size, (off_t)(address / BH_PAGE_SIZE * sizeof(*entry))) != size)
        return 0;
    for (unsigned n = 0; n < count; n++)
        if ((entry[n] & PAGEMAP_PRESENT) && !(entry[n] & PAGEMAP_FILE))
            written |= (uint64_t)1 << n;
    return written;
}

void bh_warm_learn(bh_instance *instance) {
    const struct bh_space *space = &instance->space;
    struct bh_warm *none = NULL, *warm = calloc(1, sizeof(*warm));
    const struct bh_kept *pagemap = &instance->engine->pagemap;
    if (warm && bh_kept_same(pagemap) && !space->disturbed) {
        unsigned index = 0;
        for (unsigned n = 0; n < space->count && index < WARM_DATA; n++) {
            const struct bh_piece *piece = &space->piece[n];
            if (!writable_image(piece))
                continue;
            uint64_t all = page_count(piece);
            unsigned count = all < WARM_DATA - index ? (unsigned)all : WARM_DATA - index;
            warm->data |= written_pages(pagemap->fd, instance->base + piece->start, count) << index;
            index += count;
        }
        uint64_t size = (instance->stack_top - instance->stack_bottom) / BH_PAGE_SIZE;
        unsigned most = size < WARM_STACK ? (unsigned)size : WARM_STACK;
        uint64_t written = written_pages(pagemap->fd, instance->stack_top - most * BH_PAGE_SIZE, most);
        while (warm->stack < most && (written >> (most - 1 - warm->stack) & 1))
            warm->stack++;
    }
    if (warm && !atomic_compare_exchange_strong(&instance->module->warm, &none, warm))
        free(warm);
}

/* ---- Memory ---- */

/* Two threads that drop pages at the same time, be it none, make the kernel flush all processors' address translations, which
 * takes eight times as long. So whoever is not the only one asks first whether there is anything to drop; asking alone takes twice
 * as long as dropping nothing. */
static atomic_uint dropping;

static bool drop(const bh_instance *instance, uint64_t start, uint64_t end) {
    if (start == end)
        return true;
    bool alone = atomic_fetch_add_explicit(&dropping, 1, memory_order_relaxed) == 0;
    bool dropped = (!alone && bh_pages_untouched(instance->engine, start, end)) ||
                   !madvise((void *)(uintptr_t)start, end - start, MADV_DONTNEED);
    atomic_fetch_sub_explicit(&dropping, 1, memory_order_relaxed);
    return dropped;
}

/* What only looks like Linux, and some filters of system calls, take madvise for advice: they say yes and do nothing, and the next guest
 * would find what this one left. Where it is done, it is refused at an address that no page begins at. */
static bool drops_are_done(void) {
    return madvise((void *)1, BH_PAGE_SIZE, MADV_DONTNEED) && errno == EINVAL;
}

/* Relocates again what ends with the piece, unless more that was put back follows it directly: a word may lie across their border. */
static void relocate(const bh_instance *instance, unsigned last) {
    const struct bh_piece *piece = instance->space.piece;
    unsigned first = last;
    if (last + 1 < instance->space.count && writable_image(&piece[last + 1]) && piece[last + 1].start == piece[last].end)
        return;
    while (first > 0 && writable_image(&piece[first - 1]) && piece[first - 1].end == piece[first].start)
        first--;
    bh_elf_relocate_part(&instance->module->elf, (uint8_t *)(uintptr_t)(instance->base + BH_IMAGE_OFFSET),
                         instance->base + BH_IMAGE_OFFSET, piece[first].start - BH_IMAGE_OFFSET, piece[last].end - BH_IMAGE_OFFSET);
}

static bool restore_image(const bh_instance *instance, const struct bh_warm *warm) {
    const struct bh_space *space = &instance->space;
    unsigned index = 0;
    for (unsigned n = 0; n < space->count; n++) {
        const struct bh_piece *piece = &space->piece[n];
        if (!writable_image(piece))
            continue;
        uint64_t dropped = piece->start; /* up to here everything is as new */
        for (uint64_t at = piece->start; at < piece->end && index < WARM_DATA; at += BH_PAGE_SIZE, index++) {
            if (!(warm->data >> index & 1))
                continue;
            if (!drop(instance, instance->base + dropped, instance->base + at) ||
                bh_guarded_copy((void *)(uintptr_t)(instance->base + at), bh_module_page(instance->module, at), BH_PAGE_SIZE))
                return false;
            dropped = at + BH_PAGE_SIZE;
        }
        if (!drop(instance, instance->base + dropped, instance->base + piece->end))
            return false;
        relocate(instance, n);
    }
    return true;
}

static bool restore_stack(const bh_instance *instance, const struct bh_warm *warm) {
    static const uint8_t zeros[BH_PAGE_SIZE];
    uint64_t at = instance->stack_top;
    for (unsigned n = 0; n < warm->stack && at > instance->stack_bottom; n++) {
        at -= BH_PAGE_SIZE;
        if (bh_guarded_copy((void *)(uintptr_t)at, zeros, BH_PAGE_SIZE))
            return false;
    }
    return drop(instance, instance->stack_bottom, at);
}

static bool is_image(const struct bh_piece *piece) {
    return piece->kind == BH_PIECE_CODE || piece->kind == BH_PIECE_IMAGE;
}

/* Unmaps what came later into [low, high), stacks of further threads included, in one piece from the first to the last of it. */
static bool release(bh_instance *instance, uint64_t low, uint64_t high) {
    struct bh_space *space = &instance->space;
    uint64_t start = high, end = low;
    for (unsigned n = bh_space_find(space, low); n < space->count && space->piece[n].start < high; n++) {
        if (is_image(&space->piece[n]))
            return false;
        if (start == high)
            start = space->piece[n].start;
        end = space->piece[n].end;
    }
    if (start >= end)
        return true;
    if (start < low || end > high)
        return false;
    return bh_instance_unmap(instance, start, end);
}

bool bh_instance_restore(bh_instance *instance) {
    static const struct bh_warm nothing;
    const struct bh_warm *warm = atomic_load_explicit(&instance->module->warm, memory_order_acquire);
    struct bh_space *space = &instance->space;
    uint64_t image_end = BH_IMAGE_OFFSET + instance->module->elf.image_hi;
    warm = warm ? warm : &nothing;
    if (space->disturbed || !instance->mapped || !drops_are_done())
        return false;
    for (unsigned n = 0; n < space->count && space->piece[n].start < image_end; n++)
        if (!is_image(&space->piece[n]))
            return false; /* in a gap between segments */
    return release(instance, image_end, instance->stack_bottom - instance->base - BH_STACK_GUARD_SIZE) &&
           release(instance, space->map_start, space->high) && restore_image(instance, warm) && restore_stack(instance, warm);
}

/* For all others: everything but the code is mapped anew. */
static bh_error rebuild(bh_instance *instance) {
    struct bh_space *space = &instance->space;
    instance->mapped = false;
    if (instance->poisoned || (space->code_start > space->low && !bh_slot_unmap(instance->base + space->low, space->code_start - space->low)) ||
        !bh_slot_unmap(instance->base + space->code_end, space->high - space->code_end)) {
        instance->poisoned = true;
        return bh_fail_limit("cannot unmap what the guest had mapped");
    }
    bh_space_remove(space, space->low, space->code_start);
    bh_space_remove(space, space->code_end, space->high);
    space->disturbed = false;
    bh_error error = bh_module_map_data(instance->module, instance);
    if (!error)
        error = bh_instance_map_stack(instance);
    instance->mapped = !error;
    return error;
}

static bh_error run_start_code(bh_instance *instance) {
    if (!instance->threads)
        return bh_instance_start(instance);
    bh_error error = bh_threads_enter(instance);
    if (error)
        return error;
    error = bh_instance_start(instance);
    bh_threads_leave(instance);
    return error;
}

static bh_error reset(bh_instance *instance) {
    bh_instance_set_state(instance, BH_INSTANCE_DEAD); /* until all of it is done */
    if (instance->poisoned)
        return bh_fail(BH_ERROR_DEAD, "the kernel refused a mapping in the instance's slot: it can only be destroyed");
    bh_callbacks_cancel(instance);
    bh_blocks_discard(instance);
    if (instance->threads)
        bh_threads_renew(instance);
    bh_linux_destroy(instance);
    bh_shares_forget(instance);
    bh_error error = bh_instance_restore(instance) ? BH_OK : rebuild(instance);
    if (!error)
        error = bh_linux_create(instance);
    if (error)
        return error;
    struct bh_space *space = &instance->space;
    space->brk = space->brk_start;
    space->bytes = space->peak = 0;
    space->disturbed = false;
    instance->context[(BH_CONTEXT_TP - BH_CONTEXT_BASE) / 8] = 0;
    instance->host_calls = instance->refused = 0;
    bh_instance_set_state(instance, BH_INSTANCE_READY);
    error = run_start_code(instance);
    if (error && instance->state == BH_INSTANCE_READY)
        bh_instance_set_state(instance, BH_INSTANCE_DEAD);
    bh_state_lock(instance);
    bh_instance_settle(instance);
    bh_state_unlock(instance);
    return error;
}

bh_error bh_instance_reset(bh_instance *instance) {
    bh_error error;
    if (!instance)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_instance_reset: no instance");
    if (atomic_load(&bh_forked))
        return bh_fail(BH_ERROR_FORKED, "the engine belongs to the parent process");
    if (instance->threads) {
        error = bh_threads_close(instance);
        if (error)
            return error;
        error = reset(instance);
        bh_threads_open(instance);
        return error;
    }
    if (!bh_instance_lock(instance, &error))
        return error;
    error = reset(instance);
    bh_instance_unlock(instance);
    return error;
}
