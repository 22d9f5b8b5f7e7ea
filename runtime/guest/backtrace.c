/* Backtraces of guests, by looking at their stacks.
 *
 * A stack is searched upwards for words that are the return address of a call instruction in the module's code. The
 * code is sealed, so what precedes an address is certain; that the word was pushed by that call and is still meant is
 * not. A direct call must lead to the function that the entry before it is in, unless no such word is found: then a
 * tail call stood between. A frame pointer is believed where it leads to a return address. All reads are guarded and
 * bounded. */
#include "guest/backtrace.h"

#include <string.h>

#include "base/guarded.h"
#include "base/mapping.h"
#include "guest/instance.h"
#include "guest/module.h"
#include "guest/symbols.h"
#include "slot/layout.h"

#define SCAN_LIMIT 65536 /* bytes of stack */
#define WINDOW 64        /* words read at a time */

struct scan {
    bh_instance *instance;
    uint64_t position, end;
    uint64_t code_start, code_end;
    uint64_t window_start, window_end; /* addresses of what word holds */
    uint64_t word[WINDOW];
};

static bool in_code(const struct scan *scan, uint64_t address) {
    return address >= scan->code_start && address < scan->code_end;
}

/* The stack word at address, which is below scan->end and a multiple of 8. */
static bool read_word(struct scan *scan, uint64_t address, uint64_t *word) {
    if (address < scan->window_start || address >= scan->window_end) {
        /* Not over the end of a page: the next one may not be there. */
        uint64_t size = BH_PAGE_SIZE - address % BH_PAGE_SIZE;
        size = size > sizeof(scan->word) ? sizeof(scan->word) : size;
        size = size > scan->end - address ? scan->end - address : size;
        scan->window_start = scan->window_end = 0;
        if (!bh_in_slot(scan->instance, address, size) ||
            bh_guarded_copy(scan->word, (const void *)(uintptr_t)address, size))
            return false;
        scan->window_start = address;
        scan->window_end = address + size;
    }
    *word = scan->word[(address - scan->window_start) / 8];
    return true;
}

/* Whether a call instruction ends at address. *target is where it leads, 0 when a register says. */
static bool follows_call(const struct scan *scan, uint64_t address, uint64_t *target) {
    uint8_t before[8];
    *target = 0;
    if (address % BH_BUNDLE_SIZE || !in_code(scan, address) || !in_code(scan, address - sizeof(before)) ||
        bh_guarded_copy(before, (const void *)(uintptr_t)(address - sizeof(before)), sizeof(before)))
        return false;
    if (before[3] == 0xe8) {
        int32_t offset;
        memcpy(&offset, before + 4, sizeof(offset));
        *target = address + (uint64_t)(int64_t)offset;
        return in_code(scan, *target);
    }
    return before[6] == 0xff && (before[7] & 0xf8) == 0xd0;
}

static void add(struct scan *scan, bh_error_detail *detail, bh_backtrace_kind kind, uint64_t address) {
    bh_backtrace_entry *entry = &detail->backtrace[detail->backtrace_count++];
    entry->kind = kind;
    entry->image_address = address - scan->instance->slot.base - BH_IMAGE_OFFSET;
    /* A return address may be the first byte of the next function, when the callee does not return. */
    uint64_t look = kind == BH_TRACE_PC ? address : address - 1;
    bh_symbol_name(scan->instance, look, entry->symbol, sizeof(entry->symbol), &entry->symbol_offset);
    entry->symbol_offset += address - look;
}

struct found {
    uint64_t position, address;
    bh_backtrace_kind kind;
};

/* The next return address at or above scan->position, for a callee that starts at function (0: unknown). */
static bool find_next(struct scan *scan, uint64_t function, uint64_t *bp, struct found *found) {
    struct found other = {0};
    for (uint64_t at = scan->position; at < scan->end; at += 8) {
        uint64_t word, target;
        if (!read_word(scan, at, &word) || word == scan->instance->slot.base + BH_GATE_OFFSET)
            break;
        if (!follows_call(scan, word, &target))
            continue;
        bool framed = *bp + 8 == at;
        if (framed || !target || !function || target == function) {
            *found = (struct found){at, word,
                                    framed                         ? BH_TRACE_FRAME
                                    : target && target == function ? BH_TRACE_CALLEE
                                                                   : BH_TRACE_SCANNED};
            if (framed && !read_word(scan, at - 8, bp))
                *bp = 0;
            return true;
        }
        if (!other.address)
            other = (struct found){at, word, BH_TRACE_SCANNED};
    }
    *found = other;
    return other.address != 0;
}

void bh_backtrace(bh_instance *instance, const struct bh_fault *fault, bh_error_detail *detail) {
    const struct bh_elf *elf = &instance->module->image.elf;
    struct scan scan = {.instance = instance, .code_start = instance->slot.base + BH_IMAGE_OFFSET + elf->code_addr};
    scan.code_end = scan.code_start + elf->code_size;
    scan.position = (fault->sp + 7) & ~(uint64_t)7;
    /* After an overflow rsp points below what is mapped, whichever thread's stack it is. */
    uint64_t word, low = scan.position;
    scan.end = low + BH_STACK_GUARD_SIZE;
    if (fault->kind == BH_FAULT_STACK_OVERFLOW)
        while (scan.position < scan.end && !read_word(&scan, scan.position, &word))
            scan.position = BH_PAGE_ROUND(scan.position + 1);
    scan.end = scan.position + SCAN_LIMIT;
    uint64_t slot_end = instance->slot.base + BH_SLOT_SIZE;
    scan.end = scan.end > slot_end ? slot_end : scan.end;
    detail->backtrace_count = 0;
    if (fault->pc && bh_in_slot(instance, fault->pc, 1))
        add(&scan, detail, BH_TRACE_PC, fault->pc);
    if (!fault->sp || !bh_in_slot(instance, fault->sp, 8))
        return;
    uint64_t bp = fault->bp;
    struct found found;
    while (detail->backtrace_count < BH_BACKTRACE_MAX) {
        uint64_t function = 0;
        if (detail->backtrace_count) {
            const bh_backtrace_entry *last = &detail->backtrace[detail->backtrace_count - 1];
            if (last->symbol[0])
                function = last->image_address - last->symbol_offset + instance->slot.base + BH_IMAGE_OFFSET;
        }
        if (!find_next(&scan, function, &bp, &found))
            return;
        add(&scan, detail, found.kind, found.address);
        scan.position = found.position + 8;
    }
}
