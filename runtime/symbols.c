/* Turns what the fault handler noted into words. */
#include <stdio.h>
#include <string.h>

#include "internal.h"

/* The guest's file chose the name: only what a terminal takes literally is kept. */
static void copy_name(char *to, size_t capacity, const char *from) {
    size_t n = 0;
    for (; from[n] && n + 1 < capacity; n++)
        to[n] = from[n] > ' ' && from[n] < 127 ? from[n] : '?';
    to[n] = 0;
}

void bh_symbol_name(const bh_instance *instance, uint64_t address, char *name, size_t capacity, uint64_t *offset) {
    const struct bh_elf *elf = &instance->module->elf;
    uint64_t image_address = address - instance->base - BH_IMAGE_OFFSET;
    const char *symbol = NULL;
    *offset = 0;
    name[0] = 0;
    if (image_address >= elf->code_addr && image_address < elf->code_addr + elf->code_size)
        symbol = bh_elf_symbolize(elf, image_address, offset);
    if (symbol)
        copy_name(name, capacity, symbol);
}

void bh_describe_fault(bh_instance *instance, const struct bh_fault *fault, bh_error_detail *detail, const char *suffix) {
    char where[220] = "";
    detail->fault = fault->kind;
    detail->signal = fault->signal;
    detail->address = fault->address;
    detail->pc = fault->pc;
    if (detail->pc && bh_in_slot(instance, detail->pc, 1)) {
        detail->image_address = detail->pc - instance->base - BH_IMAGE_OFFSET;
        bh_symbol_name(instance, detail->pc, detail->symbol, sizeof(detail->symbol), &detail->symbol_offset);
        snprintf(where, sizeof(where), " in %s+0x%llx (image address 0x%llx)", detail->symbol[0] ? detail->symbol : "?",
                 (unsigned long long)detail->symbol_offset, (unsigned long long)detail->image_address);
    }
    char what[80] = "";
    switch (fault->kind) {
    case BH_FAULT_ACCESS:
    case BH_FAULT_STACK_OVERFLOW:
    case BH_FAULT_BUS:
        snprintf(what, sizeof(what), " at address 0x%llx", (unsigned long long)detail->address);
        if (bh_in_slot(instance, detail->address, 1))
            snprintf(what, sizeof(what), " at address 0x%llx (slot offset 0x%llx)", (unsigned long long)detail->address,
                     (unsigned long long)(detail->address - instance->base));
        break;
    case BH_FAULT_HOSTCALL:
    case BH_FAULT_CALLBACK:
        snprintf(what, sizeof(what), ": number %llu", (unsigned long long)detail->address);
        break;
    case BH_FAULT_SIGNAL:
        snprintf(what, sizeof(what), ": %s", strsignal(detail->signal));
        break;
    default:
        break;
    }
    if (detail->error == BH_ERROR_DEADLINE)
        snprintf(detail->text, sizeof(detail->text), "the deadline passed%s%s", where, suffix);
    else
        snprintf(detail->text, sizeof(detail->text), "%s%s%s%s", bh_fault_text(fault->kind), what, where, suffix);
    bh_backtrace(instance, fault, detail);
}
