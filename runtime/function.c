/* Calls to exports: signatures, and where the System V ABI puts arguments and results. */
#include <string.h>

#include "internal.h"

static bool is_type(char type) {
    return type && strchr("iulmpfde", type);
}

static bool is_float(char type) {
    return type == 'f' || type == 'd';
}

static bh_error parse_signature(const char *text, bh_function *function) {
    const char *at = text;
    function->count = 0;
    if (*at != 'v' && !is_type(*at))
        goto bad;
    function->result = *at++;
    if (*at++ != '(')
        goto bad;
    if (at[0] == 'v' && at[1] == ')')
        at++;
    for (; is_type(*at); at++) {
        if (function->count == BH_MAX_ARGUMENTS)
            return bh_fail(BH_ERROR_SIGNATURE, "signature '%s': at most %d arguments", text, BH_MAX_ARGUMENTS);
        function->argument[function->count++] = *at;
    }
    if (!strcmp(at, "..)") || !strncmp(at, "...", 3))
        return bh_fail(BH_ERROR_SIGNATURE, "signature '%s': variable arguments are not supported; wrap the function", text);
    if (at[0] == ')' && !at[1])
        return BH_OK;
bad:
    return bh_fail(BH_ERROR_SIGNATURE, "signature '%s' is not RESULT(ARGUMENTS) with types of \"viulmpfde\"; problem at '%s'",
                   text, at);
}

static bh_error find(bh_instance *instance, const char *name, bool function, uint64_t *address) {
    bool is_function;
    if (!bh_elf_export(&instance->module->elf, name, address, &is_function))
        return bh_fail(BH_ERROR_NOT_FOUND, "'%s' does not export '%s'", instance->module->name, name);
    if (function && !is_function)
        return bh_fail(BH_ERROR_NOT_FOUND, "'%s' of '%s' is not a function", name, instance->module->name);
    *address += instance->base + BH_IMAGE_OFFSET;
    return BH_OK;
}

bh_error bh_instance_symbol(bh_instance *instance, const char *name, bh_address *address) {
    if (!instance || !name || !address)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_instance_symbol: an instance, a name and a place for the address are needed");
    return find(instance, name, false, address);
}

bh_error bh_instance_function(bh_instance *instance, const char *name, const char *signature, bh_function *function) {
    if (!instance || !name || !signature || !function)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_instance_function: an instance, a name, a signature and a place are needed");
    if (!(instance->module->elf.note_flags & BH_NOTE_FLAG_LIBRARY))
        return bh_fail(BH_ERROR_KIND, "'%s' is a program: link it with --library to call its functions", instance->module->name);
    bh_error error = parse_signature(signature, function);
    return error ? error : find(instance, name, true, &function->address);
}

/* What goes on the guest's stack: the return address, then the arguments that found no register. */
struct stack_arguments {
    uint64_t word[1 + 2 * BH_MAX_ARGUMENTS];
    unsigned count; /* without the return address */
};

static bh_error place(const bh_function *function, const bh_value *values, struct bh_frame *frame,
                      struct stack_arguments *stack) {
    uint64_t *integer[6] = {&frame->rdi, &frame->rsi, &frame->rdx, &frame->rcx, &frame->r8, &frame->r9};
    unsigned integers = 0, floats = 0;
    for (unsigned n = 0; n < function->count; n++) {
        char type = function->argument[n];
        if (values[n].type != type)
            return bh_fail(BH_ERROR_SIGNATURE, "argument %u has type '%c', the signature says '%c'", n + 1,
                           values[n].type ? values[n].type : '0', type);
        uint64_t bits = 0;
        memcpy(&bits, &values[n].as, type == 'i' || type == 'u' || type == 'f' ? 4 : 8);
        if (type == 'i')
            bits = (uint64_t)(int64_t)values[n].as.i;
        if (type == 'e') {
            stack->count += stack->count & 1; /* 16-byte aligned, as the arguments begin */
            memset(&stack->word[1 + stack->count], 0, 16);
            memcpy(&stack->word[1 + stack->count], &values[n].as.e, 10);
            stack->count += 2;
        } else if (is_float(type) && floats < 8) {
            frame->xmm[floats++] = bits;
        } else if (!is_float(type) && integers < 6) {
            *integer[integers++] = bits;
        } else {
            stack->word[1 + stack->count++] = bits;
        }
    }
    frame->rax = floats;
    return BH_OK;
}

