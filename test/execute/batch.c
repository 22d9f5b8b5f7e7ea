/* See batch.h. */
#include "batch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <Zydis/Zydis.h>

#include "slot.h"

const struct hostile_target batch_targets[BATCH_TARGETS] = {
    {BH_IMAGE_OFFSET + BATCH_DATA_ADDRESS, BATCH_DATA_SIZE},
    {0x7FFFF000, 0x2000}, /* around INT_MAX */
    {0x30000000, 0x10000},
    {BH_SLOT_SIZE - BH_TAIL_GUARD_SIZE - 0x10000, 0x10000},
    {0x60000000, 0x10000},
};

struct batch batch;
static uint32_t starts[BATCH_CODE_SIZE / 32];
static uint64_t scratch[BATCH_CODE_SIZE / 16];
static bool (*wants)(const struct form *);
static void (*run_batch)(void);

void batch_create(bool stores_only)
{
    slot_create();
    batch.bytes = slot_map_code(BH_IMAGE_OFFSET + BATCH_CODE_ADDRESS, BATCH_CODE_SIZE);
    batch.code = (struct judge_code){.bytes = batch.bytes, .address = SLOT_BASE + BH_IMAGE_OFFSET + BATCH_CODE_ADDRESS,
                                     .size = BATCH_CODE_SIZE, .starts = starts, .free_loads = stores_only};
    for (unsigned i = 0; i < BATCH_TARGETS; i++)
        slot_map_data(batch_targets[i].offset, batch_targets[i].size);
}

struct bh_verify_input batch_input(const uint8_t *bytes, uint64_t size, uint64_t address)
{
    return (struct bh_verify_input){.code = bytes, .size = size, .address = address, .image_hi = BATCH_IMAGE_END,
                                    .isolation = batch.code.free_loads ? BH_ISOLATE_STORES : BH_ISOLATE_FULL,
                                    .scratch = scratch, .scratch_size = sizeof scratch};
}

static void finish(void)
{
    struct bh_verify_input in = batch_input(batch.bytes, BATCH_CODE_SIZE, BATCH_CODE_ADDRESS);
    if (!batch.count)
        return;
    if (bh_verify_code(&in, NULL) != BH_VERIFY_ACCEPTED) {
        printf("FAIL: cells that are accepted one by one are refused together\n");
        exit(1);
    }
    judge_mark_starts(batch.bytes, BATCH_CODE_SIZE, starts);
    slot_refill();
    run_batch();
    batch.first += batch.count;
    memset(batch.bytes, 0xF4, BATCH_CODE_SIZE);
    batch.count = 0;
}

/* Keeps what the verifier accepts in the next cell. */
static bool take(void *context, const struct form *form)
{
    uint64_t address = BATCH_CODE_ADDRESS + batch.count * CELL_SIZE;
    uint8_t bytes[CELL_SIZE];
    struct bh_verify_input in = batch_input(bytes, CELL_SIZE, address);
    (void)context;
    if (wants && !wants(form))
        return false;
    for (unsigned touch = 0; touch < 2; touch++) {
        cell_build(&batch.cells[batch.count], form, address, BATCH_IMAGE_END, batch.count, touch, bytes);
        if (bh_verify_code(&in, NULL) != BH_VERIFY_ACCEPTED)
            continue;
        memcpy(batch.bytes + batch.count * CELL_SIZE, bytes, CELL_SIZE);
        if (++batch.count == BATCH_CELLS)
            finish();
        return true;
    }
    return false;
}

uint64_t batch_generate(unsigned depth, uint64_t seed, bool (*wanted)(const struct form *), void (*run)(void))
{
    wants = wanted;
    run_batch = run;
    batch.first = 0;
    forms_generate(depth, batch.code.free_loads, seed, take, NULL);
    finish();
    return batch.first;
}

bool batch_single(const void *bytes, unsigned length)
{
    struct form form = {.place = FORMS_PLACES, .m2_at = -1, .branch_at = -1, .hostcall_at = -1};
    struct bh_verify_input in = batch_input(batch.bytes, CELL_SIZE, BATCH_CODE_ADDRESS);
    memset(batch.bytes, 0xF4, BATCH_CODE_SIZE);
    for (unsigned n = 0; n < 8; n++) {
        form.length = form.head = n ? 0 : length;
        memcpy(form.bytes, bytes, form.length);
        cell_build(&batch.cells[n], &form, BATCH_CODE_ADDRESS + n * CELL_SIZE, BATCH_IMAGE_END, n, 0,
                   batch.bytes + n * CELL_SIZE);
    }
    batch.count = 1;
    judge_mark_starts(batch.bytes, BATCH_CODE_SIZE, starts);
    slot_refill();
    return bh_verify_code(&in, NULL) == BH_VERIFY_REFUSED;
}

void batch_print_cell(const struct cell *cell)
{
    char text[64];
    ZydisDisassembledInstruction insn;
    forms_describe(cell->form.place, text, sizeof text);
    for (unsigned i = 0; i < cell->form.length; i++)
        printf("%02x ", cell->form.bytes[i]);
    printf("(%s%s)\n", text, cell->form.place < FORMS_PLACES ? " in the table" : "");
    for (unsigned at = 0; at < cell->form.length; at += insn.info.length) {
        if (ZYAN_FAILED(ZydisDisassembleATT(ZYDIS_MACHINE_MODE_LONG_64, 0, cell->form.bytes + at, cell->form.length - at, &insn)))
            break;
        printf("        %s\n", insn.text);
    }
}
