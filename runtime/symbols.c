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

void bh_describe_fault(bh_instance *instance, bh_error_detail *detail) {
    const struct bh_elf *elf = &instance->module->elf;
    char where[220] = "";
    detail->fault = instance->fault;
    detail->signal = instance->fault_signal;
    detail->address = instance->fault_address;
    detail->pc = instance->fault_pc;
    if (detail->pc && bh_in_slot(instance, detail->pc, 1)) {
        detail->image_address = detail->pc - instance->base - BH_IMAGE_OFFSET;
        const char *symbol = NULL;
        if (detail->image_address >= elf->code_addr && detail->image_address < elf->code_addr + elf->code_size)
            symbol = bh_elf_symbolize(elf, detail->image_address, &detail->symbol_offset);
        if (symbol)
            copy_name(detail->symbol, sizeof(detail->symbol), symbol);
        snprintf(where, sizeof(where), " in %s+0x%llx (image address 0x%llx)", symbol ? detail->symbol : "?",
                 (unsigned long long)detail->symbol_offset, (unsigned long long)detail->image_address);
    }
    char what[80] = "";
    switch (instance->fault) {
    case BH_FAULT_ACCESS:
    case BH_FAULT_STACK_OVERFLOW:
    case BH_FAULT_BUS:
        snprintf(what, sizeof(what), " at address 0x%llx", (unsigned long long)detail->address);
        if (bh_in_slot(instance, detail->address, 1))
            snprintf(what, sizeof(what), " at address 0x%llx (slot offset 0x%llx)", (unsigned long long)detail->address,
                     (unsigned long long)(detail->address - instance->base));
        break;
    case BH_FAULT_HOSTCALL:
        snprintf(what, sizeof(what), ": number %llu", (unsigned long long)detail->address);
        break;
    case BH_FAULT_SIGNAL:
        snprintf(what, sizeof(what), ": %s", strsignal(detail->signal));
        break;
    default:
        break;
    }
    if (detail->error == BH_ERROR_DEADLINE)
        snprintf(detail->text, sizeof(detail->text), "the deadline passed%s", where);
    else
        snprintf(detail->text, sizeof(detail->text), "%s%s%s", bh_fault_text(instance->fault), what, where);
}