static void take_result(char type, const struct bh_frame *frame, bh_value *result) {
    memset(result, 0, sizeof(*result));
    result->type = type;
    switch (type) {
    case 'i':
        result->as.i = (int32_t)frame->rax;
        break;
    case 'u':
        result->as.u = (uint32_t)frame->rax;
        break;
    case 'f':
        memcpy(&result->as.f, &frame->xmm[0], 4);
        break;
    case 'd':
        memcpy(&result->as.d, &frame->xmm[0], 8);
        break;
    case 'e':
        memcpy(&result->as.e, frame->fnsave + 28, 10);
        break;
    case 'v':
        break;
    default:
        result->as.m = frame->rax;
    }
}

static bh_error call(bh_instance *instance, const bh_function *function, const bh_value *values, bh_value *result) {
    struct bh_frame frame;
    struct stack_arguments stack;
    stack.count = 0;
    /* Not all of it: host calls fill in the register image, whose header must be clean, and the rest is for results. */
    memset(frame.xsave + FRAME_XSAVE_HEADER, 0, 64);
    memset((char *)&frame + FRAME_FLAGS, 0, FRAME_FNSAVE - FRAME_FLAGS);
    bh_error error = place(function, values, &frame, &stack);
    if (error)
        return error;
    uint64_t first = (bh_stack_pointer(instance) - 8 * stack.count) & ~(uint64_t)15;
    stack.word[0] = instance->return_gate;
    frame.rsp = first - 8;
    frame.flags = function->result == 'e' ? FRAME_FLAG_ST0 : 0;
    if (!bh_in_slot(instance, frame.rsp, 8 * (stack.count + 1)) ||
        bh_guarded_copy((void *)(uintptr_t)frame.rsp, stack.word, 8 * (stack.count + 1))) {
        instance->state = BH_INSTANCE_DEAD;
        return bh_fail(BH_ERROR_RANGE, "the guest's stack is not accessible: it unmapped or protected it");
    }
    error = bh_call_frame(instance, &frame, function->address);
    if (!error && result)
        take_result(function->result, &frame, result);
    return error;
}

bh_error bh_call(bh_instance *instance, const bh_function *function, const bh_value *values, bh_value *result) {
    bh_error error;
    if (!instance || !function || (function->count && !values) || function->count > BH_MAX_ARGUMENTS)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_call: an instance, a function and its arguments are needed");
    if (!bh_in_slot(instance, function->address, 1))
        return bh_fail(BH_ERROR_ARGUMENT, "bh_call: the function belongs to another instance");
    if (!bh_instance_lock(instance, &error))
        return error;
    error = call(instance, function, values, result);
    bh_instance_unlock(instance);
    return error;
}

bh_error bh_invoke(bh_instance *instance, const bh_function *function, bh_value *result, ...) {
    if (!function || function->count > BH_MAX_ARGUMENTS)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_invoke: no function");
    bh_value values[BH_MAX_ARGUMENTS];
    va_list arguments;
    va_start(arguments, result);
    for (unsigned n = 0; n < function->count; n++) {
        values[n].type = function->argument[n];
        switch (function->argument[n]) {
        case 'i':
        case 'u':
            values[n].as.i = va_arg(arguments, int32_t);
            break;
        case 'f':
            values[n].as.f = (float)va_arg(arguments, double);
            break;
        case 'd':
            values[n].as.d = va_arg(arguments, double);
            break;
        case 'e':
            values[n].as.e = va_arg(arguments, long double);
            break;
        default:
            values[n].as.m = va_arg(arguments, uint64_t);
        }
    }
    va_end(arguments);
    return bh_call(instance, function, values, result);
}
