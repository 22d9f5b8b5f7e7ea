/* Which pointer of the host's comes back to what. A host function that gets another's object corrupts it, so that a
 * wrapper is only written when this is known: from the callbacks beside the pointer, from a name, or because there is
 * nothing else. */
#include <string.h>

#include "check.h"
#include "text.h"

const struct contract *user_of(const struct value *value) {
    const struct contract *contract = value->contract;
    if (contract && contract->of)
        contract = contract->of;
    return contract && contract->user ? contract : NULL;
}

static const struct type *innermost(const struct type *type) {
    while (type->kind == TYPE_ARRAY)
        type = type->target;
    return type;
}

bool is_callback(const struct value *value) {
    return innermost(value->type)->kind == TYPE_FUNCTION_POINTER && value->contract && value->contract->callback;
}

bool goes_with_callbacks(const struct scope *scope) {
    bool found = false;
    for (size_t n = 0; n < scope->count && !scope->called; n++)
        found |= is_callback(&scope->values[n]);
    return found;
}

bool all_scoped(const struct scope *scope) {
    bool scoped = goes_with_callbacks(scope);
    for (size_t n = 0; n < scope->count; n++)
        scoped &= !is_callback(&scope->values[n]) || scope->values[n].contract->scoped;
    return scoped;
}

static size_t count_unnamed(const struct scope *scope) {
    size_t count = 0;
    for (size_t n = 0; n < scope->count; n++) {
        const struct contract *contract = user_of(&scope->values[n]);
        count += contract && !contract->user_name;
    }
    return count;
}

const char *users_problem(const struct scope *scope) {
    size_t unnamed = count_unnamed(scope);
    if (!goes_with_callbacks(scope))
        return NULL;
    if (unnamed > 1)
        return "several user pointers beside callbacks: say user(NAME) of each, and the same where they come back";
    for (size_t n = 0; n < scope->count && !unnamed; n++) {
        const struct value *value = &scope->values[n];
        if (!is_callback(value))
            continue;
        struct scope arguments = function_scope(innermost(value->type)->function);
        if (count_unnamed(&arguments))
            return format("callback '%s' gets a user pointer, and none is given with it: say user(NAME) there and "
                          "where it is given",
                          value->name);
    }
    return NULL;
}

/* ---- Pointers without names or callbacks beside them ---- */

struct place {
    const struct contract *contract;
    const char *type;
    struct function *function;
    bool gives, takes;
};
static struct place *places;
static size_t place_count;

static void add_place(struct function *function, const struct value *value, bool gives, bool takes) {
    const struct contract *contract = user_of(value);
    const struct type *type = innermost(value->type);
    if (!contract || contract->user_name)
        return;
    if (value->contract->of)
        type = type->target;
    places = grow(places, place_count, sizeof *places);
    places[place_count++] =
        (struct place){contract, type->target ? type->target->spelling : "", function, gives, takes};
}

static void add_record(struct function *function, const struct type *type, unsigned depth) {
    type = innermost(type);
    if (type->kind == TYPE_POINTER)
        type = innermost(type->target);
    if (type->kind != TYPE_RECORD || !type->record->has_pointers || depth > 8)
        return;
    struct scope scope = record_scope(type->record);
    for (size_t n = 0; n < scope.count; n++) {
        if (!goes_with_callbacks(&scope))
            add_place(function, &scope.values[n], true, true);
        if (innermost(scope.values[n].type)->kind == TYPE_RECORD)
            add_record(function, scope.values[n].type, depth + 1);
    }
}

static void add_function(struct function *function, struct function *blamed) {
    struct scope scope = function_scope(function);
    bool called = scope.called != NULL;
    for (size_t n = 0; n < scope.count; n++) {
        const struct value *value = &scope.values[n];
        bool out = value->contract && (value->contract->direction & DIRECTION_OUT);
        bool in = !value->contract || !value->contract->direction || (value->contract->direction & DIRECTION_IN);
        if (!called && !goes_with_callbacks(&scope))
            add_place(blamed, value, in, out);
        add_record(blamed, value->type, 0);
        if (!called && is_callback(value))
            add_function(innermost(value->type)->function, blamed);
    }
    if (called || !goes_with_callbacks(&scope))
        add_place(blamed, &function->result, called, !called);
    add_record(blamed, function->result.type, 0);
}

static size_t givers_of(const char *type) {
    size_t count = 0;
    for (size_t n = 0; n < place_count; n++) {
        bool first = places[n].gives && !strcmp(places[n].type, type);
        for (size_t k = 0; k < n && first; k++)
            first = !places[k].gives || places[k].contract != places[n].contract;
        count += first;
    }
    return count;
}

void check_users(void) {
    for (size_t n = 0; n < model.function_count; n++) {
        if (!model.functions[n]->problem && !model.functions[n]->omitted)
            add_function(model.functions[n], model.functions[n]);
    }
    for (size_t n = 0; n < place_count; n++) {
        const struct place *place = &places[n];
        size_t givers = place->takes ? givers_of(place->type) : 1;
        if (givers != 1 && !place->function->problem)
            place->function->problem =
                format("a user pointer (%s *) comes back, and %s the library: say user(NAME) here and there",
                       place->type, givers ? "more than one place gives such to" : "nothing gives such to");
    }
}
