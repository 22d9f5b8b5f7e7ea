/* The wrapper of one function of the library. */
#include <string.h>

#include "emit.h"

const char *prototype(const struct function *function, bool instance) {
    struct text text = {0};
    text_add(&text, "%s",
             declare(function->result.type, format("(%s%s)(", function->name, instance ? emit_options->suffix : "")));
    if (instance)
        text_add(&text, "%s_bind *bh_b%s", emit_options->name, function->count ? ", " : "");
    for (size_t n = 0; n < function->count; n++)
        text_add(&text, "%s%s", n ? ", " : "", declare(function->arguments[n].type, argument_name(function, n)));
    text_add(&text, "%s)", !function->count && !instance ? "void" : "");
    return text.bytes;
}

/* One argument on its way: the names of what stands for it. */
struct crossing {
    const struct value *value;
    const struct contract *contract;
    const struct type *type;
    const char *name, *what, *guest, *temp;
    const struct view *view;
    bool elements;   /* an array of pointers */
    bool structures; /* of structures with pointers, or padding */
};

static struct crossing crossing_of(const struct function *function, size_t n, const struct view *view) {
    const struct value *value = &function->arguments[n];
    struct crossing c = {.value = value, .contract = value->contract, .type = value->type, .view = view};
    c.name = argument_name(function, n);
    c.what = literal(*value->name ? format("argument '%s'", value->name) : format("argument %zu", n + 1));
    c.guest = format("g_%s", c.name + 2);
    c.temp = format("t_%s", c.name + 2);
    if (c.type->kind == TYPE_POINTER && c.contract && c.contract->direction && !c.contract->string) {
        enum type_kind target = c.type->target->kind;
        c.elements = target == TYPE_POINTER || target == TYPE_FUNCTION_POINTER;
        c.structures =
            target == TYPE_RECORD && (c.type->target->record->has_pointers ||
                                      (type_needs_image(c.type->target) && (c.contract->direction & DIRECTION_IN) &&
                                       !c.contract->in_bytes && !c.contract->keep));
    }
    return c;
}

/* Copies of single integers and the like, which sizes may name. */
static void emit_scalar_copy(struct text *text, const struct crossing *c) {
    text_add(text, "    %s;\n    memset(&%s, 0, sizeof %s);\n", declare(c->type->target, c->temp), c->temp, c->temp);
    if (c->contract->direction & DIRECTION_IN)
        text_add(text, "    if (%s)\n        %s = *%s;\n", c->name, c->temp, c->name);
}

/* Arrays of structures with pointers, or of pointers: what the guest gets is made element by element. */
static void emit_images(struct text *text, const struct crossing *c) {
    const struct type *target = c->type->target;
    const char *element = c->elements ? "bh_address" : type_name(target);
    text_add(text, "    uint64_t n_%s = %s ? %s : 0;\n", c->name + 2, c->name,
             count_code(c->view, c->contract->count, c->what));
    text_add(text, "    %s *%s = bh_bind_temp(bh_c, %s, n_%s, sizeof(%s));\n", element, c->temp, c->what, c->name + 2,
             element);
    if (c->contract->direction & DIRECTION_IN) {
        text_add(text, "    for (uint64_t bh_k = 0; %s && bh_k < n_%s; bh_k++)\n", c->temp, c->name + 2);
        if (c->elements)
            text_add(text, "        %s[bh_k] = %s;\n", c->temp,
                     give_code(c->view, target, c->contract->of, format("%s[bh_k]", c->name), c->what));
        else
            text_add(text, "        %s(bh_c, (const %s *)(uintptr_t)&%s[bh_k], &%s[bh_k]);\n",
                     record_helper(target->record, "give"), type_name(target), c->name, c->temp);
    }
    text_add(text,
             "    bh_address %s = bh_bind_image(bh_c, %s, (const void *)%s, %s, bh_bind_multiply(bh_c, %s, n_%s, "
             "sizeof(%s)), "
             "%s);\n",
             c->guest, c->what, c->name, c->temp, c->what, c->name + 2, element, flags_code(c->contract));
}

