/* For tests that look into the runtime: its map of an instance's slot beside the kernel's. */
#ifndef KERNEL_MAP_H
#define KERNEL_MAP_H

#include <stdio.h>

#include "guest/instance.h"

struct kernel_mapping {
    uint64_t start, end; /* offsets in the slot, cut to it */
    char access[5];      /* rwxp */
};

/* The next line of /proc/self/maps that lies in the slot; false at the end. */
static inline bool next_mapping(FILE *maps, const bh_instance *instance, struct kernel_mapping *mapping) {
    char line[512];
    unsigned long start, end;
    while (fgets(line, sizeof(line), maps)) {
        if (sscanf(line, "%lx-%lx %4s", &start, &end, mapping->access) != 3 || end <= instance->slot.base ||
            start >= instance->slot.base + BH_SLOT_SIZE)
            continue;
        mapping->start = start > instance->slot.base ? start - instance->slot.base : 0;
        mapping->end = end < instance->slot.base + BH_SLOT_SIZE ? end - instance->slot.base : BH_SLOT_SIZE;
        return true;
    }
    return false;
}

/* Whether a piece begins or ends at the offset, or the guest's part of the slot does. */
static inline bool is_border(const struct bh_space *space, uint64_t offset) {
    unsigned at = bh_space_find(space, offset);
    return offset == BH_CONTEXT_OFFSET || offset == BH_GATE_OFFSET || offset == space->low ||
           (at < space->count && space->piece[at].start == offset) || (at > 0 && space->piece[at - 1].end == offset);
}

/* The mappings that begin inside the slot: the first one of an engine's address space is not its guests'. What is unknown to the
 * runtime's map is printed. */
static inline unsigned kernel_mappings(const bh_instance *instance, unsigned *unknown) {
    struct kernel_mapping mapping;
    unsigned count = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    *unknown = !maps;
    while (maps && next_mapping(maps, instance, &mapping)) {
        count += mapping.start > 0;
        if (mapping.start > 0 && !is_border(&instance->slot.space, mapping.start)) {
            printf("a mapping begins at 0x%llx of the slot, no piece does\n", (unsigned long long)mapping.start);
            (*unknown)++;
        }
    }
    if (maps)
        fclose(maps);
    return count;
}

#endif
