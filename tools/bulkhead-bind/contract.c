#include "contract.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define MAX_NESTING 16

struct reader {
    const char *at, *where;
    unsigned depth;
    bool bad;
};

static void fail(struct reader *reader, const char *problem, const char *detail) {
    if (!reader->bad)
        say(reader->where, "error", "contract: %s%s%s%s", problem, *detail ? " '" : "", detail, *detail ? "'" : "");
    reader->bad = true;
}

static void skip_space(struct reader *reader) {
    while (isspace((unsigned char)*reader->at))
        reader->at++;
}

static bool take(struct reader *reader, char c) {
    skip_space(reader);
    if (*reader->at != c)
        return false;
    reader->at++;
    return true;
}

static void expect(struct reader *reader, char c) {
    if (!take(reader, c))
        fail(reader, format("'%c' is missing %s", c, *reader->at ? "before" : "at the end"), reader->at);
}

static char *word(struct reader *reader) {
    skip_space(reader);
    const char *start = reader->at;
    while (isalnum((unsigned char)*reader->at) || *reader->at == '_')
        reader->at++;
    return format("%.*s", (int)(reader->at - start), start);
}

static uint64_t number(struct reader *reader, const char *digits) {
    char *end;
    errno = 0;
    unsigned long long value = strtoull(digits, &end, 0);
    if (end == digits || *end || errno)
        fail(reader, "this is no number:", digits);
    return value;
}

static struct size *new_size(enum size_kind kind, struct size *a, struct size *b) {
    struct size *size = make(1, sizeof *size);
    *size = (struct size){.kind = kind, .a = a, .b = b};
    return size;
}

static struct size *parse_size(struct reader *reader);

static struct size *parse_factor(struct reader *reader) {
    struct size *size;
    if (reader->depth >= MAX_NESTING) {
        fail(reader, "the size is nested too deeply", "");
        return new_size(SIZE_NUMBER, NULL, NULL);
    }
    if (take(reader, '(')) {
        reader->depth++;
        size = parse_size(reader);
        reader->depth--;
        expect(reader, ')');
        return size;
    }
    size = new_size(take(reader, '*') ? SIZE_TARGET : SIZE_NAME, NULL, NULL);
    size->name = word(reader);
    if (!*size->name) {
        fail(reader, *reader->at ? "a size is missing before" : "a size is missing at the end", reader->at);
    } else if (isdigit((unsigned char)*size->name)) {
        if (size->kind == SIZE_TARGET)
            fail(reader, "'*' needs a name, not", size->name);
        size->kind = SIZE_NUMBER;
        size->number = number(reader, size->name);
    }
    return size;
}

static struct size *parse_product(struct reader *reader) {
    struct size *size = parse_factor(reader);
    while (!reader->bad && take(reader, '*'))
        size = new_size(SIZE_MULTIPLY, size, parse_factor(reader));
    return size;
}

static struct size *parse_size(struct reader *reader) {
    struct size *size = parse_product(reader);
    while (!reader->bad && take(reader, '+'))
        size = new_size(SIZE_ADD, size, parse_product(reader));
    return size;
}

static void set(struct reader *reader, bool *flag, const char *name) {
    if (*flag)
        fail(reader, "said twice:", name);
    *flag = true;
}

static void parse_words(struct reader *reader, struct contract *contract);

static void parse_direction(struct reader *reader, struct contract *contract, enum direction direction) {
    if (contract->direction)
        fail(reader, "it has two directions; 'inout' is both", "");
    contract->direction = direction;
    if (take(reader, '(')) {
        if (contract->count)
            fail(reader, "it has two sizes", "");
        contract->count = parse_size(reader);
        expect(reader, ')');
    }
}

static void parse_sized(struct reader *reader, struct size **size) {
    if (*size)
        fail(reader, "it has two sizes", "");
    expect(reader, '(');
    *size = parse_size(reader);
    expect(reader, ')');
}

/* (NAME), if that is next. */
static void parse_name(struct reader *reader, char **name) {
    if (!take(reader, '('))
        return;
    *name = word(reader);
    if (!**name)
        fail(reader, *reader->at ? "a name is missing before" : "a name is missing at the end", reader->at);
    expect(reader, ')');
}

static void parse_of(struct reader *reader, struct contract *contract) {
    if (contract->of)
        fail(reader, "said twice:", "of");
    if (++reader->depth >= MAX_NESTING)
        fail(reader, "nested too deeply", "");
    contract->of = make(1, sizeof *contract->of);
    contract->of->where = reader->where;
    expect(reader, '(');
    if (!reader->bad)
        parse_words(reader, contract->of);
    expect(reader, ')');
    reader->depth--;
}