static void emit_argument(struct text *text, const struct crossing *c, size_t n) {
    const struct type *type = c->type;
    if (type->kind == TYPE_SCALAR) {
        text_add(text, "    bh_v[%zu].type = '%c';\n    bh_v[%zu].as.%s = %s%s;\n", n, type->letter, n,
                 field_of(type->letter),
                 type->is_integer ? strchr("asi", type->letter)    ? "(int32_t)"
                                    : strchr("bhtu", type->letter) ? "(uint32_t)"
                                    : type->letter == 'l'          ? "(int64_t)"
                                                                   : "(uint64_t)"
                                  : "",
                 c->name);
        return;
    }
    if (type->kind == TYPE_RECORD) {
        if (type_needs_image(type))
            text_add(text, "    %s;\n    memset(&%s, 0, sizeof %s);\n    %s(bh_c, &%s, &%s);\n", declare(type, c->temp),
                     c->temp, c->temp, record_helper(type->record, "give"), c->name, c->temp);
        text_add(text, "    bh_v[%zu].type = '{';\n    bh_v[%zu].as.s = (void *)&%s;\n", n, n,
                 type_needs_image(type) ? c->temp : c->name);
        return;
    }
    if (c->elements || c->structures)
        emit_images(text, c);
    else if (is_single_scalar(c->value))
        text_add(text, "    bh_address %s = bh_bind_image(bh_c, %s, (const void *)%s, &%s, sizeof %s, %s);\n", c->guest,
                 c->what, c->name, c->temp, c->temp, flags_code(c->contract));
    else
        text_add(text, "    bh_address %s = %s;\n", c->guest, give_code(c->view, type, c->contract, c->name, c->what));
    text_add(text, "    bh_v[%zu].type = 'p';\n    bh_v[%zu].as.p = %s;\n", n, n, c->guest);
}

/* ---- After the call ---- */

static void emit_scalar_back(struct text *text, const struct crossing *c) {
    text_add(text, "        %s;\n",
             out_code(c->type->target, c->what, format("%s ? &%s : NULL", c->name, c->temp), c->guest,
                      format("sizeof %s", c->temp)));
    text_add(text, "        bh_bind_commit(bh_c, (void *)(uintptr_t)%s, &%s, sizeof %s);\n", c->name, c->temp, c->temp);
}

static const char *used_code(const struct crossing *c, const struct view *after, const char *room) {
    if (!c->contract->used)
        return room;
    struct view clamp = *after;
    clamp.clamp = true;
    return format("bh_bind_used(bh_c, %s, %s, %s)", c->what, size_code(&clamp, c->contract->used, c->what), room);
}

static void emit_images_back(struct text *text, const struct crossing *c, const struct view *after) {
    const struct type *target = c->type->target;
    const char *element = c->elements ? "bh_address" : type_name(target), *host = type_name(target);
    const char *number = c->name + 2;
    bool inout = (c->contract->direction & DIRECTION_IN) != 0;
    text_add(text, "        uint64_t u_%s = %s;\n", number, used_code(c, after, format("n_%s", number)));
    text_add(text, "        %s *a_%s = bh_bind_temp(bh_c, %s, u_%s, sizeof(%s));\n", element, number, c->what, number,
             element);
    text_add(text, "        %s *r_%s = bh_bind_temp(bh_c, %s, u_%s, sizeof(%s));\n", host, number, c->what, number,
             host);
    text_add(text, "        %s;\n",
             out_code(target, c->what, format("a_%s", number), c->guest, format("u_%s * sizeof(%s)", number, element)));
    text_add(text, "        for (uint64_t bh_k = 0; a_%s && r_%s && bh_k < u_%s; bh_k++)\n", number, number, number);
    if (c->elements) {
        const char *took = take_code(after, target, c->contract->of, format("a_%s[bh_k]", number), c->what);
        if (inout)
            text_add(text, "            r_%s[bh_k] = a_%s[bh_k] == %s[bh_k] ? %s[bh_k] : %s;\n", number, number,
                     c->temp, c->name, took);
        else
            text_add(text, "            r_%s[bh_k] = %s;\n", number, took);
    } else if (inout) {
        text_add(text, "            %s(bh_c, (const %s *)(uintptr_t)&%s[bh_k], &%s[bh_k], &a_%s[bh_k], &r_%s[bh_k]);\n",
                 record_helper(target->record, "back"), host, c->name, c->temp, number, number);
    } else {
        text_add(text, "            %s(bh_c, &a_%s[bh_k], &r_%s[bh_k]);\n", record_helper(target->record, "take"),
                 number, number);
    }
    text_add(text, "        bh_bind_commit(bh_c, %s, r_%s, u_%s * sizeof(%s));\n", c->name, number, number, host);
}

/* A structure that only goes in may hold buffers that come out. */
static void emit_contents_back(struct text *text, const struct crossing *c) {
    const struct type *target = c->type->target;
    text_add(text, "        for (uint64_t bh_k = 0; %s && bh_k < n_%s; bh_k++) {\n            %s;\n", c->temp,
             c->name + 2, declare(target, "bh_same"));
    text_add(text,
             "            %s(bh_c, (const %s *)(uintptr_t)&%s[bh_k], &%s[bh_k], &%s[bh_k], &bh_same);\n        }\n",
             record_helper(target->record, "back"), type_name(target), c->name, c->temp, c->temp);
}

