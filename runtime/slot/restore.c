/* The first state of a slot once more, without mapping it anew; and which pages of it start code writes.
 *
 * Dropping a page and faulting it in again costs about ten times what overwriting it does. The pages that start code
 * writes anyway are therefore overwritten, all others dropped. */
#include "slot/restore.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/guarded.h"
#include "slot/image.h"
#include "slot/layout.h"
#include "slot/pagemap.h"
#include "slot/pool.h"
#include "slot/slot.h"
#include "slot/space.h"
#include "verifier/elf.h"

#define WARM_DATA 64
#define WARM_STACK 16

static uint64_t page_count(const struct bh_piece *piece) { return (piece->end - piece->start) / BH_PAGE_SIZE; }

static bool writable_image(const struct bh_piece *piece) {
    return piece->kind == BH_PIECE_IMAGE && (piece->protection & PROT_WRITE);
}

/* ---- Which pages start code writes ---- */

#define PAGEMAP_PRESENT ((uint64_t)3 << 62) /* in memory or in swap */
#define PAGEMAP_FILE ((uint64_t)1 << 61)    /* still the file's page: nobody wrote to it */

static uint64_t written_pages(int pagemap, uint64_t address, unsigned count) {
    uint64_t entry[WARM_DATA], written = 0;
    ssize_t size = (ssize_t)(count * sizeof(*entry));
    if (count > WARM_DATA ||
        pread(pagemap, entry, (size_t)size, (off_t)(address / BH_PAGE_SIZE * sizeof(*entry))) != size)
        return 0;
    for (unsigned n = 0; n < count; n++)
        if ((entry[n] & PAGEMAP_PRESENT) && !(entry[n] & PAGEMAP_FILE))
            written |= (uint64_t)1 << n;
    return written;
}

void bh_warm_learn(struct bh_slot *slot) {
    const struct bh_space *space = &slot->space;
    struct bh_warm *none = NULL, *warm = calloc(1, sizeof(*warm));
    const struct bh_kept *pagemap = &slot->pool->pagemap;
    if (warm && bh_kept_same(pagemap) && !space->disturbed) {
        unsigned index = 0;
        for (unsigned n = 0; n < space->count && index < WARM_DATA; n++) {
            const struct bh_piece *piece = &space->piece[n];
            if (!writable_image(piece))
                continue;
            uint64_t all = page_count(piece);
            unsigned count = all < WARM_DATA - index ? (unsigned)all : WARM_DATA - index;
            warm->data |= written_pages(pagemap->fd, slot->base + piece->start, count) << index;
            index += count;
        }
        uint64_t size = (slot->stack_top - slot->stack_bottom) / BH_PAGE_SIZE;
        unsigned most = size < WARM_STACK ? (unsigned)size : WARM_STACK;
        uint64_t written = written_pages(pagemap->fd, slot->stack_top - most * BH_PAGE_SIZE, most);
        while (warm->stack < most && (written >> (most - 1 - warm->stack) & 1))
            warm->stack++;
    }
    if (warm && !atomic_compare_exchange_strong(&slot->image->warm, &none, warm))
        free(warm);
}

/* ---- Memory ---- */

/* Two threads that drop pages at the same time, be it none, make the kernel flush all processors' address translations,
 * which takes eight times as long. So whoever is not the only one asks first whether there is anything to drop; asking
 * alone takes twice as long as dropping nothing. */
static atomic_uint dropping;

static bool drop(const struct bh_slot *slot, uint64_t start, uint64_t end) {
    if (start == end)
        return true;
    bool alone = atomic_fetch_add_explicit(&dropping, 1, memory_order_relaxed) == 0;
    bool dropped = (!alone && bh_pages_untouched(slot->pool, start, end)) ||
                   !madvise((void *)(uintptr_t)start, end - start, MADV_DONTNEED);
    atomic_fetch_sub_explicit(&dropping, 1, memory_order_relaxed);
    return dropped;
}

