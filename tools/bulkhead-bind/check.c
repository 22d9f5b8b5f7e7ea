#include "check.h"

#include <string.h>

#include "text.h"

#define COPY_ALIGN 16 /* of what malloc and the guest's memory give */

bool type_is_flat(const struct type *type) {
    if (type->kind == TYPE_ARRAY)
        return type_is_flat(type->target);
    return type->kind == TYPE_SCALAR || type->kind == TYPE_VOID || (type->kind == TYPE_BAD && type->is_data) ||
           (type->kind == TYPE_RECORD && !type->record->has_pointers);
}

bool type_needs_image(const struct type *type) {
    return type->kind == TYPE_RECORD && (type->record->has_pointers || type->record->has_padding);
}

bool is_single_scalar(const struct value *value) {
    const struct contract *contract = value->contract;
    return value->type->kind == TYPE_POINTER && value->type->target->kind == TYPE_SCALAR && contract &&
           contract->direction && !contract->count && !contract->string;
}

struct scope function_scope(const struct function *function) {
    bool called = function->pointer_spelling != NULL;
    return (struct scope){.values = function->arguments,
                          .count = function->count,
                          .owner = format("%s()", function->name),
                          .called = called ? function : NULL};
}

struct scope record_scope(const struct record *record) {
    return (struct scope){.values = record->members,
                          .count = record->count,
                          .members = true,
                          .owner = format("members of %s", record->spelling)};
}

const struct value *scope_find(const struct scope *scope, const char *name) {
    for (size_t n = 0; n < scope->count; n++) {
        if (!strcmp(scope->values[n].name, name))
            return &scope->values[n];
    }
    return scope->result && !strcmp(name, "result") ? scope->result : NULL;
}

/* The state of checking one function. */
struct checker {
    struct function *function;
    bool quiet;
};

static bool contradiction(const struct value *value, const char *problem) {
    say(value->contract->where, "error", "contract of '%s': %s", *value->name ? value->name : "?", problem);
    return false;
}

/* What a wrapper lacks; the first thing is listed. */
static bool missing(struct checker *checker, const char *problem) {
    if (!checker->function->problem)
        checker->function->problem = problem;
    return false;
}

static bool check_size(const struct value *value, const struct size *size, const struct scope *scope, bool after) {
    if (size->kind == SIZE_ADD || size->kind == SIZE_MULTIPLY)
        return check_size(value, size->a, scope, after) && check_size(value, size->b, scope, after);
    if (size->kind == SIZE_NUMBER)
        return true;
    const struct value *named = scope_find(scope, size->name);
    if (named && named->contract && named->contract->broken)
        return true;
    if (!named)
        return contradiction(value, format("there is no %s '%s'", scope->members ? "member" : "argument", size->name));
    if (size->kind == SIZE_NAME)
        return (named->type->kind == TYPE_SCALAR && named->type->is_integer) ||
               contradiction(value, format("'%s' is no integer", size->name));
    if (scope->members || !is_single_scalar(named) || !named->type->target->is_integer)
        return contradiction(
            value, format("'*%s' needs '%s' to be an argument that points to one integer, with in, out or inout",
                          size->name, size->name));
    return after || (named->contract->direction & DIRECTION_IN) ||
           contradiction(value, format("'*%s' has no value before the call: '%s' is out only", size->name, size->name));
}

static bool check_record(struct checker *checker, const struct record *record, unsigned depth);

/* Words that mean nothing where they stand. */
static bool check_words(const struct value *value, enum position position) {
    const struct contract *c = value->contract;
    bool callback_side = position == CALLBACK_ARGUMENT || position == CALLBACK_RESULT;
    bool comes_out = position == RESULT || position == ELEMENT_OUT;
    if (c->take && !comes_out && position != MEMBER)
        return contradiction(value, "take is about what the library gives to the host");
    if ((c->pinned || c->release || c->dispose) && position != ARGUMENT)
        return contradiction(value, "pinned, release and dispose are about arguments");
    if (c->cursor && position != MEMBER)
        return contradiction(value, "cursor is about members of structures");
    if (c->user && c->scoped && (comes_out || callback_side))
        return contradiction(value, "a pointer is scoped where the host gives it to a function of the library");
    if (c->zero && position != MEMBER && position != ARGUMENT)
        return contradiction(value, "zero is about arguments and members");
    if (c->callback && (comes_out || position == CALLBACK_RESULT))
        return contradiction(value, "a function of the guest cannot be called like one of the host; leave it a handle");
    if (c->used && position != ARGUMENT && position != CALLBACK_ARGUMENT)
        return contradiction(value, "used(...) is about arguments");
    if (comes_out && c->direction && c->direction != DIRECTION_OUT)
        return contradiction(value, "what the library returns comes out");
    if (comes_out && c->string && c->direction)
        return contradiction(value, "a returned string needs no buffer: say string");
    if ((position == ELEMENT_IN && (c->direction || c->keep)) ||
        (position != ARGUMENT && position != CALLBACK_ARGUMENT && c->of))
        return contradiction(value,
                             "elements are strings, handles, user pointers or callbacks, or buffers that come out");
    if (position == CALLBACK_RESULT && (c->string || c->direction) && (!c->keep || (c->direction & DIRECTION_OUT)))
        return contradiction(value, "what a callback returns must stay valid: say keep, or let it return a handle");
    if (callback_side && c->of)
        return contradiction(value, "of(...) is not for arguments of callbacks");
    return true;
}