static bool holds_out(const struct record *record) {
    for (size_t n = 0; n < record->count; n++) {
        const struct type *type = record->members[n].type;
        while (type->kind == TYPE_ARRAY)
            type = type->target;
        if ((record->members[n].contract && (record->members[n].contract->direction & DIRECTION_OUT)) ||
            (type->kind == TYPE_RECORD && type->record->has_pointers && holds_out(type->record)))
            return true;
    }
    return false;
}

static void emit_back(struct text *text, const struct crossing *c, const struct view *after) {
    const struct contract *contract = c->contract;
    if (c->type->kind == TYPE_RECORD && c->type->record->has_pointers && holds_out(c->type->record))
        text_add(text, "        {\n            %s;\n            %s(bh_c, &%s, &%s, &%s, &bh_same);\n        }\n",
                 declare(c->type, "bh_same"), record_helper(c->type->record, "back"), c->name, c->temp, c->temp);
    if (c->type->kind != TYPE_POINTER || !contract)
        return;
    if (c->structures && contract->direction == DIRECTION_IN && holds_out(c->type->target->record))
        emit_contents_back(text, c);
    if (!(contract->direction & DIRECTION_OUT))
        return;
    if (c->elements || c->structures) {
        emit_images_back(text, c, after);
        return;
    }
    /* The sizes were the host's, before the call, and it cannot have changed them: they are this function's
     * own copies. */
    const char *bytes = format("s_%s", c->name + 2);
    if (contract->string) {
        text_add(text, "        bh_bind_out_string(bh_c, %s, (char *)%s, %s, %s);\n", c->what, c->name, c->guest,
                 bytes);
        return;
    }
    if (contract->used) {
        struct view clamp = *after;
        clamp.clamp = true;
        bytes = format("bh_bind_used(bh_c, %s, %s, %s)", c->what,
                       bytes_code(&clamp, c->type, contract, contract->used, c->what), bytes);
    }
    text_add(text, "        %s;\n",
             out_code(c->type->target, c->what, format("(void *)(uintptr_t)%s", c->name), c->guest, bytes));
}

/* The bytes of a plain out buffer, computed before the call: what sizes name may change in it. */
static bool needs_bytes(const struct crossing *c) {
    return c->type->kind == TYPE_POINTER && c->contract && (c->contract->direction & DIRECTION_OUT) && !c->elements &&
           !c->structures && !is_single_scalar(c->value);
}

static void emit_result(struct text *text, const struct function *function, const struct view *after) {
    const struct type *type = function->result.type;
    const struct contract *contract = function->result.contract;
    const char *what = "\"the result\"";
    if (type->kind == TYPE_RECORD && type->record->has_pointers) {
        text_add(text, "        %s(bh_c, &bh_raw, &bh_result);\n", record_helper(type->record, "take"));
    } else if (type->kind == TYPE_POINTER || type->kind == TYPE_FUNCTION_POINTER) {
        const struct type *target = type->target;
        text_add(text, "        bh_result = %s;\n", take_code(after, type, contract, "bh_r.as.p", what));
        if (target && target->kind == TYPE_RECORD && target->record->has_pointers && contract && contract->direction) {
            const char *name = type_name(target);
            text_add(text, "        for (uint64_t bh_k = 0, bh_n = bh_result ? %s : 0; bh_k < bh_n; bh_k++) {\n",
                     count_code(after, contract->count, what));
            text_add(text, "            %s *bh_at = (%s *)(uintptr_t)&bh_result[bh_k], bh_raw = *bh_at;\n", name, name);
            text_add(text, "            %s(bh_c, &bh_raw, bh_at);\n        }\n", record_helper(target->record, "take"));
        }
    }
}

static bool disposes(const struct function *function, size_t *which) {
    for (*which = 0; *which < function->count; ++*which) {
        if (function->arguments[*which].contract && function->arguments[*which].contract->dispose)
            return true;
    }
    return false;
}

static void emit_end(struct text *text, const struct function *function) {
    const struct type *type = function->result.type;
    if (type->kind == TYPE_VOID)
        text_add(text, "    bh_bind_end(bh_c);\n");
    else if (function->on_error)
        text_add(text, "    return bh_bind_end(bh_c) ? bh_result : %s;\n",
                 type->kind == TYPE_RECORD ? function->on_error
                                           : format("(%s)(%s)", type_name(type), function->on_error));
    else if (type->kind == TYPE_RECORD)
        text_add(
            text,
            "    if (!bh_bind_end(bh_c))\n        memset(&bh_result, 0, sizeof bh_result);\n    return bh_result;\n");
    else
        text_add(text, "    return bh_bind_end(bh_c) ? bh_result : (%s)0;\n", type_name(type));
}

/* Whether the library can change what a size names: then the host would take its word for how large its own
 * buffer is. */
static bool size_changes(const struct function *function, const struct size *size) {
    if (!size || size->kind == SIZE_NUMBER || size->kind == SIZE_NAME)
        return false;
    if (size->kind != SIZE_TARGET)
        return size_changes(function, size->a) || size_changes(function, size->b);
    struct scope scope = function_scope(function);
    return (scope_find(&scope, size->name)->contract->direction & DIRECTION_OUT) != 0;
}

