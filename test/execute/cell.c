/* See cell.h. */
#include "cell.h"

#include <string.h>

#include "bulkhead/layout.h"

enum { NOP = 0x90, HLT = 0xF4, EXIT_SIZE = 8 };

static void put_exit(uint8_t *bytes, unsigned number)
{
    static const uint8_t jump[] = {0x65, 0xFF, 0x24, 0x25};
    uint32_t offset = BH_HOSTCALL_TABLE + 8 * number;
    memcpy(bytes, jump, sizeof jump);
    memcpy(bytes + 4, &offset, sizeof offset);
}

void cell_build(struct cell *cell, const struct form *form, uint64_t address, uint64_t image_end, unsigned number, unsigned touch,
                uint8_t *bytes)
{
    static const uint8_t load[] = {0x8B, 0x04, 0x24}; /* movl (%rsp),%eax */
    struct form *f = &cell->form;
    unsigned at = form->length;
    *f = *form;
    cell->exit = 2 * number % BH_HOSTCALL_COUNT;
    cell->other_exit = cell->exit + 1;
    if (f->m2_at >= 0) {
        uint32_t disp = (uint32_t)(image_end - f->m2_slack - address - f->head);
        memcpy(f->bytes + f->m2_at, &disp, sizeof disp);
    }
    if (f->branch_at >= 0) {
        int32_t disp = BH_BUNDLE_SIZE - (int32_t)f->length;
        memcpy(f->bytes + f->branch_at, &disp, f->branch_size);
    }
    if (f->hostcall_at >= 0) {
        uint32_t offset = BH_HOSTCALL_TABLE + 8 * cell->exit;
        memcpy(f->bytes + f->hostcall_at, &offset, sizeof offset);
    }
    memset(bytes, HLT, CELL_SIZE);
    memcpy(bytes, f->bytes, f->length);
    if (touch) {
        memcpy(bytes + at, load, sizeof load);
        at += sizeof load;
    }
    if (at + EXIT_SIZE > BH_BUNDLE_SIZE) {
        memset(bytes + at, NOP, at < BH_BUNDLE_SIZE ? BH_BUNDLE_SIZE - at : 0);
        at = at < BH_BUNDLE_SIZE ? BH_BUNDLE_SIZE : at;
    } else {
        put_exit(bytes + BH_BUNDLE_SIZE, cell->other_exit);
    }
    cell->exit_at = at;
    put_exit(bytes + at, cell->exit);
}
