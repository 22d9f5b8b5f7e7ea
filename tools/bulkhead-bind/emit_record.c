/* Helpers for structures that hold pointers:
 *   give  what the guest gets in place of the host's structure: bh_to is zeros, and padding stays so
 *   back  what the host gets when the guest had it: bh_from is what the host gave, bh_sent what the guest got, bh_after
 * what it left there (a copy) take  the host's structure from a copy of one that the guest made */
#include <string.h>

#include "emit.h"

const char *record_helper(struct record *record, const char *which) {
    *(!strcmp(which, "give")   ? &record->needs_give
      : !strcmp(which, "back") ? &record->needs_back
                               : &record->needs_take) = true;
    return format("%s_bind_%s_%u", emit_options->name, which, record->number);
}

/* One member, or one element of an array member: index is "" or "[bh_k][..]". */
struct place {
    const struct value *member;
    const struct type *type;
    const char *at; /* behind the structure: "name[bh_0]" */
    const char *what;
    const struct view *view;
};

static const char *word_at(const char *structure, const struct place *place) {
    return format("(bh_address)(uintptr_t)%s->%s", structure, place->at);
}

static void emit_give(struct text *text, const struct place *place) {
    const char *host = format("bh_from->%s", place->at);
    if (place->type->kind == TYPE_RECORD)
        text_add(text, "    %s(bh_c, &%s, &bh_to->%s);\n", record_helper(place->type->record, "give"), host, place->at);
    else
        text_add(text, "    bh_to->%s = (%s)(uintptr_t)%s;\n", place->at, type_name(place->type),
                 give_code(place->view, place->type, place->member->contract, host, place->what));
}

/* Strings that the library puts into structures are kept: the structure goes back to it, perhaps, long after other
 * calls of the same function. */
static const char *member_take_code(const struct place *place, const char *structure) {
    struct contract lasting = *place->member->contract;
    lasting.keep |= lasting.string && !lasting.take;
    return take_code(place->view, place->type, &lasting, word_at(structure, place), place->what);
}

static void emit_take(struct text *text, const struct place *place) {
    if (place->type->kind == TYPE_RECORD)
        text_add(text, "    %s(bh_c, &bh_from->%s, &bh_to->%s);\n", record_helper(place->type->record, "take"),
                 place->at, place->at);
    else
        text_add(text, "    bh_to->%s = %s;\n", place->at, member_take_code(place, "bh_from"));
}

static void emit_back(struct text *text, const struct place *place) {
    const struct contract *contract = place->member->contract;
    const struct type *type = place->type;
    if (type->kind == TYPE_RECORD) {
        text_add(text, "    %s(bh_c, &bh_from->%s, &bh_sent->%s, &bh_after->%s, &bh_to->%s);\n",
                 record_helper(type->record, "back"), place->at, place->at, place->at, place->at);
        return;
    }
    const char *sent = word_at("bh_sent", place);
    const char *bytes =
        contract->direction ? bytes_code(place->view, type, contract, contract->count, place->what) : NULL;
    const char *host = format("(void *)(uintptr_t)bh_from->%s", place->at);
    if ((contract->direction & DIRECTION_OUT) && !contract->cursor && contract->string)
        text_add(text, "    bh_bind_out_string(bh_c, %s, %s, %s, %s);\n", place->what, host, sent, bytes);
    else if ((contract->direction & DIRECTION_OUT) && !contract->cursor)
        text_add(text, "    %s;\n", out_code(type->target, place->what, host, sent, bytes));
    /* What the guest says now of a host's buffer must not be more than there is. */
    struct view later = {.scope = place->view->scope, .base = "bh_after->"};
    const char *left = contract->count ? bytes_code(&later, type, contract, contract->count, place->what) : NULL;
    if (contract->cursor)
        text_add(text,
                 "    bh_to->%s = (%s)bh_bind_take_cursor(bh_c, %s, %s, (const void *)bh_from->%s, %s, %s, %s);\n",
                 place->at, type_name(type), place->what, word_at("bh_after", place), place->at, sent, bytes, left);
    else if (left && contract->count->kind != SIZE_NUMBER)
        text_add(text, "    bh_bind_used(bh_c, %s, %s, bh_from->%s ? %s : 0);\n", place->what, left, place->at, bytes);
    /* What it moved over is what it wrote. */
    if (contract->cursor && (contract->direction & DIRECTION_OUT))
        text_add(
            text, "    %s;\n",
            out_code(type->target, place->what, host, sent,
                     format("(uint64_t)((const char *)bh_to->%s - (const char *)bh_from->%s)", place->at, place->at)));
    if (contract->cursor)
        return;
    if (contract->direction || contract->zero)
        text_add(text, "    bh_to->%s = bh_from->%s;\n", place->at, place->at);
    else
        text_add(text, "    bh_to->%s = bh_after->%s == bh_sent->%s ? bh_from->%s : %s;\n", place->at, place->at,
                 place->at, place->at, member_take_code(place, "bh_after"));
}

