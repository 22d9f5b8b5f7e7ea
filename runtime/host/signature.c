/* Signatures: from their text to the registers and stack places of the System V ABI.
 *
 * A structure of at most 16 bytes is cut into eightbytes, each of a class that all fields in it agree on (section 3.2.3
 * of the ABI); everything larger, and what does not agree, travels in memory. */
#include "host/signature.h"

#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "host/value.h"

#define MAX_SIZE 0x100000 /* of all stack arguments, and of a result */
#define MAX_DEPTH 8

enum class { CLASS_NONE, CLASS_INTEGER, CLASS_SSE, CLASS_X87, CLASS_X87UP, CLASS_MEMORY };

struct parser {
    const char *text, *at;
    const char *problem; /* NULL while all is well */
};

struct shape {
    uint64_t size, alignment;
};

static bool fail(struct parser *parser, const char *problem) {
    if (!parser->problem)
        parser->problem = problem;
    return false;
}

static unsigned scalar_size(char type) {
    switch (type) {
    case 'b':
    case 'a':
    case 'h': return 1;
    case 's':
    case 't': return 2;
    case 'i':
    case 'u':
    case 'f': return 4;
    case 'l':
    case 'm':
    case 'p':
    case 'd': return 8;
    case 'e': return 16;
    default: return 0;
    }
}

static uint64_t round_up(uint64_t x, uint64_t alignment) { return (x + alignment - 1) & ~(alignment - 1); }

/* [count] in front of a member. */
static bool parse_count(struct parser *parser, uint64_t *count) {
    *count = 1;
    if (*parser->at < '0' || *parser->at > '9')
        return true;
    *count = 0;
    for (; *parser->at >= '0' && *parser->at <= '9'; parser->at++) {
        *count = *count * 10 + (uint64_t)(*parser->at - '0');
        if (*count > MAX_SIZE)
            return fail(parser, "the array is too long");
    }
    return *count ? true : fail(parser, "an array of no elements has no place in an argument");
}

static bool is_aggregate(char type) { return type == '{' || type == '<'; }

/* The size and alignment of the type at parser->at, which moves behind it. */
static bool parse_shape(struct parser *parser, unsigned depth, struct shape *shape) {
    char type = *parser->at;
    if (!is_aggregate(type)) {
        unsigned size = scalar_size(type);
        if (!size)
            return fail(parser, type == 'v' ? "void is only a result, or the whole list of arguments" : "unknown type");
        parser->at++;
        *shape = (struct shape){size, size};
        return true;
    }
    char close = type == '{' ? '}' : '>';
    if (depth == MAX_DEPTH)
        return fail(parser, "structures are nested too deeply");
    parser->at++;
    *shape = (struct shape){0, 1};
    while (*parser->at != close) {
        struct shape member;
        uint64_t count;
        if (!*parser->at)
            return fail(parser, type == '{' ? "'}' is missing" : "'>' is missing");
        if (!parse_count(parser, &count) || !parse_shape(parser, depth + 1, &member))
            return false;
        uint64_t start = type == '{' ? round_up(shape->size, member.alignment) : 0;
        uint64_t end = start + count * member.size;
        if (end > MAX_SIZE)
            return fail(parser, "larger than 1 MiB: pass a pointer instead");
        shape->size = end > shape->size ? end : shape->size;
        shape->alignment = member.alignment > shape->alignment ? member.alignment : shape->alignment;
    }
    if (!shape->size)
        return fail(parser, "an empty structure has no portable way to be passed: leave it out");
    parser->at++;
    shape->size = round_up(shape->size, shape->alignment);
    return true;
}

static enum class merge(enum class a, enum class b) {
    if (a == b || b == CLASS_NONE)
        return a;
    if (a == CLASS_NONE)
        return b;
    if (a == CLASS_MEMORY || b == CLASS_MEMORY)
        return CLASS_MEMORY;
    if (a == CLASS_INTEGER || b == CLASS_INTEGER)
        return CLASS_INTEGER;
    return a == CLASS_SSE && b == CLASS_SSE ? CLASS_SSE : CLASS_MEMORY;
}

/* Merges the classes of the fields of the type at *at, which lies at offset of a value of at most 16 bytes. */
static void classify(const char **at, uint64_t offset, enum class class[2]) {
    char type = **at;
    if (!is_aggregate(type)) {
        ++*at;
        if (type == 'e') {
            class[0] = merge(class[0], CLASS_X87);
            class[1] = merge(class[1], CLASS_X87UP);
        } else {
            class[offset / 8] = merge(class[offset / 8], type == 'f' || type == 'd' ? CLASS_SSE : CLASS_INTEGER);
        }
        return;
    }
    uint64_t end = offset;
    ++*at;
    while (**at != '}' && **at != '>') {
        struct parser parser = {.at = *at};
        struct shape member = {0, 1};
        uint64_t count;
        parse_count(&parser, &count);
        const char *element = parser.at;
        parse_shape(&parser, 0, &member);
        uint64_t start = type == '{' ? round_up(end, member.alignment) : offset;
        for (uint64_t n = 0; n < count; n++) {
            *at = element;
            classify(at, start + n * member.size, class);
        }
        end = start + count * member.size;
    }
    ++*at;
}