static void parse_word(struct reader *reader, struct contract *contract, const char *name) {
    const struct {
        const char *name;
        bool *flag;
    } flags[] = {{"nullable", &contract->nullable}, {"handle", &contract->handle}, {"callback", &contract->callback},
                 {"scoped", &contract->scoped},     {"keep", &contract->keep},     {"pinned", &contract->pinned},
                 {"release", &contract->release},   {"cursor", &contract->cursor}, {"zero", &contract->zero},
                 {"dispose", &contract->dispose}};
    for (size_t n = 0; n < sizeof flags / sizeof *flags; n++) {
        if (!strcmp(name, flags[n].name)) {
            set(reader, flags[n].flag, name);
            return;
        }
    }
    if (!strcmp(name, "in")) {
        parse_direction(reader, contract, DIRECTION_IN);
    } else if (!strcmp(name, "out")) {
        parse_direction(reader, contract, DIRECTION_OUT);
    } else if (!strcmp(name, "inout")) {
        parse_direction(reader, contract, DIRECTION_INOUT);
    } else if (!strcmp(name, "bytes")) {
        parse_sized(reader, &contract->count);
        contract->in_bytes = true;
    } else if (!strcmp(name, "used")) {
        parse_sized(reader, &contract->used);
    } else if (!strcmp(name, "of")) {
        parse_of(reader, contract);
    } else if (!strcmp(name, "string")) {
        set(reader, &contract->string, name);
        if (take(reader, '(')) {
            contract->limit = number(reader, word(reader));
            if (!contract->limit)
                fail(reader, "a string needs at least one byte", "");
            expect(reader, ')');
        }
    } else if (!strcmp(name, "take")) {
        set(reader, &contract->take, name);
        parse_name(reader, &contract->free_function);
    } else if (!strcmp(name, "user")) {
        set(reader, &contract->user, name);
        parse_name(reader, &contract->user_name);
    } else {
        fail(reader, "unknown word", *name ? name : reader->at);
    }
}

static void parse_words(struct reader *reader, struct contract *contract) {
    for (skip_space(reader); *reader->at && *reader->at != ')' && !reader->bad; skip_space(reader))
        parse_word(reader, contract, word(reader));
}

bool contract_parse(struct contract *contract, const char *text, const char *where) {
    struct reader reader = {.at = text, .where = where};
    if (!contract->where)
        contract->where = where;
    parse_words(&reader, contract);
    if (!reader.bad && *reader.at)
        fail(&reader, "nothing opens this", reader.at);
    return !reader.bad;
}

static bool contradicts(const struct contract *contract, const char *problem) {
    say(contract->where, "error", "contract: %s", problem);
    return false;
}

bool contract_consistent(const struct contract *c) {
    int kinds = c->handle + c->user + c->callback + c->zero + c->dispose;
    bool describes = c->direction || c->string || c->count;
    if (kinds > 1)
        return contradicts(c, "only one of handle, user, callback, zero and dispose can hold");
    if (kinds && (describes || c->of || c->used || c->take || c->keep || c->pinned || c->release || c->cursor))
        return contradicts(
            c, "handle, user, callback, zero and dispose say all there is; sizes and directions contradict them");
    if (c->count && !c->direction)
        return contradicts(c, "a size needs a direction: in, out or inout");
    if (c->used && !(c->direction & DIRECTION_OUT))
        return contradicts(c, "used(...) is about what comes out: it needs out or inout");
    if (c->string && c->direction == DIRECTION_IN)
        return contradicts(c, "a string's size is its own: 'string' alone is an in");
    if (c->string && c->direction && !c->count)
        return contradicts(c, "an out string needs the size of its buffer: out(SIZE) string");
    if (c->string && c->used)
        return contradicts(c, "a string ends at its NUL; used(...) contradicts that");
    if (c->scoped && !c->callback && !c->user)
        return contradicts(c, "scoped is about callbacks and user pointers");
    if (c->keep && c->take)
        return contradicts(c, "keep and take contradict each other");
    if (c->release && !c->pinned)
        return contradicts(c, "release is the end of pinned: say both");
    if (c->pinned && (c->count || c->string || c->keep || c->take || !c->direction))
        return contradicts(c, "pinned is for one structure that goes in, out or both");
    if (c->cursor && !c->count)
        return contradicts(c, "a cursor needs the buffer that it moves in: in, out or inout with a size");
    if (c->of && (!c->direction || c->string || c->in_bytes))
        return contradicts(c, "of(...) is about the elements of in, out or inout, counted, not in bytes");
    return !c->of || contract_consistent(c->of);
}
