/* The map of a slot; see space.h. */
#include "slot/space.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

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
    space->no_memory = false;
    if (space->count + more > space->limit)
        return false;
    if (space->count + more <= space->capacity)
        return true;
    unsigned capacity = space->capacity * 2 + more + 16;
    struct bh_piece *piece = realloc(space->piece, capacity * sizeof(*piece));
    space->no_memory = !piece;
    if (!piece)
        return false;
    space->piece = piece;
    space->capacity = capacity;
    return true;
}

static bool counts(int kind) { return kind == BH_PIECE_ANON || kind == BH_PIECE_BRK; }

void bh_space_count(struct bh_space *space, int64_t bytes) {
    space->bytes += (uint64_t)bytes;
    if (space->bytes > space->peak)
        space->peak = space->bytes;
}

static void account(struct bh_space *space, int kind, int64_t bytes) {
    if (counts(kind))
        bh_space_count(space, bytes);
}

/* ---- Page tables ---- */

static uint64_t region_down(uint64_t offset) { return offset & ~(BH_TABLE_REACH - 1); }

static uint64_t region_up(uint64_t offset) { return region_down(offset + BH_TABLE_REACH - 1); }

/* Image and stack are there from the start, shares are the host's. */
static bool takes_tables(int kind) { return counts(kind) || kind == BH_PIECE_FILE; }

/* In how many of the regions that [start, end) touches the guest's memory lies. */
static uint64_t tables_in(const struct bh_space *space, uint64_t start, uint64_t end) {
    uint64_t next = region_down(start), stop = region_up(end), count = 0;
    for (unsigned at = bh_space_find(space, next); at < space->count && space->piece[at].start < stop; at++) {
        const struct bh_piece *piece = &space->piece[at];
        uint64_t from = region_down(piece->start), to = region_up(piece->end);
        from = from > next ? from : next;
        to = to < stop ? to : stop;
        if (!takes_tables(piece->kind) || from >= to)
            continue;
        count += (to - from) / BH_TABLE_REACH;
        next = to;
    }
    return count;
}

/* Bytes of [start, end) that count already. */
static uint64_t counted_in(const struct bh_space *space, uint64_t start, uint64_t end) {
    uint64_t bytes = 0;
    for (unsigned at = bh_space_find(space, start); at < space->count && space->piece[at].start < end; at++) {
        const struct bh_piece *piece = &space->piece[at];
        uint64_t from = piece->start > start ? piece->start : start, to = piece->end < end ? piece->end : end;
        bytes += counts(piece->kind) ? to - from : 0;
    }
    return bytes;
}

static bool fits(const struct bh_space *space, uint64_t bytes, uint64_t tables) {
    uint64_t unpaid = space->byte_limit / BH_TABLE_REACH + BH_TABLES_FREE;
    return bytes + (tables > unpaid ? (tables - unpaid) * BH_PAGE_SIZE : 0) <= space->byte_limit;
}

bool bh_space_affords_bytes(const struct bh_space *space, uint64_t bytes) {
    return bytes <= space->byte_limit && fits(space, space->bytes + bytes, space->tables);
}

static bool affords(const struct bh_space *space, uint64_t start, uint64_t end, uint64_t bytes) {
    uint64_t regions = (region_up(end) - region_down(start)) / BH_TABLE_REACH;
    return fits(space, space->bytes - counted_in(space, start, end) + bytes,
                space->tables - tables_in(space, start, end) + regions);
}

bool bh_space_affords(const struct bh_space *space, uint64_t start, uint64_t end) {
    return affords(space, start, end, end - start);
}

bool bh_space_affords_tables(const struct bh_space *space, uint64_t start, uint64_t end) {
    return affords(space, start, end, 0);
}

bool bh_space_maps_file(const struct bh_space *space, uint32_t file) {
    for (unsigned n = 0; n < space->count; n++)
        if (space->piece[n].file == file)
            return true;
    return false;
}

void bh_space_note_file(struct bh_space *space, uint64_t start, uint32_t file) {
    space->piece[bh_space_find(space, start)].file = file;
}

void bh_space_widen(const struct bh_space *space, uint64_t *start, uint64_t *end) {
    unsigned at = bh_space_find(space, *start), above = bh_space_find(space, *end);
    uint64_t low = at > 0 ? space->piece[at - 1].end : space->low, high = space->high;
    if (at < space->count && space->piece[at].start < *start)
        low = *start;
    if (above < space->count)
        high = space->piece[above].start > *end ? space->piece[above].start : *end;
    *start = region_down(*start) > low ? region_down(*start) : low;
    *end = region_up(*end) < high ? region_up(*end) : high;
}

/* ---- Changes ---- */

static void insert(struct bh_space *space, unsigned at, struct bh_piece piece) {
    memmove(space->piece + at + 1, space->piece + at, (space->count - at) * sizeof(piece));
    space->piece[at] = piece;
    space->count++;
}

/* What an instance starts with, and what a reset finds in order unless it was changed. */
static bool initial(int kind) {
    return kind == BH_PIECE_CODE || kind == BH_PIECE_IMAGE || kind == BH_PIECE_STACK || kind == BH_PIECE_GUARD;
}

static void note_change(struct bh_space *space, uint64_t start, uint64_t end) {
    for (unsigned at = bh_space_find(space, start); at < space->count && space->piece[at].start < end; at++)
        space->disturbed |= initial(space->piece[at].kind);
}

