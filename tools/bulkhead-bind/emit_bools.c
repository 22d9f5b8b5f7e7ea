/* Where a type has bools: the tables by which the wrapper makes 0 or 1 of the bytes that a guest wrote there. The
 * host's compiler knows no others, and does with them what it likes. Which member of a union counts nobody knows: those
 * stay as they are. */
#include "emit.h"

static struct text tables;

static const char *record_bools(struct record *record);

const char *bools_code(const struct type *type) {
    while (type->kind == TYPE_ARRAY || (type->kind == TYPE_BAD && type->target))
        type = type->target;
    if (type->kind == TYPE_SCALAR && type->letter == 'b')
        return "NULL";
    return type->kind == TYPE_RECORD && !type->record->is_union ? record_bools(type->record) : NULL;
}

static const char *record_bools(struct record *record) {
    struct text runs = {0};
    unsigned count = 0;
    const char *name = format("%s_bind_bools_%u", emit_options->name, record->number);
    for (size_t n = 0; n < record->count && !record->wrote_bools; n++) {
        const struct value *member = &record->members[n];
        const char *bools = member->is_bit_field ? NULL : bools_code(member->type); /* one bit is 0 or 1 */
        if (bools)
            text_add(&runs, "%s{%lld, %lld, %s}", count++ ? ", " : "", member->offset / 8, member->type->size, bools);
    }
    if (count)
        text_add(&tables, "static const bh_bind_bools %s = {%llu, %u, (const bh_bind_bool_run[]){%s}};\n", name,
                 record->size, count, runs.bytes);
    record->has_bools |= count > 0;
    record->wrote_bools = true;
    return record->has_bools ? format("&%s", name) : NULL;
}

const char *out_code(const struct type *type, const char *what, const char *host, const char *guest,
                     const char *bytes) {
    const char *bools = bools_code(type);
    return bools ? format("bh_bind_out_bools(bh_c, %s, %s, %s, %s, %s)", what, host, guest, bytes, bools)
                 : format("bh_bind_out(bh_c, %s, %s, %s, %s)", what, host, guest, bytes);
}

void emit_bools(struct text *text, const struct type *type, const char *host, const char *indent) {
    const char *bools = bools_code(type);
    if (bools)
        text_add(text, "%sbh_bind_normalize(&%s, sizeof %s, %s);\n", indent, host, host, bools);
}

const char *bool_tables(void) { return tables.size ? tables.bytes : ""; }
