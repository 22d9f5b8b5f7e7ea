/* Typed calls: from values to registers and the guest's stack, and results back. */
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#include "base/fail.h"
#include "base/guarded.h"
#include "cross/enter.h"
#include "cross/frame.h"
#include "guest/call.h"
#include "guest/end.h"
#include "guest/instance.h"
#include "guest/module.h"
#include "guest/run.h"
#include "guest/short.h"
#include "guest/symbols.h"
#include "host/signature.h"
#include "host/value.h"
#include "verifier/elf.h"

/* Why a name is not exported, as far as the file tells. */
static bh_error not_exported(const bh_module *module, const char *name) {
    char other[200];
    switch (bh_symbols_alike(module, name, other, sizeof(other))) {
    case BH_ALIKE_MANGLED:
        return bh_fail(BH_ERROR_NOT_FOUND,
                       "'%s' does not export '%s', but '%s', its name in C++: declare it extern \"C\", or ask for that",
                       module->image.name, name, other);
    case BH_ALIKE_HIDDEN:
        return bh_fail(BH_ERROR_NOT_FOUND,
                       "'%s' does not export '%s', which it has: it is static, or its visibility is hidden "
                       "(-fvisibility=hidden, a version script)",
                       module->image.name, name);
    default:
        return bh_fail(BH_ERROR_NOT_FOUND,
                       "'%s' does not export '%s' (the linker takes from an archive only what something refers to: "
                       "-Wl,-u,NAME or -Wl,--whole-archive)",
                       module->image.name, name);
    }
}

static bh_error find(bh_instance *instance, const char *name, bool function, uint64_t *address) {
    uint64_t value;
    bool is_function;
    if (!bh_elf_export(&instance->module->image.elf, name, &value, &is_function))
        return not_exported(instance->module, name);
    if (function && !is_function)
        return bh_fail(BH_ERROR_NOT_FOUND, "'%s' of '%s' is not a function", name, instance->module->image.name);
    /* One past its end is an address, too. What is more is a number, not a place: the file may say anything there. */
    const struct bh_elf *elf = &instance->module->image.elf;
    if (value < elf->image_lo || value > elf->image_hi)
        return bh_fail(BH_ERROR_RANGE, "'%s' of '%s' is 0x%llx, which is no address in its image", name,
                       instance->module->image.name, (unsigned long long)value);
    *address = value + instance->slot.base + BH_IMAGE_OFFSET;
    return BH_OK;
}

bh_error bh_instance_symbol(bh_instance *instance, const char *name, bh_address *address) {
    if (!instance || !name || !address)
        return bh_fail(BH_ERROR_ARGUMENT,
                       "bh_instance_symbol: an instance, a name and a place for the address are needed");
    return find(instance, name, false, address);
}

bh_error bh_instance_function(bh_instance *instance, const char *name, const char *signature, bh_function *function) {
    if (!instance || !name || !signature || !function)
        return bh_fail(BH_ERROR_ARGUMENT,
                       "bh_instance_function: an instance, a name, a signature and a place are needed");
    if (!(instance->module->image.elf.note_flags & BH_NOTE_FLAG_LIBRARY))
        return bh_fail(BH_ERROR_KIND, "'%s' is a program: link it with --library to call its functions",
                       instance->module->image.name);
    bh_error error = bh_signature_parse(signature, function);
    return error ? error : find(instance, name, true, &function->address);
}

bh_error bh_instance_pointer(bh_instance *instance, bh_address address, const char *signature, bh_function *function) {
    if (!instance || !signature || !function)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_instance_pointer: an instance, a signature and a place are needed");
    bh_error error = bh_signature_parse(signature, function);
    if (error)
        return error;
    if (!bh_in_slot(instance, address, 1) || address % BH_BUNDLE_SIZE)
        return bh_fail(BH_ERROR_RANGE, "0x%llx is no function of the instance", (unsigned long long)address);
    function->address = address;
    return BH_OK;
}

/* One call's arguments on their way: registers, and where the stack's begin in the guest. */
struct arguments {
    bh_registers *registers;
    bh_instance *instance;
    struct bh_frame *frame;
    uint64_t stack;
    uint64_t result; /* where a result in memory goes; 0: nowhere */
};

static bool put(const struct arguments *to, uint64_t offset, const void *bytes, uint64_t size) {
    uint64_t at = to->stack + offset;
    return bh_in_slot(to->instance, at, size) && !bh_guarded_copy((void *)(uintptr_t)at, bytes, size);
}

static bh_error stack_inaccessible(struct bh_frame *frame) {
    frame->outcome.reason = LEAVE_STACK;
    return bh_call_conclude(frame);
}

