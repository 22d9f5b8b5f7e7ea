/* The map of a slot: which pieces of it the guest owns. The kernel keeps its own list of mappings; this one decides
 * what is asked of it, and never holds fewer pieces than the kernel has mappings, so that a guest cannot use up the
 * process's (32,751 alternating mprotects would). Stronger, and what keeps it true from one change to the next:
 * wherever a mapping of the kernel begins or ends in the slot, a piece does, too.
 *
 * - Pieces are joined only where the kernel certainly joins: fresh writable memory that is put beside a piece of the
 *   same kind and protection. (Memory that is not writable may or may not have VM_ACCOUNT, by its past.) The kernel
 *   joins it with what is below it, and with what is above it only where the anon_vmas of both fit; so does this map.
 * - Pieces that became equal through mprotect stay apart.
 * - Unused space between pieces is one mapping, whatever was there: see BH_UNUSED_FLAGS.
 *
 * All this holds while the host leaves the process's defaults for new mappings alone (mlockall, vm.overcommit_memory,
 * PR_SET_MEMORY_MERGE): after such a change what is new does not join what is older.
 *
 * Page tables are counted, too: a page that is alone in its 2 MiB takes as much again for them. */
#ifndef BULKHEAD_RUNTIME_SPACE_H
#define BULKHEAD_RUNTIME_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bh_piece_kind {
    BH_PIECE_CODE,  /* the module's code: nothing ever changes it */
    BH_PIECE_IMAGE, /* the rest of the image */
    BH_PIECE_STACK,
    BH_PIECE_GUARD, /* below the stack: unused address space that the guest does not get by chance */
    BH_PIECE_ANON,
    BH_PIECE_BRK,
    BH_PIECE_FILE,  /* a shared mapping of a file that the guest opened */
    BH_PIECE_SHARED /* memory that the host shares with the guest: only the host takes it away */
};

struct bh_piece {
    uint64_t start, end; /* offsets in the slot */
    uint8_t protection;  /* PROT_* */
    uint8_t kind;
    uint32_t file; /* a number of a file in the guest's memory that it maps; 0: none */
};

struct bh_space {
    struct bh_piece *piece; /* sorted, disjoint */
    unsigned count, capacity;
    unsigned limit;
    bool no_memory;     /* why bh_space_room was last refused, if not by the limit */
    uint64_t low, high; /* guests may map in [low, high), code excepted */
    uint64_t code_start, code_end;
    uint64_t brk_start, brk;
    uint64_t map_start;               /* where the search for free room begins: right above the stack */
    bool disturbed;                   /* something that was made with the instance (image, stack) was changed since */
    uint64_t bytes, peak, byte_limit; /* anonymous memory, brk, and files in memory (linux/memfd.c) */
    uint64_t tables; /* pages of page tables: regions of BH_TABLE_REACH in which memory that the guest mapped lies */
};

#define BH_TABLE_REACH ((uint64_t)2 << 20) /* what one page of page tables maps */
#define BH_TABLES_FREE 32 /* regions that cost nothing, beyond as many as the limit has if it is used in one piece */

/* The index of the first piece that ends above offset. */
unsigned bh_space_find(const struct bh_space *space, uint64_t offset);
/* Room for `more` further pieces: under the limit, and in the array. */
bool bh_space_room(struct bh_space *space, unsigned more);
/* Records a piece in free space; bh_space_room(1) must have been asked. fresh: may join its neighbours. */
void bh_space_add(struct bh_space *space, uint64_t start, uint64_t end, int protection, int kind, bool fresh);
/* Forgets [start, end); may need one more piece. */
void bh_space_remove(struct bh_space *space, uint64_t start, uint64_t end);
/* Whether removing [start, end) leaves a hole inside one piece: then, and only then, it needs one more. */
bool bh_space_hole(const struct bh_space *space, uint64_t start, uint64_t end);
/* Whether a piece would lose an end or be split: then removing [start, end) may take one more mapping of the kernel. */
bool bh_space_cuts(const struct bh_space *space, uint64_t start, uint64_t end);
/* Makes start and end boundaries between pieces; may need two more. */
void bh_space_split(struct bh_space *space, uint64_t start, uint64_t end);
/* The same, and changes the protection of all pieces in [start, end). */
void bh_space_protect(struct bh_space *space, uint64_t start, uint64_t end, int protection);
/* Whether [start, end) is covered by pieces without a gap (and not by guards). */
bool bh_space_covered(const struct bh_space *space, uint64_t start, uint64_t end);
/* Whether no piece lies in it. */
bool bh_space_free(const struct bh_space *space, uint64_t start, uint64_t end);
/* Whether new memory in the place of [start, end) stays below the limit: with what is mapped and what its page tables
 * take beyond the free ones. */
bool bh_space_affords(const struct bh_space *space, uint64_t start, uint64_t end);
/* The same where what is mapped counts already; and of memory that is not mapped. */
bool bh_space_affords_tables(const struct bh_space *space, uint64_t start, uint64_t end);
bool bh_space_affords_bytes(const struct bh_space *space, uint64_t bytes);
/* Counts memory that is not mapped, or counts it no more. */
void bh_space_count(struct bh_space *space, int64_t bytes);
/* The piece that begins at start, which was just added, maps this file; and whether any piece does. */
void bh_space_note_file(struct bh_space *space, uint64_t start, uint32_t file);
bool bh_space_maps_file(const struct bh_space *space, uint32_t file);
/* Widens a range that is about to become unused by unused space beside it, to whole regions of BH_TABLE_REACH: the
 * kernel frees page tables only where all that they map is replaced at once. */
void bh_space_widen(const struct bh_space *space, uint64_t *start, uint64_t *end);
/* A free range of so many bytes: the lowest one above map_start, so that a guest's memory stays together and takes few
 * mappings and page tables; else the highest one between brk_start and map_start. 0 when there is none. */
uint64_t bh_space_gap(const struct bh_space *space, uint64_t size);
/* An upper bound of the mappings that the kernel has for the slot, context page, gate and unused space included. */
unsigned bh_space_mappings(const struct bh_space *space);
/* Whether guests may have [start, end) changed at all: page-aligned, in bounds, clear of code and of what the host
 * shares. */
bool bh_space_allowed(const struct bh_space *space, uint64_t start, uint64_t end);
#endif