static bool needs_count_check(const struct function *function, const struct crossing *c) {
    return c->type->kind == TYPE_POINTER && c->contract && size_changes(function, c->contract->count);
}

static void emit_body(struct text *text, const struct function *function, unsigned index) {
    const struct type *result = function->result.type;
    struct scope scope = function_scope(function);
    struct scope after_scope = scope;
    struct view before = {.scope = &scope}, after = {.scope = &after_scope};
    after_scope.result = result->kind == TYPE_SCALAR ? &function->result : NULL;
    struct crossing *c = make(function->count, sizeof *c);
    text_add(text, "    bh_bind_call bh_call_, *const bh_c = &bh_call_;\n    bh_value bh_v[%zu], bh_r;\n",
             function->count ? function->count : 1);
    bool raw = result->kind == TYPE_RECORD && result->record->has_pointers;
    if (result->kind != TYPE_VOID)
        text_add(text, "    %s;\n    memset(&bh_result, 0, sizeof bh_result);\n", declare(result, "bh_result"));
    if (raw)
        text_add(text, "    %s;\n", declare(result, "bh_raw"));
    if (result->kind == TYPE_RECORD)
        text_add(text, "    bh_r.as.s = &%s;\n", raw ? "bh_raw" : "bh_result");
    text_add(text, "    bh_bind_begin(bh_c, bh_b, %u);\n", index);
    for (size_t n = 0; n < function->count; n++) {
        c[n] = crossing_of(function, n, &before);
        if (is_single_scalar(c[n].value))
            emit_scalar_copy(text, &c[n]);
    }
    for (size_t n = 0; n < function->count; n++) {
        if (needs_count_check(function, &c[n]))
            text_add(text, "    uint64_t b_%s = %s;\n", c[n].name + 2,
                     count_code(&before, c[n].contract->count, c[n].what));
        if (needs_bytes(&c[n]))
            text_add(text, "    uint64_t s_%s = %s;\n", c[n].name + 2,
                     bytes_code(&before, c[n].type, c[n].contract, c[n].contract->count, c[n].what));
        emit_argument(text, &c[n], n);
    }
    text_add(text, "    if (bh_bind_run(bh_c, bh_v, &bh_r)) {\n");
    if (result->kind == TYPE_SCALAR)
        text_add(text, "        bh_result = (%s)bh_r.as.%s;\n", type_name(result), field_of(result->letter));
    if (result->kind == TYPE_RECORD)
        emit_bools(text, result, raw ? "bh_raw" : "bh_result", "        ");
    for (size_t n = 0; n < function->count; n++) {
        if (is_single_scalar(c[n].value) && (c[n].contract->direction & DIRECTION_OUT))
            emit_scalar_back(text, &c[n]);
    }
    for (size_t n = 0; n < function->count; n++) {
        if (needs_count_check(function, &c[n]))
            text_add(text, "        bh_bind_used(bh_c, %s, %s, b_%s);\n", c[n].what,
                     count_code(&after, c[n].contract->count, c[n].what), c[n].name + 2);
        if (!is_single_scalar(c[n].value))
            emit_back(text, &c[n], &after);
    }
    emit_result(text, function, &after);
    for (size_t n = 0; n < function->count; n++) {
        if (c[n].contract && c[n].contract->release)
            text_add(text, "        bh_bind_unpin(bh_c, %s);\n", c[n].name);
    }
    text_add(text, "    }\n");
    emit_end(text, function);
}

void emit_function(struct text *text, const struct function *function, unsigned index) {
    size_t which;
    text_add(text, "%s\n{\n", prototype(function, true));
    if (disposes(function, &which)) {
        text_add(text, "    (void)bh_b;\n");
        for (size_t n = 0; n < function->count; n++) {
            if (n != which)
                text_add(text, "    (void)%s;\n", argument_name(function, n));
        }
        text_add(text, "    free((void *)(uintptr_t)%s);\n", argument_name(function, which));
        if (function->result.type->kind != TYPE_VOID)
            text_add(text, "    %s;\n    memset(&bh_result, 0, sizeof bh_result);\n    return bh_result;\n",
                     declare(function->result.type, "bh_result"));
    } else {
        emit_body(text, function, index);
    }
    text_add(text, "}\n\n%s\n{\n    %s(%s%s)(bh_bind_default(%s_library)", prototype(function, false),
             function->result.type->kind == TYPE_VOID ? "" : "return ", function->name, emit_options->suffix,
             emit_options->name);
    for (size_t n = 0; n < function->count; n++)
        text_add(text, ", %s", argument_name(function, n));
    text_add(text, ");\n}\n\n");
}
