/* Where in a slot things lie, and all of them mapped. */
#include "slot/layout.h"

#include "base/fail.h"
#include "base/limit.h"
#include "base/mapping.h"
#include "slot/image.h"
#include "slot/map.h"
#include "slot/pool.h"
#include "slot/slot.h"
#include "slot/space.h"

#define DEFAULT_STACK ((uint64_t)8 << 20)
#define MAX_STACK ((uint64_t)1 << 30)
#define DEFAULT_MAPPINGS 8192
#define BRK_GAP 0x10000
#define BRK_ROOM ((uint64_t)512 << 20) /* between the image and the stack */

/* From low to high: context, stubs, image, room for brk, a guard, the stack, and everything that the guest maps. Stack
 * and mappings lie together: the kernel makes one mapping of them, and a small instance needs three pages of page
 * tables. */
bh_error bh_slot_lay_out(struct bh_slot *slot, const struct bh_slot_limits *limits) {
    struct bh_space *space = &slot->space;
    const struct bh_elf *elf = &slot->image->elf;
    uint64_t stack = limits->stack_size ? limits->stack_size : elf->stack_size;
    if (stack < DEFAULT_STACK && !limits->stack_size)
        stack = DEFAULT_STACK;
    stack = BH_PAGE_ROUND(stack > MAX_STACK ? MAX_STACK : stack);

    space->limit = limits->mappings ? limits->mappings : DEFAULT_MAPPINGS;
    space->low = BH_IMAGE_OFFSET;
    space->high = BH_SLOT_SIZE - BH_TAIL_GUARD_SIZE;
    space->code_start = BH_IMAGE_OFFSET + elf->code_addr;
    space->code_end = space->code_start + elf->code_size;
    space->brk_start = space->brk = BH_IMAGE_OFFSET + elf->image_hi + BRK_GAP;
    if (space->brk_start + stack + BH_STACK_GUARD_SIZE > space->high)
        return bh_fail(BH_ERROR_LIMIT, "the image of '%s' and a stack of %llu MiB do not fit into a slot",
                       slot->image->name, (unsigned long long)(stack >> 20));
    uint64_t left = space->high - space->brk_start - stack - BH_STACK_GUARD_SIZE;
    uint64_t bottom = space->brk_start + BH_PAGE_ROUND(left / 4 < BRK_ROOM ? left / 4 : BRK_ROOM) + BH_STACK_GUARD_SIZE;
    space->map_start = bottom + stack;
    slot->stack_bottom = bottom;
    slot->stack_top = space->map_start;
    uint64_t room = space->high - space->brk_start - stack;
    uint64_t allowed = limits->memory;
    space->byte_limit = allowed && allowed < room ? allowed : room;
    return BH_OK;
}

bh_error bh_slot_map_stack(struct bh_slot *slot) {
    if (!bh_slot_room(slot, 2))
        return bh_fail_mappings(slot, "a stack");
    uint64_t size = slot->stack_top - slot->stack_bottom, bottom = slot->stack_bottom - slot->base;
    if (!bh_slot_map(slot->stack_bottom, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
        slot->poisoned = true;
        return bh_fail_limit("cannot map a guest's stack");
    }
    bh_space_add(&slot->space, bottom, bottom + size, PROT_READ | PROT_WRITE, BH_PIECE_STACK, false);
    bh_space_add(&slot->space, bottom - BH_STACK_GUARD_SIZE, bottom, PROT_NONE, BH_PIECE_GUARD, false);
    return BH_OK;
}

bh_error bh_slot_map_all(struct bh_slot *slot) {
    const struct bh_pool *pool = slot->pool;
    if (!bh_slot_map(slot->base + BH_CONTEXT_OFFSET, BH_PAGE_SIZE, PROT_READ, MAP_SHARED, pool->context.fd,
                     (uint64_t)slot->number * BH_PAGE_SIZE) ||
        !bh_slot_map(slot->base + BH_GATE_OFFSET, BH_GATE_SIZE, PROT_READ | PROT_EXEC, MAP_PRIVATE, pool->stubs.fd,
                     0)) {
        slot->poisoned = true;
        return bh_fail_limit("cannot map the context of an instance");
    }
    bh_error error = bh_image_map(slot);
    return error ? error : bh_slot_map_stack(slot);
}