static bool check_elements(struct checker *checker, const struct value *value, const struct scope *scope,
                           enum position position);

static bool check_target(struct checker *checker, const struct value *value, const struct scope *scope,
                         enum position position) {
    const struct contract *c = value->contract;
    const struct type *target = value->type->target;
    if ((c->direction & DIRECTION_OUT) && target->is_const && position != RESULT && position != ELEMENT_OUT &&
        position != MEMBER)
        return contradiction(value, "nothing comes out through a pointer to const");
    if (target->kind == TYPE_VOID && !c->in_bytes)
        return contradiction(value, "what void points to has no size: say bytes(SIZE)");
    if (c->in_bytes && target->kind == TYPE_BAD && !target->is_data)
        return contradiction(value, "an incomplete type cannot be copied; leave it a handle");
    if (target->align > COPY_ALIGN)
        return missing(
            checker,
            format("'%s' points to what is aligned to %lld bytes, and copies are to %d: it can only be a handle",
                   value->name, target->align, COPY_ALIGN));
    if (target->kind == TYPE_BAD && !target->is_data)
        return missing(checker, format("'%s': %s: it can only be a handle", value->name, target->problem));
    if (target->kind == TYPE_POINTER || target->kind == TYPE_FUNCTION_POINTER)
        return check_elements(checker, value, scope, position);
    if (c->of)
        return contradiction(value, "of(...) is about elements that are pointers");
    if (c->pinned && target->kind != TYPE_RECORD)
        return contradiction(value, "pinned is about structures");
    if (target->kind == TYPE_RECORD && target->record->problem)
        return missing(checker, format("'%s': %s", target->record->spelling, target->record->problem));
    if (type_is_flat(target))
        return true;
    if (target->kind != TYPE_RECORD)
        return missing(checker, format("'%s' points to arrays of pointers", value->name));
    if (c->in_bytes)
        return contradiction(value, "structures with pointers are counted, not measured in bytes");
    if (c->keep || c->take)
        return missing(checker, format("'%s': keep and take of structures with pointers", value->name));
    if (position == MEMBER || position == ELEMENT_OUT || position == ELEMENT_IN)
        return missing(
            checker, format("'%s' points from a structure or array to a structure with pointers; make it a handle, or "
                            "add functions to the library that read it",
                            value->name));
    if (position == CALLBACK_RESULT || (position == CALLBACK_ARGUMENT && (c->direction & DIRECTION_OUT)))
        return missing(checker,
                       format("'%s': structures with pointers go into callbacks, not out of them", value->name));
    return check_record(checker, target->record, 0);
}

static bool check_pointer(struct checker *checker, const struct value *value, const struct scope *scope,
                          enum position position) {
    const struct contract *c = value->contract;
    bool after = position == RESULT || position == ELEMENT_OUT;
    if (!check_words(value, position))
        return false;
    if (c->callback)
        return contradiction(value, "it does not point to a function");
    if (c->string && (value->type->target->kind != TYPE_SCALAR || !value->type->target->is_character))
        return contradiction(value, "a string is made of char");
    if (c->string && (c->direction & DIRECTION_OUT) && value->type->target->is_const)
        return contradiction(value, "nothing comes out through a pointer to const");
    if (c->count && !check_size(value, c->count, scope, after))
        return false;
    if (c->used) {
        struct scope later = *scope;
        later.result = checker->function->result.type->kind == TYPE_SCALAR ? &checker->function->result : NULL;
        if (!check_size(value, c->used, &later, true))
            return false;
    }
    return !c->direction || c->string || check_target(checker, value, scope, position);
}

static bool check_value(struct checker *checker, const struct value *value, const struct scope *scope,
                        enum position position) {
    const struct type *type = value->type;
    const struct contract *contract = value->contract;
    if (contract && contract->broken)
        return true;
    while (type->kind == TYPE_ARRAY && position == MEMBER)
        type = type->target;
    struct value plain = *value;
    plain.type = (struct type *)(uintptr_t)type;
    switch (type->kind) {
    case TYPE_RECORD:
        if (contract)
            return contradiction(value, "it is a structure, not a pointer: its members have contracts");
        return !type->record->has_pointers || check_record(checker, type->record, 0);
    case TYPE_FUNCTION_POINTER:
        if (!contract || contract->handle || contract->zero) {
            if (!contract && !checker->quiet && position != CALLBACK_ARGUMENT)
                say(value->where, "note", "%s: '%s' is opaque to the host; 'callback' would let it give functions",
                    checker->function->name, value->name);
            return true;
        }
        if (!contract->callback)
            return contradiction(value, "it points to a function: callback, handle and zero are what it can be");
        return check_words(value, position);
    case TYPE_POINTER:
        if (contract)
            return check_pointer(checker, &plain, scope, position);
        if (!checker->quiet && type->target->kind != TYPE_BAD && type->target->kind != TYPE_VOID)
            say(value->where, "note",
                "%s: '%s' has no contract: it is opaque to the host, which can only pass back what the "
                "library gave",
                checker->function->name, value->name);
        return true;
    default: return !contract || contradiction(value, "it is no pointer");
    }
}

