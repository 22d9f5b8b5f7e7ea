/* The map of a slot; see space.h. */
#include "space.h"

#include <stdlib.h>
#include <string.h>

#include "bulkhead/layout.h"

unsigned bh_space_find(const struct bh_space *space, uint64_t offset) {
    unsigned lo = 0, hi = space->count;
    while (lo < hi) {
        unsigned mid = lo + (hi - lo) / 2;
        if (space->piece[mid].end > offset)
            hi = mid;
        else
            lo = mid + 1;
    }
    return lo;
}

bool bh_space_room(struct bh_space *space, unsigned more) {
    if (space->count + more > space->limit)
        return false;
    if (space->count + more <= space->capacity)
        return true;
    unsigned capacity = space->capacity * 2 + more + 16;
    struct bh_piece *piece = realloc(space->piece, capacity * sizeof(*piece));
    if (!piece)
        return false;
    space->piece = piece;
    space->capacity = capacity;
    return true;
}

static bool counts(int kind) {
    return kind == BH_PIECE_ANON || kind == BH_PIECE_BRK;
}

static void account(struct bh_space *space, int kind, int64_t bytes) {
    if (!counts(kind))
        return;
    space->bytes += (uint64_t)bytes;
    if (space->bytes > space->peak)
        space->peak = space->bytes;
}

static void insert(struct bh_space *space, unsigned at, struct bh_piece piece) {
    memmove(space->piece + at + 1, space->piece + at, (space->count - at) * sizeof(piece));
    space->piece[at] = piece;
    space->count++;
}

static bool joins(const struct bh_piece *piece, int protection, int kind) {
    return counts(kind) && piece->kind == kind && piece->protection == protection;
}

void bh_space_add(struct bh_space *space, uint64_t start, uint64_t end, int protection, int kind, bool fresh) {
    unsigned at = bh_space_find(space, start);
    account(space, kind, (int64_t)(end - start));
    if (fresh && at > 0 && space->piece[at - 1].end == start && joins(&space->piece[at - 1], protection, kind)) {
        space->piece[at - 1].end = end;
        return;
    }
    if (fresh && at < space->count && space->piece[at].start == end && joins(&space->piece[at], protection, kind)) {
        space->piece[at].start = start;
        return;
    }
    insert(space, at, (struct bh_piece){start, end, (uint8_t)protection, (uint8_t)kind});
}

/* Makes offset a boundary between pieces, if it lies inside one. */
static void split(struct bh_space *space, uint64_t offset) {
    unsigned at = bh_space_find(space, offset);
    if (at == space->count || space->piece[at].start >= offset)
        return;
    struct bh_piece upper = space->piece[at];
    upper.start = offset;
    space->piece[at].end = offset;
    insert(space, at + 1, upper);
}

void bh_space_remove(struct bh_space *space, uint64_t start, uint64_t end) {
    unsigned at = bh_space_find(space, start);
    if (at == space->count || space->piece[at].start >= end)
        return;
    /* A hole inside one piece is the only case that needs one more. */
    split(space, start);
    struct bh_piece *last;
    unsigned stop = bh_space_find(space, end);
    if (stop < space->count && space->piece[stop].start < end) {
        last = &space->piece[stop];
        if (last->start >= start && last->start < end && last->end > end) {
            /* Cut its lower part instead of splitting, which would need room for a moment. */
            account(space, last->kind, -(int64_t)(end - last->start));
            last->start = end;
        }
    }
    at = bh_space_find(space, start);
    stop = at;
    while (stop < space->count && space->piece[stop].end <= end) {
        account(space, space->piece[stop].kind, -(int64_t)(space->piece[stop].end - space->piece[stop].start));
        stop++;
    }
    memmove(space->piece + at, space->piece + stop, (space->count - stop) * sizeof(*space->piece));
    space->count -= stop - at;
}

void bh_space_protect(struct bh_space *space, uint64_t start, uint64_t end, int protection) {
    split(space, start);
    split(space, end);
    for (unsigned at = bh_space_find(space, start); protection >= 0 && at < space->count && space->piece[at].start < end; at++)
        space->piece[at].protection = (uint8_t)protection;
}

bool bh_space_covered(const struct bh_space *space, uint64_t start, uint64_t end) {
    for (unsigned at = bh_space_find(space, start); start < end; at++) {
        if (at == space->count || space->piece[at].start > start || space->piece[at].kind == BH_PIECE_GUARD)
            return false;
        start = space->piece[at].end;
    }
    return true;
}

bool bh_space_free(const struct bh_space *space, uint64_t start, uint64_t end) {
    unsigned at = bh_space_find(space, start);
    return at == space->count || space->piece[at].start >= end;
}

uint64_t bh_space_gap(const struct bh_space *space, uint64_t size) {
    uint64_t ceiling = space->high;
    for (unsigned at = space->count; at > 0; at--) {
        const struct bh_piece *piece = &space->piece[at - 1];
        if (piece->end < ceiling && ceiling - piece->end >= size && ceiling - size >= space->brk_start)
            return ceiling - size;
        if (piece->start < ceiling)
            ceiling = piece->start;
        if (ceiling <= space->brk_start)
            return 0;
    }
    return 0;
}

bool bh_space_allowed(const struct bh_space *space, uint64_t start, uint64_t end) {
    if (start % BH_PAGE_SIZE || end % BH_PAGE_SIZE || start >= end || start < space->low || end > space->high)
        return false;
    return end <= space->code_start || start >= space->code_end;
}