static bh_error place_large(const bh_parameter *parameter, const bh_value *value, unsigned n,
                            const struct arguments *to) {
    uint64_t word[2] = {0, 0};
    const void *bytes = word;
    uint64_t size = 8;
    if (parameter->type == 'e') {
        memcpy(word, &value->as.e, 10);
        size = 16;
    } else if (parameter->type == '{') {
        if (!value->as.s)
            return bh_fail(BH_ERROR_ARGUMENT, "argument %u is a structure and its as.s is NULL", n + 1);
        bytes = value->as.s;
        size = parameter->size;
        if (parameter->piece[0] != BH_PASS_MEMORY) {
            memcpy(word, bytes, size);
            ((uint64_t *)(void *)to->registers)[parameter->piece[0]] = word[0];
            if (parameter->piece[1] != BH_PASS_MEMORY)
                ((uint64_t *)(void *)to->registers)[parameter->piece[1]] = word[1];
            return BH_OK;
        }
    } else {
        word[0] = bh_value_word(value, parameter);
    }
    return put(to, parameter->stack, bytes, size) ? BH_OK : stack_inaccessible(to->frame);
}

static inline bh_error place(const bh_function *function, const bh_value *values, const struct arguments *to) {
    for (unsigned n = 0; n < function->count; n++) {
        const bh_parameter *parameter = &function->argument[n];
        const bh_value *value = &values[n];
        if (__builtin_expect(value->type != parameter->type, 0))
            return bh_fail(BH_ERROR_SIGNATURE, "argument %u has type '%c', the signature says '%c'", n + 1,
                           value->type ? value->type : '0', parameter->type);
        if (__builtin_expect(parameter->piece[0] == BH_PASS_MEMORY || parameter->type == '{', 0)) {
            bh_error error = place_large(parameter, value, n, to);
            if (error)
                return error;
            continue;
        }
        ((uint64_t *)(void *)to->registers)[parameter->piece[0] & 15] = bh_value_word(value, parameter);
    }
    return BH_OK;
}

static bh_error take_structure(const bh_function *function, const struct arguments *from, const struct bh_frame *frame,
                               void *to) {
    const bh_parameter *result = &function->result;
    uint64_t word[2] = {0, 0};
    if (!to)
        return BH_OK;
    if (function->memory_result)
        return bh_copy_out(from->instance, to, from->result, result->size);
    for (unsigned n = 0; n < 2; n++) {
        if (result->piece[n] == BH_PASS_ST0)
            memcpy(word, frame->fnsave + 28, 10);
        else if (result->piece[n] != BH_PASS_MEMORY)
            word[n] = ((const uint64_t *)(const void *)from->registers)[result->piece[n]];
    }
    memcpy(to, word, result->size);
    return BH_OK;
}

static bh_error take_result(const bh_function *function, const struct arguments *from, const struct bh_frame *frame,
                            bh_value *result) {
    char type = function->result.type;
    if (type == '{')
        return take_structure(function, from, frame, result->as.s);
    result->type = type;
    if (type == 'e') {
        result->as.e = 0;
        memcpy(&result->as.e, frame->fnsave + 28, 10);
    } else if (type != 'v') {
        bh_value_set(result, &function->result,
                     ((const uint64_t *)(const void *)from->registers)[function->result.piece[0]]);
    }
    return BH_OK;
}

/* Finds room below sp on the guest's stack: arguments, and above them a result in memory. The rsp of the call. */
static inline uint64_t lay_out(const bh_function *function, uint64_t sp, struct arguments *to) {
    if (__builtin_expect(function->memory_result, 0)) {
        sp = (sp - function->result.size) & ~(uint64_t)15;
        to->result = bh_in_slot(to->instance, sp, 1) ? sp : to->instance->slot.base;
        to->registers->integer[0] = to->result;
    }
    sp = (sp - function->stack_size) & ~(uint64_t)15;
    to->stack = sp;
    return to->instance->slot.base + (uint32_t)(sp - 8);
}

static inline void clear_arguments(const bh_function *function, bh_registers *registers) {
    memset(registers->integer, 0, sizeof(registers->integer));
    if (function->vectors)
        memset(registers->vector, 0, sizeof(registers->vector));
    registers->vectors = function->vectors;
}

static inline bool place_simple(const bh_function *function, const bh_value *values, bh_registers *registers) {
    uint64_t *word = (uint64_t *)(void *)registers;
    for (unsigned n = 0; n < function->count; n++) {
        const bh_parameter *parameter = &function->argument[n];
        if (__builtin_expect(values[n].type != parameter->type || !bh_is_in_register(parameter), 0))
            return false;
        word[parameter->piece[0]] = bh_value_word(&values[n], parameter);
    }
    return true;
}

