/* Turns what the fault handler noted into words. */
#include "guest/describe.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "guest/backtrace.h"
#include "guest/instance.h"
#include "guest/personality.h"
#include "guest/symbols.h"

void bh_describe_fault(bh_instance *instance, const struct bh_fault *fault, bh_error_detail *detail,
                       const char *suffix) {
    char where[220] = "";
    detail->fault = fault->kind;
    detail->signal = fault->signal;
    detail->address = fault->address;
    detail->pc = fault->pc;
    if (detail->pc && bh_in_slot(instance, detail->pc, 1)) {
        detail->image_address = detail->pc - instance->slot.base - BH_IMAGE_OFFSET;
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
                     (unsigned long long)(detail->address - instance->slot.base));
        break;
    case BH_FAULT_HOSTCALL:
    case BH_FAULT_CALLBACK: snprintf(what, sizeof(what), ": number %llu", (unsigned long long)detail->address); break;
    case BH_FAULT_SIGNAL: snprintf(what, sizeof(what), ": %s", strsignal(detail->signal)); break;
    default: break;
    }
    if (detail->error == BH_ERROR_DEADLINE) {
        snprintf(detail->text, sizeof(detail->text), "the deadline passed%s%s", where, suffix);
    } else {
        instance->operations->said(instance, detail->said, sizeof(detail->said));
        bool why = fault->signal == SIGABRT && detail->said[0];
        snprintf(detail->text, sizeof(detail->text), "%s%s%s%s%s%s", bh_fault_text(fault->kind), what, where, suffix,
                 why ? "; it said: " : "", why ? detail->said : "");
    }
    bh_backtrace(instance, fault, detail);
}