typedef void emit_place(struct text *text, const struct place *place);

static void emit_member(struct text *text, const struct record *record, const struct value *member, emit_place *emit) {
    struct scope scope = record_scope(record);
    struct view view = {.scope = &scope, .base = "bh_from->", .guest_only = emit == emit_take};
    struct place place = {member, member->type, member->name, NULL, &view};
    unsigned depth = 0;
    for (; place.type->kind == TYPE_ARRAY; place.type = place.type->target, depth++) {
        text_add(text, "    for (size_t bh_%u = 0; bh_%u < %lld; bh_%u++) {\n", depth, depth, place.type->count, depth);
        place.at = format("%s[bh_%u]", place.at, depth);
    }
    place.what = literal(format("member '%s' of '%s'", member->name, record->spelling));
    emit(text, &place);
    while (depth--)
        text_add(text, "    }\n");
}

static const struct type *innermost(const struct type *type) {
    while (type->kind == TYPE_ARRAY)
        type = type->target;
    return type;
}

static bool has_place(const struct value *member) {
    const struct type *type = innermost(member->type);
    return type->kind == TYPE_POINTER || type->kind == TYPE_FUNCTION_POINTER ||
           (type->kind == TYPE_RECORD && type->record->has_pointers);
}

static void emit_helper(struct text *prototypes, struct text *bodies, struct record *record, const char *which,
                        const char *parameters, emit_place *emit, const char *origin) {
    const char *head = format("static void %s(bh_bind_call *bh_c, %s)", record_helper(record, which), parameters);
    text_add(prototypes, "%s;\n", head);
    text_add(bodies, "%s\n{\n    (void)bh_c;\n", head);
    if (emit == emit_back)
        text_add(bodies, "    (void)bh_from, (void)bh_sent;\n");
    bool one_by_one = emit == emit_give && record->has_padding;
    if (!one_by_one)
        text_add(bodies, "    *bh_to = *%s;\n", origin);
    for (size_t n = 0; n < record->count; n++) {
        const struct value *member = &record->members[n];
        if (has_place(member) || (one_by_one && type_needs_image(innermost(member->type))))
            emit_member(bodies, record, member, emit);
        else if (one_by_one && member->type->kind == TYPE_ARRAY)
            text_add(bodies, "    memcpy(bh_to->%s, bh_from->%s, sizeof bh_to->%s);\n", member->name, member->name,
                     member->name);
        else if (one_by_one)
            text_add(bodies, "    bh_to->%s = bh_from->%s;\n", member->name, member->name);
    }
    text_add(bodies, "}\n\n");
}

bool emit_records(struct text *prototypes, struct text *bodies) {
    bool wrote = false;
    for (size_t n = 0; n < model.record_count; n++) {
        struct record *record = model.records[n];
        const char *s = record->spelling;
        if (record->needs_give && !record->wrote_give) {
            wrote = record->wrote_give = true;
            emit_helper(prototypes, bodies, record, "give", format("const %s *bh_from, %s *bh_to", s, s), emit_give,
                        "bh_from");
        }
        if (record->needs_back && !record->wrote_back) {
            wrote = record->wrote_back = true;
            emit_helper(prototypes, bodies, record, "back",
                        format("const %s *bh_from, const %s *bh_sent, const %s *bh_after, %s *bh_to", s, s, s, s),
                        emit_back, "bh_after");
        }
        if (record->needs_take && !record->wrote_take) {
            wrote = record->wrote_take = true;
            emit_helper(prototypes, bodies, record, "take", format("const %s *bh_from, %s *bh_to", s, s), emit_take,
                        "bh_from");
        }
    }
    return wrote;
}
