/* Pieces of code for one value. */
#include <string.h>

#include "emit.h"

const char *type_name(const struct type *type)
{
    return strpbrk(type->spelling, "([") ? format("__typeof__(%s)", type->spelling) : type->spelling;
}

const char *declare(const struct type *type, const char *name)
{
    const char *spelling = type_name(type);
    return format("%s%s%s", spelling, ends_with(spelling, "*") ? "" : " ", name);
}

const char *argument_name(const struct function *function, size_t n)
{
    const char *name = function->arguments[n].name;
    return *name ? format("p_%s", name) : format("p_%zu", n + 1);
}

const char *field_of(char letter)
{
    static const char *const signed_letters = "asi", *const unsigned_letters = "bhtu";
    if (strchr(signed_letters, letter))
        return "i";
    if (strchr(unsigned_letters, letter))
        return "u";
    return format("%c", letter);
}

const char *literal(const char *text)
{
    struct text out = {0};
    text_add(&out, "\"");
    for (; *text; text++)
        text_add(&out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
    text_add(&out, "\"");
    return out.bytes;
}

/* ---- Sizes ---- */

static const char *leaf_code(const struct view *view, const struct size *size, const char *what)
{
    const struct value *value = scope_find(view->scope, size->name);
    const struct type *type = size->kind == SIZE_TARGET ? value->type->target : value->type;
    const char *code = value == view->scope->result   ? "bh_result"
                       : size->kind == SIZE_TARGET    ? format("t_%s", size->name)
                       : view->base                   ? format("%s%s", view->base, size->name)
                                                      : format("p_%s", size->name);
    if (!type->is_signed)
        return format("(uint64_t)%s", code);
    return view->clamp ? format("(%s < 0 ? 0 : (uint64_t)%s)", code, code) : format("bh_bind_size(bh_c, %s, %s)", what, code);
}

const char *size_code(const struct view *view, const struct size *size, const char *what)
{
    switch (size->kind) {
    case SIZE_NUMBER:
        return format("UINT64_C(%llu)", (unsigned long long)size->number);
    case SIZE_ADD:
    case SIZE_MULTIPLY:
        return format("bh_bind_%s(bh_c, %s, %s, %s)", size->kind == SIZE_ADD ? "add" : "multiply", what,
                      size_code(view, size->a, what), size_code(view, size->b, what));
    default:
        return leaf_code(view, size, what);
    }
}

const char *count_code(const struct view *view, const struct size *count, const char *what)
{
    return count ? size_code(view, count, what) : "UINT64_C(1)";
}

const char *bytes_code(const struct view *view, const struct type *type, const struct contract *contract,
                       const struct size *count, const char *what)
{
    if (contract->in_bytes)
        return size_code(view, count, what);
    if (!count)
        return format("sizeof(%s)", type_name(type->target));
    return format("bh_bind_multiply(bh_c, %s, %s, sizeof(%s))", what, size_code(view, count, what), type_name(type->target));
}

/* ---- Pointers ---- */

const char *flags_code(const struct contract *contract)
{
    struct text out = {0};
    const struct {
        bool set;
        const char *name;
    } flags[] = {{contract->nullable, "NULLABLE"}, {contract->keep, "KEEP"},     {contract->take, "TAKE"},
                 {contract->pinned, "PINNED"},     {contract->scoped, "SCOPED"}};
    for (size_t n = 0; n < sizeof flags / sizeof *flags; n++) {
        if (flags[n].set)
            text_add(&out, "%sBH_BIND_%s", out.size ? " | " : "", flags[n].name);
    }
    return out.size ? out.bytes : "0";
}

const char *give_code(const struct view *view, const struct type *type, const struct contract *contract, const char *host,
                      const char *what)
{
    if (!contract || contract->handle)
        return format("bh_bind_handle(bh_c, %s, (const void *)(uintptr_t)%s)", what, host);
    if (contract->zero)
        return "0";
    const char *flags = flags_code(contract);
    if (contract->user)
        return format("bh_bind_user(bh_c, %s, (const void *)%s, %s)", what, host, flags);
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

const char *take_code(const struct view *view, const struct type *type, const struct contract *contract, const char *guest,
                      const char *what)
{
    const char *name = type_name(type);
    if (!contract || contract->handle || contract->callback)
        return format("(%s)(uintptr_t)bh_bind_take_handle(bh_c, %s, %s)", name, what, guest);
    if (contract->zero)
        return "NULL";
    const char *flags = flags_code(contract);
    if (contract->user)
        return format("(%s)bh_bind_take_user(bh_c, %s, %s, %s)", name, what, guest, flags);
    const char *release = contract->free_function ? literal(contract->free_function) : "NULL";
    if (contract->string)
        return format("(%s)bh_bind_take_string(bh_c, %s, %s, UINT64_C(%llu), %s, %s)", name, what, guest,
                      (unsigned long long)contract->limit, flags, release);
    return format("(%s)bh_bind_take(bh_c, %s, %s, %s, %s, %s)", name, what, guest,
                  bytes_code(view, type, contract, contract->count, what), flags, release);
}
