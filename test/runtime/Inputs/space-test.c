/* Adds, removes and protects ranges of a slot's map (runtime/slot/space.c) at random and compares it with a model: the protection and the
 * kind of every page. Room is asked for as the runtime does, and the array is always as small as it may be, so that the
 * sanitizer sees a step that needs more than was asked for. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "bulkhead/layout.h"
#include "slot/space.h"

#define PAGES 64
#define STEPS 400000
#define FIRST BH_IMAGE_OFFSET

static struct {
    int protection, kind; /* kind -1: nothing */
} model[PAGES];
static uint64_t state = 1;

static uint64_t draw(uint64_t below) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

/* Room for exactly so many more pieces. */
static void make_room(struct bh_space *space, unsigned more) {
    space->capacity = space->count + more;
    space->piece = realloc(space->piece, (space->capacity ? space->capacity : 1) * sizeof(*space->piece));
    if (!space->piece)
        exit(2);
}

/* Where memory that the guest cannot write begins and ends a piece does: nobody knows what the kernel joins it with. */
static bool bordered(const struct bh_space *space, uint64_t from, uint64_t to) {
    unsigned at = bh_space_find(space, from);
    return at < space->count && space->piece[at].start == from && space->piece[at].end == to;
}

static void compare(const struct bh_space *space, uint64_t step) {
    uint64_t bytes = 0;
    for (unsigned n = 0; n < PAGES; n++) {
        uint64_t at = FIRST + n * BH_PAGE_SIZE;
        unsigned index = bh_space_find(space, at);
        const struct bh_piece *piece = index < space->count && space->piece[index].start <= at ? &space->piece[index] : NULL;
        if (piece ? piece->kind != model[n].kind || piece->protection != model[n].protection : model[n].kind >= 0) {
            printf("failed: step %llu, page %u\n", (unsigned long long)step, n);
            exit(1);
        }
        bytes += model[n].kind == BH_PIECE_ANON || model[n].kind == BH_PIECE_BRK ? BH_PAGE_SIZE : 0;
    }
    for (unsigned n = 0; n < space->count; n++) {
        if (space->piece[n].start >= space->piece[n].end || (n && space->piece[n - 1].end > space->piece[n].start)) {
            printf("failed: step %llu, piece %u\n", (unsigned long long)step, n);
            exit(1);
        }
    }
    if (bytes != space->bytes) {
        printf("failed: step %llu, %llu bytes\n", (unsigned long long)step, (unsigned long long)space->bytes);
        exit(1);
    }
}

/* The only free places are where no loop looks by itself: behind a piece that begins below map_start, and below the first piece. */
static void check_gaps(void) {
    const uint64_t page = BH_PAGE_SIZE;
    struct bh_space space = {.limit = 1000, .low = FIRST, .high = FIRST + 10 * page, .map_start = FIRST + 4 * page,
                             .brk_start = FIRST + page, .byte_limit = BH_SLOT_SIZE};
    make_room(&space, 1);
    bh_space_add(&space, FIRST + 3 * page, FIRST + 6 * page, PROT_READ, BH_PIECE_FILE, false);
    bool good = bh_space_gap(&space, page) == FIRST + 6 * page && bh_space_gap(&space, 5 * page) == 0;
    make_room(&space, 1);
    bh_space_add(&space, FIRST + 6 * page, FIRST + 12 * page, PROT_READ, BH_PIECE_STACK, false); /* not only below high */
    good &= bh_space_gap(&space, page) == FIRST + 2 * page && bh_space_gap(&space, 3 * page) == 0;
    free(space.piece);
    if (!good) {
        printf("failed: gaps\n");
        exit(1);
    }
}

int main(void) {
    check_gaps();
    static const int kinds[] = {BH_PIECE_ANON, BH_PIECE_BRK, BH_PIECE_FILE, BH_PIECE_STACK};
    struct bh_space space = {.limit = 1000, .low = FIRST, .high = FIRST + PAGES * BH_PAGE_SIZE, .map_start = FIRST,
                             .byte_limit = BH_SLOT_SIZE};
    printf("seed 1\n");
    for (unsigned n = 0; n < PAGES; n++)
        model[n].kind = -1;
    for (uint64_t step = 0; step < STEPS; step++) {
        unsigned first = (unsigned)draw(PAGES), end = first + 1 + (unsigned)draw(draw(8) ? 6 : PAGES);
        end = end > PAGES ? PAGES : end;
        uint64_t from = FIRST + first * BH_PAGE_SIZE, to = FIRST + end * BH_PAGE_SIZE, what = draw(4);
        int kind = kinds[draw(4)], protection = (int)draw(4);
        unsigned hole = bh_space_hole(&space, from, to);
        if (what == 0) {
            make_room(&space, 2);
            bh_space_protect(&space, from, to, protection);
        } else {
            make_room(&space, hole);
            bh_space_remove(&space, from, to);
        }
        if (what > 1) {
            make_room(&space, 1);
            bh_space_add(&space, from, to, protection, kind, draw(2));
            if (!(protection & PROT_WRITE) && !bordered(&space, from, to)) {
                printf("failed: step %llu, read-only memory was joined\n", (unsigned long long)step);
                exit(1);
            }
        }
        for (unsigned n = first; n < end; n++) {
            model[n].kind = what > 1 ? kind : what == 1 ? -1 : model[n].kind;
            model[n].protection = what == 1 ? 0 : protection;
        }
        compare(&space, step);
    }
    free(space.piece);
    printf("%d steps\n", STEPS);
    return 0;
}