/* The whole of a simple call, with the instance taken. */
static inline __attribute__((always_inline)) bh_error call_simple(bh_instance *instance, const bh_function *function,
                                                                  bh_registers *registers, bh_value *result) {
    struct bh_frame_room room;
    struct bh_frame *frame = bh_frame_in(&room);
    bh_frame_init_outermost(instance, frame);
    bh_error error = bh_call_cross_outermost(instance, frame, function->address, instance->stack_pointer - 8,
                                             function->vectors ? FRAME_FLAG_VECTORS : 0, registers);
    bh_instance_give_inline(instance);
    if (!error && result) {
        result->type = function->result.type;
        if (result->type != 'v')
            bh_value_set(result, &function->result,
                         ((const uint64_t *)(const void *)registers)[function->result.piece[0]]);
    }
    return error;
}

/* With the instance taken and the frame begun. */
static inline __attribute__((always_inline)) bh_error call(bh_instance *instance, struct bh_frame *frame, uint64_t sp,
                                                           const bh_function *function, const bh_value *values,
                                                           bh_value *result, bool outermost) {
    bh_registers registers;
    struct arguments to = {.registers = &registers, .instance = instance, .frame = frame};
    clear_arguments(function, &registers);
    uint32_t flags = function->vectors ? FRAME_FLAG_VECTORS : 0;
    if (__builtin_expect(function->result.piece[0] == BH_PASS_ST0, 0)) {
        memset(frame->fnsave, 0, sizeof(frame->fnsave));
        flags |= FRAME_FLAG_ST0;
    }
    sp = lay_out(function, sp, &to);
    bh_error error = place(function, values, &to);
    if (__builtin_expect(!error, 1)) {
        if (outermost) {
            error = bh_call_cross_outermost(instance, frame, function->address, sp, flags, &registers);
        } else {
            frame->flags |= flags;
            error = bh_call_cross(frame, function->address, sp, &registers);
        }
    }
    if (!error && result)
        error = take_result(function, &to, frame, result);
    return error;
}

bh_error bh_instance_check_pointers(bh_instance *instance, bool check) {
    if (!instance)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_instance_check_pointers: no instance");
    bh_instance_detour(instance, BH_DETOUR_POINTERS, check);
    return BH_OK;
}

/* For hosts that asked for it: a pointer of their own would become some other place in the slot. */
static bh_error check_pointers(const bh_instance *instance, const bh_function *function, const bh_value *values) {
    if (!(atomic_load(&instance->detour) & BH_DETOUR_POINTERS))
        return BH_OK;
    for (unsigned n = 0; n < function->count; n++)
        if (function->argument[n].type == 'p' && values[n].type == 'p' && values[n].as.m &&
            !bh_in_slot(instance, values[n].as.m, 1))
            return bh_fail(
                BH_ERROR_RANGE,
                "argument %u, the pointer 0x%llx, does not lie in the instance's slot: guests see only memory of "
                "theirs (bh_guest_malloc, bh_copy_in)",
                n + 1, (unsigned long long)values[n].as.m);
    return BH_OK;
}

static __attribute__((noinline)) bh_error call_long(bh_instance *instance, const bh_function *function,
                                                    const bh_value *values, bh_value *result) {
    struct bh_frame frame;
    bh_error error = check_pointers(instance, function, values);
    if (!error)
        error = bh_call_begin(instance, &frame);
    if (error)
        return error;
    error = call(instance, &frame, bh_call_stack(instance, &frame), function, values, result, false);
    bh_call_end(&frame);
    return error;
}

/* The same on the short way in. */
static __attribute__((noinline)) bh_error call_large(bh_instance *instance, const bh_function *function,
                                                     const bh_value *values, bh_value *result) {
    struct bh_frame_room room;
    struct bh_frame *frame = bh_frame_in(&room);
    bh_frame_init_outermost(instance, frame);
    bh_error error = call(instance, frame, instance->stack_pointer, function, values, result, true);
    bh_instance_give_inline(instance);
    return error;
}

static bh_error refuse_call(const bh_instance *instance, const bh_function *function, const bh_value *values) {
    if (!instance || !function || (function->count && !values) || function->count > BH_MAX_ARGUMENTS)
        return bh_fail(BH_ERROR_ARGUMENT, "bh_call: an instance, a function and its arguments are needed");
    return bh_fail(BH_ERROR_ARGUMENT, "bh_call: the function belongs to another instance");
}

