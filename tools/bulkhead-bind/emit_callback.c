/* Trampolines: what the guest calls in place of a function of the host. One for each type of function pointer. */
#include <string.h>

#include "emit.h"

const char *trampoline_name(struct function *function) {
    if (!function->needs_trampoline) {
        function->needs_trampoline = true;
        function->number = (unsigned)model.trampoline_count;
        model.trampolines = grow(model.trampolines, model.trampoline_count, sizeof(struct function *));
        model.trampolines[model.trampoline_count++] = function;
    }
    return format("%s_bind_callback_%u", emit_options->name, function->number);
}

static bool is_copied(const struct value *argument) {
    const struct contract *contract = argument->contract;
    return argument->type->kind == TYPE_POINTER && contract && (contract->direction & DIRECTION_OUT) &&
           !is_single_scalar(argument);
}

/* Host memory in the place of the guest's, which gets it back afterwards. */
static void emit_copied(struct text *text, const struct value *argument, const struct view *view, const char *name,
                        size_t n, const char *what) {
    const struct contract *contract = argument->contract;
    text_add(text, "    uint64_t s_%s = %s;\n", name + 2,
             bytes_code(view, argument->type, contract, contract->count, what));
    text_add(text, "    %s = bh_v[%zu].as.p ? bh_bind_temp(bh_c, %s, 1, s_%s) : NULL;\n", declare(argument->type, name),
             n, what, name + 2);
    if (contract->direction & DIRECTION_IN)
        text_add(text, "    %s;\n",
                 out_code(argument->type->target, what, name, format("bh_v[%zu].as.p", n), format("s_%s", name + 2)));
    if (!contract->nullable)
        text_add(text, "    if (!%s)\n        bh_bind_fail(bh_c, BH_BIND_GUEST, %s, \"is NULL\");\n", name, what);
}

static void emit_single(struct text *text, const struct value *argument, const char *name, size_t n, const char *what) {
    const char *temp = format("t_%s", name + 2);
    text_add(text, "    %s;\n    memset(&%s, 0, sizeof %s);\n", declare(argument->type->target, temp), temp, temp);
    if (argument->contract->direction & DIRECTION_IN)
        text_add(text, "    %s;\n",
                 out_code(argument->type->target, what, format("bh_v[%zu].as.p ? &%s : NULL", n, temp),
                          format("bh_v[%zu].as.p", n), format("sizeof %s", temp)));
    text_add(text, "    %s = bh_v[%zu].as.p ? &%s : NULL;\n", declare(argument->type, name), n, temp);
    if (!argument->contract->nullable)
        text_add(text, "    if (!%s)\n        bh_bind_fail(bh_c, BH_BIND_GUEST, %s, \"is NULL\");\n", name, what);
}

static void emit_record_argument(struct text *text, const struct type *type, const char *name, size_t n) {
    text_add(text, "    %s;\n    memcpy(&%s, bh_v[%zu].as.s, sizeof %s);\n", declare(type, name), name, n, name);
    emit_bools(text, type, name, "    ");
}

static void emit_argument(struct text *text, const struct value *argument, const struct view *view, const char *name,
                          size_t n, const char *what) {
    const struct type *type = argument->type;
    if (type->kind == TYPE_SCALAR) {
        text_add(text, "    %s = (%s)bh_v[%zu].as.%s;\n", declare(type, name), type_name(type), n,
                 field_of(type->letter));
    } else if (type->kind == TYPE_RECORD && type->record->has_pointers) {
        const char *raw = format("r_%s", name + 2);
        emit_record_argument(text, type, raw, n);
        text_add(text, "    %s;\n    %s(bh_c, &%s, &%s);\n", declare(type, name), record_helper(type->record, "take"),
                 raw, name);
    } else if (type->kind == TYPE_RECORD) {
        emit_record_argument(text, type, name, n);
    } else if (is_single_scalar(argument)) {
        emit_single(text, argument, name, n, what);
    } else if (is_copied(argument)) {
        emit_copied(text, argument, view, name, n, what);
    } else {
        text_add(text, "    %s = %s;\n", declare(type, name),
                 take_code(view, type, argument->contract, format("bh_v[%zu].as.p", n), what));
        const struct type *target = type->target;
        if (target && target->kind == TYPE_RECORD && target->record->has_pointers && argument->contract &&
            argument->contract->direction) {
            text_add(text, "    for (uint64_t bh_k = 0, bh_n = %s ? %s : 0; bh_k < bh_n; bh_k++) {\n", name,
                     count_code(view, argument->contract->count, what));
            text_add(text, "        %s *bh_at = (%s *)(uintptr_t)&%s[bh_k], bh_raw = *bh_at;\n", type_name(target),
                     type_name(target), name);
            text_add(text, "        %s(bh_c, &bh_raw, bh_at);\n    }\n", record_helper(target->record, "take"));
        }
    }
}