static void clean_up(enum class class[2]) {
    if (class[0] == CLASS_MEMORY || class[1] == CLASS_MEMORY || (class[1] == CLASS_X87UP && class[0] != CLASS_X87) ||
        (class[0] == CLASS_X87 && class[1] != CLASS_X87UP))
        class[0] = class[1] = CLASS_MEMORY;
}

static bool parse_parameter(struct parser *parser, bh_parameter *parameter, enum class class[2]) {
    const char *start = parser->at;
    struct shape shape;
    if (!parse_shape(parser, 0, &shape))
        return false;
    *parameter = (bh_parameter){.type = *start,
                                .size = (uint32_t)shape.size,
                                .alignment = (uint8_t)shape.alignment,
                                .piece = {BH_PASS_MEMORY, BH_PASS_MEMORY}};
    if (parameter->type == '<')
        parameter->type = '{';
    class[0] = class[1] = CLASS_NONE;
    if (shape.size <= 16)
        classify(&start, 0, class);
    else
        class[0] = CLASS_MEMORY;
    clean_up(class);
    return true;
}

static bool parse_result(struct parser *parser, bh_function *function) {
    static const uint8_t integer[] = {BH_PASS_RAX, BH_PASS_RDX}, vector[] = {BH_PASS_XMM0, BH_PASS_XMM1};
    bh_parameter *result = &function->result;
    enum class class[2];
    if (*parser->at == 'v') {
        parser->at++;
        *result = (bh_parameter){.type = 'v', .piece = {BH_PASS_MEMORY, BH_PASS_MEMORY}};
        return true;
    }
    if (!parse_parameter(parser, result, class))
        return false;
    unsigned integers = 0, vectors = 0;
    for (unsigned n = 0; n < 2 && class[n] != CLASS_NONE; n++) {
        if (class[n] == CLASS_X87)
            result->piece[n] = BH_PASS_ST0;
        else if (class[n] == CLASS_INTEGER)
            result->piece[n] = integer[integers++];
        else if (class[n] == CLASS_SSE)
            result->piece[n] = vector[vectors++];
    }
    function->memory_result = class[0] == CLASS_MEMORY;
    function->integers += function->memory_result; /* rdi points to the place */
    return true;
}

static bool parse_argument(struct parser *parser, bh_function *function) {
    bh_parameter *argument = &function->argument[function->count];
    enum class class[2];
    if (function->count == BH_MAX_ARGUMENTS)
        return fail(parser, "too many arguments");
    if (!parse_parameter(parser, argument, class))
        return false;
    function->count++;
    unsigned integers = (class[0] == CLASS_INTEGER) + (class[1] == CLASS_INTEGER);
    unsigned vectors = (class[0] == CLASS_SSE) + (class[1] == CLASS_SSE);
    /* All eightbytes find a register, or the value goes to the stack as a whole. */
    if (integers + vectors && function->integers + integers <= 6 && function->vectors + vectors <= 8) {
        for (unsigned n = 0; n < 2 && class[n] != CLASS_NONE; n++)
            argument->piece[n] = (uint8_t)(class[n] == CLASS_INTEGER ? BH_PASS_INTEGER + function->integers++
                                                                     : BH_PASS_VECTOR + function->vectors++);
        return true;
    }
    uint64_t at = round_up(function->stack_size, argument->alignment > 8 ? argument->alignment : 8);
    argument->stack = (uint32_t)at;
    at += round_up(argument->size, 8);
    if (at > MAX_SIZE)
        return fail(parser, "more than 1 MiB of arguments: pass a pointer instead");
    function->stack_size = (uint32_t)at;
    return true;
}

static bool parse(struct parser *parser, bh_function *function) {
    if (!parse_result(parser, function))
        return false;
    if (*parser->at != '(')
        return fail(parser, "'(' is missing");
    parser->at++;
    if (parser->at[0] == 'v' && parser->at[1] == ')')
        parser->at++;
    while (*parser->at != ')') {
        if (!*parser->at)
            return fail(parser, "')' is missing");
        if (*parser->at == '.')
            return fail(parser, "variable arguments are not supported; write a function with fixed ones around it");
        if (!parse_argument(parser, function))
            return false;
    }
    parser->at++;
    return *parser->at ? fail(parser, "nothing may follow ')'") : true;
}

bh_error bh_signature_parse(const char *text, bh_function *function) {
    struct parser parser = {.text = text, .at = text};
    memset(function, 0, sizeof(*function));
    if (parse(&parser, function))
        return BH_OK;
    return bh_fail(BH_ERROR_SIGNATURE, "signature '%s', position %u: %s", text, (unsigned)(parser.at - text) + 1,
                   parser.problem);
}