bh_error bh_call(bh_instance *instance, const bh_function *function, const bh_value *values, bh_value *result) {
    bh_registers registers;
    if (__builtin_expect(!instance || !function || (function->count && !values) || function->count > BH_MAX_ARGUMENTS ||
                             !bh_in_slot(instance, function->address, 1),
                         0))
        return refuse_call(instance, function, values);
    if (__builtin_expect(!bh_call_short(instance), 0))
        return call_long(instance, function, values, result);
    clear_arguments(function, &registers);
    if (__builtin_expect(!bh_may_be_simple(function) || !place_simple(function, values, &registers), 0))
        return call_large(instance, function, values, result);
    return call_simple(instance, function, &registers, result);
}

/* The next argument of this type, as bh_invoke takes it. */
static inline bh_value next_value(char type, va_list arguments) {
    bh_value value = {.type = type};
    switch (type) {
    case 'b':
    case 'a':
    case 'h':
    case 's':
    case 't':
    case 'i':
    case 'u': value.as.i = va_arg(arguments, int32_t); break;
    case 'f': value.as.f = (float)va_arg(arguments, double); break;
    case 'd': value.as.d = va_arg(arguments, double); break;
    case 'e': value.as.e = va_arg(arguments, long double); break;
    case '{': value.as.s = va_arg(arguments, void *); break;
    default: value.as.m = va_arg(arguments, uint64_t);
    }
    return value;
}

static __attribute__((noinline)) bh_error invoke_long(bh_instance *instance, const bh_function *function,
                                                      bh_value *result, va_list arguments) {
    bh_value values[BH_MAX_ARGUMENTS];
    for (unsigned n = 0; n < function->count; n++)
        values[n] = next_value(function->argument[n].type, arguments);
    return bh_call(instance, function, values, result);
}

/* The arguments of a simple call, without values in between. False, and some taken, when it is none. */
static inline bool take_simple(const bh_function *function, bh_registers *registers, va_list arguments) {
    uint64_t *word = (uint64_t *)(void *)registers;
    clear_arguments(function, registers);
    for (unsigned n = 0; n < function->count; n++) {
        const bh_parameter *parameter = &function->argument[n];
        if (__builtin_expect(!bh_is_in_register(parameter), 0))
            return false;
        if (parameter->piece[0] < BH_PASS_VECTOR && parameter->size == 8) {
            word[parameter->piece[0]] = va_arg(arguments, uint64_t);
        } else if (parameter->piece[0] < BH_PASS_VECTOR && parameter->size == 4) {
            word[parameter->piece[0]] = va_arg(arguments, uint32_t);
        } else {
            bh_value value = next_value(parameter->type, arguments);
            word[parameter->piece[0]] = bh_value_word(&value, parameter);
        }
    }
    return true;
}

bh_error bh_invoke(bh_instance *instance, const bh_function *function, bh_value *result, ...) {
    bh_registers registers;
    bh_error error;
    va_list arguments;
    if (__builtin_expect(!function || function->count > BH_MAX_ARGUMENTS, 0))
        return bh_fail(BH_ERROR_ARGUMENT, "bh_invoke: no function");
    va_start(arguments, result);
    bool simple = instance && bh_may_be_simple(function) && bh_in_slot(instance, function->address, 1) &&
                  take_simple(function, &registers, arguments);
    va_end(arguments);
    if (__builtin_expect(simple, 1) && __builtin_expect(bh_call_short(instance), 1))
        return call_simple(instance, function, &registers, result);
    va_start(arguments, result);
    error = invoke_long(instance, function, result, arguments);
    va_end(arguments);
    return error;
}

static __attribute__((noinline)) bh_error call_registers_long(bh_instance *instance, bh_address address,
                                                              bh_registers *registers) {
    struct bh_frame frame;
    bh_error error = bh_call_begin(instance, &frame);
    if (error)
        return error;
    frame.flags |= registers->vectors ? FRAME_FLAG_VECTORS : 0;
    error = bh_call_cross(&frame, address, bh_call_stack(instance, &frame) - 8, registers);
    bh_call_end(&frame);
    return error;
}

bh_error bh_call_registers(bh_instance *instance, bh_address address, bh_registers *registers) {
    struct bh_frame_room room;
    struct bh_frame *frame = bh_frame_in(&room);
    if (__builtin_expect(!instance, 0) || __builtin_expect(!registers, 0))
        return bh_fail(BH_ERROR_ARGUMENT, "bh_call_registers: an instance and registers are needed");
    if (__builtin_expect(!bh_call_short(instance), 0))
        return call_registers_long(instance, address, registers);
    bh_frame_init_outermost(instance, frame);
    uint32_t flags = 0;
    if (__builtin_expect(registers->vectors != 0, 0))
        flags = FRAME_FLAG_VECTORS;
    bh_error error = bh_call_cross_outermost(instance, frame, address, instance->stack_pointer - 8, flags, registers);
    bh_instance_give_inline(instance);
    return error;
}