static bool joins(const struct bh_piece *piece, int protection, int kind) {
    return counts(kind) && (protection & PROT_WRITE) && piece->kind == kind && piece->protection == protection;
}

void bh_space_add(struct bh_space *space, uint64_t start, uint64_t end, int protection, int kind, bool fresh) {
    unsigned at = bh_space_find(space, start);
    struct bh_piece *below = at > 0 && space->piece[at - 1].end == start ? &space->piece[at - 1] : NULL;
    struct bh_piece *above = at < space->count && space->piece[at].start == end ? &space->piece[at] : NULL;
    account(space, kind, (int64_t)(end - start));
    if (takes_tables(kind))
        space->tables += (region_up(end) - region_down(start)) / BH_TABLE_REACH - tables_in(space, start, end);
    if (fresh && below && joins(below, protection, kind)) {
        below->end = end;
        return;
    }
    /* Unless the kernel may have joined it with what is below, and then not with this. */
    if (fresh && above && joins(above, protection, kind) && !(below && below->protection == protection)) {
        above->start = start;
        return;
    }
    insert(space, at, (struct bh_piece){start, end, (uint8_t)protection, (uint8_t)kind, 0});
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

static void cut_out(struct bh_space *space, uint64_t start, uint64_t end) {
    unsigned at = bh_space_find(space, start);
    if (at == space->count || space->piece[at].start >= end)
        return;
    /* Only a hole inside one piece needs one more, and only for that is there room: pieces that lose an end are cut
     * where they are, since splitting them would need room for a moment. */
    if (bh_space_hole(space, start, end)) {
        split(space, start);
    } else if (space->piece[at].start < start) {
        account(space, space->piece[at].kind, -(int64_t)(space->piece[at].end - start));
        space->piece[at].end = start;
    }
    unsigned stop = bh_space_find(space, end);
    if (stop < space->count && space->piece[stop].start < end) {
        struct bh_piece *last = &space->piece[stop];
        uint64_t from = last->start > start ? last->start : start;
        account(space, last->kind, -(int64_t)(end - from));
        last->start = end;
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

void bh_space_remove(struct bh_space *space, uint64_t start, uint64_t end) {
    uint64_t tables = tables_in(space, start, end);
    note_change(space, start, end);
    cut_out(space, start, end);
    space->tables -= tables - tables_in(space, start, end);
}

bool bh_space_hole(const struct bh_space *space, uint64_t start, uint64_t end) {
    unsigned at = bh_space_find(space, start);
    return at < space->count && space->piece[at].start < start && space->piece[at].end > end;
}

static bool inside_piece(const struct bh_space *space, uint64_t offset) {
    unsigned at = bh_space_find(space, offset);
    return at < space->count && space->piece[at].start < offset;
}

bool bh_space_cuts(const struct bh_space *space, uint64_t start, uint64_t end) {
    return inside_piece(space, start) || inside_piece(space, end);
}

void bh_space_split(struct bh_space *space, uint64_t start, uint64_t end) {
    note_change(space, start, end);
    split(space, start);
    split(space, end);
}

void bh_space_protect(struct bh_space *space, uint64_t start, uint64_t end, int protection) {
    bh_space_split(space, start, end);
    for (unsigned at = bh_space_find(space, start); at < space->count && space->piece[at].start < end; at++)
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
    uint64_t floor = space->map_start;
    for (unsigned at = bh_space_find(space, floor); at < space->count; at++) {
        const struct bh_piece *piece = &space->piece[at];
        if (piece->start >= floor && piece->start - floor >= size)
            return floor;
        floor = piece->end > floor ? piece->end : floor;
    }
    if (space->high >= floor && space->high - floor >= size)
        return floor;
    uint64_t ceiling = space->map_start;
    unsigned at = bh_space_find(space, ceiling);
    if (at < space->count && space->piece[at].start < ceiling)
        ceiling = space->piece[at].start;
    while (ceiling > space->brk_start) {
        uint64_t bottom =
            at > 0 && space->piece[at - 1].end > space->brk_start ? space->piece[at - 1].end : space->brk_start;
        if (bottom < ceiling && ceiling - bottom >= size)
            return ceiling - size;
        if (!at)
            break;
        ceiling = space->piece[--at].start;
    }
    return 0;
}

#define FIXED_MAPPINGS 2 /* context page, gate */
#define FEW_PIECES 64

unsigned bh_space_mappings(const struct bh_space *space) {
    /* With many pieces nobody counts the holes between them: there is at most one behind each. */
    if (space->count > FEW_PIECES)
        return FIXED_MAPPINGS + 1 + 2 * space->count;
    unsigned count =
        FIXED_MAPPINGS + 1; /* the unused space behind the last piece goes on before the next slot's first */
    uint64_t at = space->low;
    for (unsigned n = 0; n < space->count; n++) {
        const struct bh_piece *piece = &space->piece[n];
        if (piece->kind == BH_PIECE_GUARD)
            continue;
        count += 1 + (piece->start > at);
        at = piece->end;
    }
    return count;
}

bool bh_space_allowed(const struct bh_space *space, uint64_t start, uint64_t end) {
    if (start % BH_PAGE_SIZE || end % BH_PAGE_SIZE || start >= end || start < space->low || end > space->high)
        return false;
    for (unsigned at = bh_space_find(space, start); at < space->count && space->piece[at].start < end; at++)
        if (space->piece[at].kind == BH_PIECE_CODE || space->piece[at].kind == BH_PIECE_SHARED)
            return false;
    return end <= space->code_start || start >= space->code_end;
}