static bool check_elements(struct checker *checker, const struct value *value, const struct scope *scope,
                           enum position position) {
    const struct contract *c = value->contract;
    if (c->in_bytes)
        return contradiction(value, "pointers are counted, not measured in bytes");
    if (position != ARGUMENT)
        return missing(checker, format("'%s' is an array of pointers, which only an argument can be", value->name));
    if (!c->of)
        return true; /* handles */
    struct value element = {.name = value->name, .where = value->where, .type = value->type->target, .contract = c->of};
    struct scope later = *scope;
    if (c->direction & DIRECTION_OUT)
        later.result = checker->function->result.type->kind == TYPE_SCALAR ? &checker->function->result : NULL;
    if ((c->direction & DIRECTION_IN) && !check_value(checker, &element, scope, ELEMENT_IN))
        return false;
    return !(c->direction & DIRECTION_OUT) || check_value(checker, &element, &later, ELEMENT_OUT);
}

static bool check_record(struct checker *checker, const struct record *record, unsigned depth) {
    struct scope scope = record_scope(record);
    if (record->problem)
        return missing(checker, format("'%s': %s", record->spelling, record->problem));
    for (size_t n = 0; n < record->count; n++) {
        const struct value *member = &record->members[n];
        const struct type *type = member->type;
        while (type->kind == TYPE_ARRAY)
            type = type->target;
        if (type->kind == TYPE_RECORD && type->record->has_pointers) {
            if (depth > 8)
                return missing(checker, format("'%s' is nested too deeply", record->spelling));
            if (!check_record(checker, type->record, depth + 1))
                return false;
        } else if (type->kind == TYPE_POINTER || type->kind == TYPE_FUNCTION_POINTER) {
            if (!member->contract)
                return missing(
                    checker, format("member '%s' of '%s' (%s) is a pointer without a contract: string, in(n), out(n), "
                                    "handle, user, %szero",
                                    member->name, record->spelling, member->where,
                                    type->kind == TYPE_FUNCTION_POINTER ? "callback, " : ""));
            if (!check_value(checker, member, &scope, MEMBER))
                return false;
            if (type->kind == TYPE_FUNCTION_POINTER && member->contract->callback) {
                check_function(type->function, checker->quiet);
                if (type->function->problem)
                    return missing(checker, format("member '%s' of '%s': %s", member->name, record->spelling,
                                                   type->function->problem));
            }
        } else if (member->contract) {
            return contradiction(member, "it is no pointer");
        }
    }
    const char *problem = users_problem(&scope);
    return !problem || missing(checker, format("'%s': %s", record->spelling, problem));
}

void check_function(struct function *function, bool quiet) {
    struct checker checker = {function, quiet};
    struct scope scope = function_scope(function);
    bool is_called = scope.called != NULL;
    if (function->signature || function->problem)
        return;
    if (function->variadic)
        function->problem = "variable arguments cannot be checked; add a function with fixed ones to the library";
    if (function->is_noreturn)
        function->problem = "it does not return, and a wrapper must when the library is stopped";
    if (function->problem || !(function->signature = signature_make(function)))
        return;
    if (is_called && function->on_error)
        function->problem = "on-error is about functions of the library";
    for (size_t n = 0; n < function->count && !function->problem; n++) {
        const struct value *argument = &function->arguments[n];
        struct function *called = argument->type->function;
        if (!check_value(&checker, argument, &scope, is_called ? CALLBACK_ARGUMENT : ARGUMENT))
            continue;
        if (called && argument->contract && argument->contract->callback && !is_called) {
            check_function(called, quiet);
            if (called->problem)
                function->problem = format("callback '%s': %s", argument->name, called->problem);
        }
    }
    struct scope with_result = scope;
    with_result.result = function->result.type->kind == TYPE_SCALAR ? &function->result : NULL;
    if (function->result.contract && function->result.contract->broken)
        return;
    if (function->result.contract && function->result.type->kind != TYPE_POINTER &&
        function->result.type->kind != TYPE_FUNCTION_POINTER)
        contradiction(&function->result, "it is no pointer");
    else if (!function->problem)
        check_value(&checker, &function->result, &with_result, is_called ? CALLBACK_RESULT : RESULT);
    if (!function->problem && !is_called)
        function->problem = users_problem(&scope);
}
