/* What the wrapper's compiler must see as bulkhead-bind did: a header reads differently with other options, and the
 * wrapper would pass other bytes than it means to. */
#include <string.h>

#include "emit.h"

static void add(struct text *text, const char *condition, const char *type) {
    const char *line = format(
        "_Static_assert(%s, %s);\n", condition,
        literal(format("%s is another type than bulkhead-bind saw: compile with the options that it had", type)));
    if (!text->size || !strstr(text->bytes, line))
        text_add(text, "%s", line);
}

static void add_function(struct text *text, const struct function *function);

static void add_type(struct text *text, const struct type *type);

static void add_record(struct text *text, struct record *record) {
    if (record->wrote_layout || strchr(record->spelling, '('))
        return;
    record->wrote_layout = true;
    add(text, format("sizeof(%s) == %llu", record->spelling, record->size), record->spelling);
    for (size_t n = 0; n < record->count; n++) {
        const struct value *member = &record->members[n];
        if (*member->name && !member->is_bit_field && member->type->size > 0)
            add(text,
                format("__builtin_offsetof(%s, %s) == %lld && sizeof(((%s *)0)->%s) == %lld", record->spelling,
                       member->name, member->offset / 8, record->spelling, member->name, member->type->size),
                record->spelling);
        add_type(text, member->type);
    }
}

static void add_type(struct text *text, const struct type *type) {
    while (type->kind == TYPE_POINTER || type->kind == TYPE_ARRAY)
        type = type->target;
    if (type->kind == TYPE_RECORD)
        add_record(text, type->record);
    else if (type->kind == TYPE_FUNCTION_POINTER && type->function->signature)
        add_function(text, type->function);
    else if ((type->kind == TYPE_SCALAR || (type->kind == TYPE_BAD && type->is_data)) && !type->unnameable)
        add(text, format("sizeof(%s) == %lld", type_name(type), type->size), type->spelling);
}

static void add_function(struct text *text, const struct function *function) {
    add_type(text, function->result.type);
    for (size_t n = 0; n < function->count; n++)
        add_type(text, function->arguments[n].type);
}

void emit_layout(struct text *text, const struct function *function) { add_function(text, function); }