/* What only looks like Linux, and some filters of system calls, take madvise for advice: they say yes and do nothing,
 * and the next guest would find what this one left. Where it is done, it is refused at an address that no page begins
 * at. */
static bool drops_are_done(void) { return madvise((void *)1, BH_PAGE_SIZE, MADV_DONTNEED) && errno == EINVAL; }

/* Relocates again what ends with the piece, unless more that was put back follows it directly: a word may lie across
 * their border. */
static void relocate(const struct bh_slot *slot, unsigned last) {
    const struct bh_piece *piece = slot->space.piece;
    unsigned first = last;
    if (last + 1 < slot->space.count && writable_image(&piece[last + 1]) && piece[last + 1].start == piece[last].end)
        return;
    while (first > 0 && writable_image(&piece[first - 1]) && piece[first - 1].end == piece[first].start)
        first--;
    bh_elf_relocate_part(&slot->image->elf, (uint8_t *)(uintptr_t)(slot->base + BH_IMAGE_OFFSET),
                         slot->base + BH_IMAGE_OFFSET, piece[first].start - BH_IMAGE_OFFSET,
                         piece[last].end - BH_IMAGE_OFFSET);
}

static bool restore_image(const struct bh_slot *slot, const struct bh_warm *warm) {
    const struct bh_space *space = &slot->space;
    unsigned index = 0;
    for (unsigned n = 0; n < space->count; n++) {
        const struct bh_piece *piece = &space->piece[n];
        if (!writable_image(piece))
            continue;
        uint64_t dropped = piece->start; /* up to here everything is as new */
        for (uint64_t at = piece->start; at < piece->end && index < WARM_DATA; at += BH_PAGE_SIZE, index++) {
            if (!(warm->data >> index & 1))
                continue;
            if (!drop(slot, slot->base + dropped, slot->base + at) ||
                bh_guarded_copy((void *)(uintptr_t)(slot->base + at), bh_image_page(slot->image, at), BH_PAGE_SIZE))
                return false;
            dropped = at + BH_PAGE_SIZE;
        }
        if (!drop(slot, slot->base + dropped, slot->base + piece->end))
            return false;
        relocate(slot, n);
    }
    return true;
}

static bool restore_stack(const struct bh_slot *slot, const struct bh_warm *warm) {
    static const uint8_t zeros[BH_PAGE_SIZE];
    uint64_t at = slot->stack_top;
    for (unsigned n = 0; n < warm->stack && at > slot->stack_bottom; n++) {
        at -= BH_PAGE_SIZE;
        if (bh_guarded_copy((void *)(uintptr_t)at, zeros, BH_PAGE_SIZE))
            return false;
    }
    return drop(slot, slot->stack_bottom, at);
}

static bool is_image(const struct bh_piece *piece) {
    return piece->kind == BH_PIECE_CODE || piece->kind == BH_PIECE_IMAGE;
}

/* Unmaps what came later into [low, high), stacks of further threads included, in one piece from the first to the last
 * of it. */
static bool release(struct bh_slot *slot, uint64_t low, uint64_t high) {
    struct bh_space *space = &slot->space;
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
    return bh_slot_release(slot, start, end);
}

bool bh_slot_restore(struct bh_slot *slot) {
    static const struct bh_warm nothing;
    const struct bh_warm *warm = atomic_load_explicit(&slot->image->warm, memory_order_acquire);
    struct bh_space *space = &slot->space;
    uint64_t image_end = BH_IMAGE_OFFSET + slot->image->elf.image_hi;
    warm = warm ? warm : &nothing;
    if (space->disturbed || !slot->mapped || !drops_are_done())
        return false;
    for (unsigned n = 0; n < space->count && space->piece[n].start < image_end; n++)
        if (!is_image(&space->piece[n]))
            return false; /* in a gap between segments */
    return release(slot, image_end, slot->stack_bottom - slot->base - BH_STACK_GUARD_SIZE) &&
           release(slot, space->map_start, space->high) && restore_image(slot, warm) && restore_stack(slot, warm);
}
