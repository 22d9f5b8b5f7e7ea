/* Pieces of code for one value. */
#include <string.h>

#include "emit.h"

const char *type_name(const struct type *type) {
    return strpbrk(type->spelling, "([") ? format("__typeof__(%s)", type->spelling) : type->spelling;
}

const char *declare(const struct type *type, const char *name) {
    const char *spelling = type_name(type);
    return format("%s%s%s", spelling, ends_with(spelling, "*") ? "" : " ", name);
}

static const char *value_name(const struct value *value, size_t n) {
    return *value->name ? value->name : format("%zu", n + 1);
}

const char *argument_name(const struct function *function, size_t n) {
    return format("p_%s", value_name(&function->arguments[n], n));
}

const char *field_of(char letter) {
    static const char *const signed_letters = "asi", *const unsigned_letters = "bhtu";
    if (strchr(signed_letters, letter))
        return "i";
    if (strchr(unsigned_letters, letter))
        return "u";
    return format("%c", letter);
}

const char *literal(const char *text) {
    struct text out = {0};
    text_add(&out, "\"");
    for (; *text; text++)
        text_add(&out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    text_add(&out, "\"");
    return out.bytes;
}

/* ---- Sizes ---- */

static const char *leaf_code(const struct view *view, const struct size *size, const char *what) {
    const struct value *value = scope_find(view->scope, size->name);
    const struct type *type = size->kind == SIZE_TARGET ? value->type->target : value->type;
    const char *code = value == view->scope->result ? "bh_result"
                       : size->kind == SIZE_TARGET  ? format("t_%s", size->name)
                       : view->base                 ? format("%s%s", view->base, size->name)
                                                    : format("p_%s", size->name);
    if (!type->is_signed)
        return format("(uint64_t)%s", code);
    return view->clamp ? format("(%s < 0 ? 0 : (uint64_t)%s)", code, code)
                       : format("bh_bind_size(bh_c, %s, %s)", what, code);
}

const char *size_code(const struct view *view, const struct size *size, const char *what) {
    switch (size->kind) {
    case SIZE_NUMBER: return format("UINT64_C(%llu)", (unsigned long long)size->number);
    case SIZE_ADD:
    case SIZE_MULTIPLY:
        return format("bh_bind_%s(bh_c, %s, %s, %s)", size->kind == SIZE_ADD ? "add" : "multiply", what,
                      size_code(view, size->a, what), size_code(view, size->b, what));
    default: return leaf_code(view, size, what);
    }
}

const char *count_code(const struct view *view, const struct size *count, const char *what) {
    return count ? size_code(view, count, what) : "UINT64_C(1)";
}

const char *bytes_code(const struct view *view, const struct type *type, const struct contract *contract,
                       const struct size *count, const char *what) {
    if (contract->in_bytes)
        return size_code(view, count, what);
    if (!count)
        return format("sizeof(%s)", type_name(type->target));
    return format("bh_bind_multiply(bh_c, %s, %s, sizeof(%s))", what, size_code(view, count, what),
                  type_name(type->target));
}

/* ---- Pointers ---- */

const char *flags_code(const struct contract *contract) {
    struct text out = {0};
    const struct {
        bool set;
        const char *name;
    } flags[] = {{contract->nullable, "NULLABLE"},
                 {contract->keep, "KEEP"},
                 {contract->take, "TAKE"},
                 {contract->pinned, "PINNED"},
                 {contract->scoped, "SCOPED"}};
    for (size_t n = 0; n < sizeof flags / sizeof *flags; n++) {
        if (flags[n].set)
            text_add(&out, "%sBH_BIND_%s", out.size ? " | " : "", flags[n].name);
    }
    return out.size ? out.bytes : "0";
}

/* The functions of the host's in the view's scope: what pointers without names go with. */
static const char *functions_code(const struct view *view, unsigned *count) {
    struct text out = {0};
    *count = 0;
    for (size_t n = 0; n < view->scope->count; n++) {
        const struct value *value = &view->scope->values[n];
        const struct type *type = value->type;
        if (!is_callback(value))
            continue;
        const char *code =
            view->scope->members ? format("bh_from->%s", value->name) : format("p_%s", value_name(value, n));
        struct text index = {0};
        unsigned long long all = 1;
        for (; type->kind == TYPE_ARRAY; type = type->target)
            all *= (unsigned long long)type->count;
        for (unsigned long long k = 0; k < all; k++) { /* arrays of functions: each of them */
            unsigned long long rest = k, size = all;
            index.size = 0;
            for (type = value->type; type->kind == TYPE_ARRAY; type = type->target) {
                size /= (unsigned long long)type->count;
                text_add(&index, "[%llu]", rest / size);
                rest %= size;
            }
            text_add(&out, "%s(bh_bind_host_function *)%s%s", out.size ? ", " : "", code,
                     index.size ? index.bytes : "");
            ++*count;
        }
    }
    return out.bytes;
}

/* The kind of pointer that user says; gives: it goes to the library. */
static const char *kind_code(const struct view *view, const struct type *type, const struct contract *contract,
                             bool gives) {
    const char *const array = "(bh_bind_host_function *const[])";
    unsigned count;
    if (contract->user_name)
        return format("&(const bh_bind_user_kind){%s, 0, NULL}", literal(contract->user_name));
    if (view->scope->called && !gives)
        return format("&(const bh_bind_user_kind){NULL, 1, %s{(bh_bind_host_function *)bh_host}}", array);
    if (!goes_with_callbacks(view->scope))
        return format("&(const bh_bind_user_kind){%s, 0, NULL}", literal(format("%s *", type->target->spelling)));
    if (view->guest_only)
        return "&(const bh_bind_user_kind){NULL, 0, NULL}";
    const char *functions = functions_code(view, &count);
    return format("&(const bh_bind_user_kind){%s, %u, %s{%s}}", literal(view->scope->owner), count, array, functions);
}

static const char *user_flags(const struct view *view, const struct contract *contract) {
    struct contract effective = *contract;
    effective.scoped |= !contract->user_name && all_scoped(view->scope);
    return flags_code(&effective);
}

const char *give_code(const struct view *view, const struct type *type, const struct contract *contract,
                      const char *host, const char *what) {
    if (!contract || contract->handle)
        return format("bh_bind_handle(bh_c, %s, (const void *)(uintptr_t)%s)", what, host);
    if (contract->zero)
        return "0";
    const char *flags = flags_code(contract);
    if (contract->user)
        return format("bh_bind_user(bh_c, %s, (const void *)%s, %s, %s)", what, host,
                      kind_code(view, type, contract, true), user_flags(view, contract));
    if (contract->callback)
        return format("bh_bind_function(bh_c, %s, (void (*)(void))%s, %s, %s, %s)", what, host,
                      literal(type->function->signature), trampoline_name(type->function), flags);
    if (contract->string && !contract->direction)
        return format("bh_bind_string(bh_c, %s, (const char *)%s, UINT64_C(%llu), %s)", what, host,
                      (unsigned long long)contract->limit, flags);
    const char *bytes = bytes_code(view, type, contract, contract->count, what);
    if (contract->direction & DIRECTION_IN)
        return format("bh_bind_in(bh_c, %s, (const void *)%s, %s, %s)", what, host, bytes, flags);
    return format("bh_bind_image(bh_c, %s, (const void *)%s, NULL, %s, %s)", what, host, bytes, flags);
}

const char *take_code(const struct view *view, const struct type *type, const struct contract *contract,
                      const char *guest, const char *what) {
    const char *name = type_name(type);
    if (!contract || contract->handle || contract->callback)
        return format("(%s)(uintptr_t)bh_bind_take_handle(bh_c, %s, %s)", name, what, guest);
    if (contract->zero)
        return "NULL";
    const char *flags = flags_code(contract);
    if (contract->user)
        return format("(%s)bh_bind_take_user(bh_c, %s, %s, %s, %s)", name, what, guest,
                      kind_code(view, type, contract, false), flags);
    const char *release = contract->free_function ? literal(contract->free_function) : "NULL";
    if (contract->string)
        return format("(%s)bh_bind_take_string(bh_c, %s, %s, UINT64_C(%llu), %s, %s)", name, what, guest,
                      (unsigned long long)contract->limit, flags, release);
    const char *bytes = bytes_code(view, type, contract, contract->count, what), *bools = bools_code(type->target);
    if (bools)
        return format("(%s)bh_bind_take_bools(bh_c, %s, %s, %s, %s, %s, %s)", name, what, guest, bytes, flags, release,
                      bools);
    return format("(%s)bh_bind_take(bh_c, %s, %s, %s, %s, %s)", name, what, guest, bytes, flags, release);
}