static void emit_back(struct text *text, const struct value *argument, const struct view *after, const char *name,
                      size_t n, const char *what) {
    const struct contract *contract = argument->contract;
    if (!contract || argument->type->kind != TYPE_POINTER || !(contract->direction & DIRECTION_OUT))
        return;
    if (is_single_scalar(argument)) {
        text_add(text, "        if (%s)\n            bh_bind_put(bh_c, %s, bh_v[%zu].as.p, %s, sizeof *%s);\n", name,
                 what, n, name, name);
        return;
    }
    const char *bytes = format("s_%s", name + 2);
    if (contract->used)
        bytes = format("bh_bind_used(bh_c, %s, %s, %s)", what,
                       bytes_code(after, argument->type, contract, contract->used, what), bytes);
    text_add(text, "        if (%s)\n            bh_bind_put(bh_c, %s, bh_v[%zu].as.p, %s, %s);\n", name, what, n, name,
             bytes);
}

static void emit_result(struct text *text, const struct function *function, const struct view *view) {
    const struct type *type = function->result.type;
    if (type->kind == TYPE_SCALAR)
        text_add(text, "        bh_r->as.%s = bh_result;\n", field_of(type->letter));
    else if (type_needs_image(type))
        text_add(text, "        %s(bh_c, &bh_result, bh_r->as.s);\n", record_helper(type->record, "give"));
    else if (type->kind == TYPE_RECORD)
        text_add(text, "        memcpy(bh_r->as.s, &bh_result, sizeof bh_result);\n");
    else if (type->kind != TYPE_VOID)
        text_add(text, "        bh_r->as.p = %s;\n",
                 give_code(view, type, function->result.contract, "bh_result", "\"the result\""));
}

static void emit_trampoline(struct text *text, struct function *function) {
    struct scope scope = function_scope(function);
    struct scope after_scope = scope;
    after_scope.result = function->result.type->kind == TYPE_SCALAR ? &function->result : NULL;
    struct view view = {.scope = &scope}, after = {.scope = &after_scope, .clamp = true};
    const char **names = make(function->count, sizeof(char *)), **whats = make(function->count, sizeof(char *));
    text_add(text, "    bh_bind_call bh_call_, *const bh_c = &bh_call_;\n    (void)bh_instance_;\n    (void)bh_v;\n    "
                   "(void)bh_r;\n");
    text_add(text, "    %s = (__typeof__(%s))bh_bind_callback_begin(bh_c, bh_context, %s);\n",
             format("__typeof__(%s) bh_host", function->pointer_spelling), function->pointer_spelling,
             literal(function->name));
    /* Numbers and what points to one of them first: sizes name them. */
    for (int round = 0; round < 2; round++) {
        for (size_t n = 0; n < function->count; n++) {
            const struct value *argument = &function->arguments[n];
            bool early = argument->type->kind == TYPE_SCALAR || is_single_scalar(argument);
            names[n] = argument_name(function, n);
            whats[n] = literal(
                format("argument '%s' of the callback", *argument->name ? argument->name : format("%zu", n + 1)));
            if (early == (round == 0))
                emit_argument(text, argument, &view, names[n], n, whats[n]);
        }
    }
    text_add(text, "    if (!bh_c->failed) {\n        ");
    if (function->result.type->kind != TYPE_VOID)
        text_add(text, "%s = ", declare(function->result.type, "bh_result"));
    text_add(text, "bh_host(");
    for (size_t n = 0; n < function->count; n++)
        text_add(text, "%s%s", n ? ", " : "", names[n]);
    text_add(text, ");\n        bh_bind_callback_returned(bh_c);\n");
    for (size_t n = 0; n < function->count; n++)
        emit_back(text, &function->arguments[n], &after, names[n], n, whats[n]);
    emit_result(text, function, &view);
    text_add(text, "    }\n    return bh_bind_callback_end(bh_c);\n");
}

bool emit_trampolines(struct text *prototypes, struct text *bodies) {
    bool wrote = false;
    for (size_t n = 0; n < model.trampoline_count; n++) {
        struct function *function = model.trampolines[n];
        if (function->wrote_trampoline)
            continue;
        function->wrote_trampoline = wrote = true;
        const char *head =
            format("static int %s(void *bh_context, bh_instance *bh_instance_, const bh_value *bh_v, bh_value *bh_r)",
                   trampoline_name(function));
        text_add(prototypes, "%s;\n", head);
        text_add(bodies, "%s\n{\n", head);
        emit_trampoline(bodies, function);
        text_add(bodies, "}\n\n");
    }
    return wrote;
}
