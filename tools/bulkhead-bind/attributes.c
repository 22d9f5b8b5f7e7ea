#include "attributes.h"

#include <ctype.h>
#include <string.h>

#include "text.h"

/* Whatever is not listed is a promise: compilers get new ones. */
enum verdict { PROMISE, HARMLESS, NO_RETURN, REFUSED };

static const struct known {
    const char *name;
    enum verdict verdict;
    const char *problem; /* REFUSED */
} table[] = {
    /* Of the library's own code, of messages, or of what compilers do with a name. */
    {"annotate", HARMLESS, NULL},
    {"annotate_type", HARMLESS, NULL},
    {"availability", HARMLESS, NULL},
    {"btf_decl_tag", HARMLESS, NULL},
    {"cold", HARMLESS, NULL},
    {"deprecated", HARMLESS, NULL},
    {"diagnose_if", HARMLESS, NULL},
    {"diagnose_as_builtin", HARMLESS, NULL},
    {"format", HARMLESS, NULL},
    {"format_arg", HARMLESS, NULL},
    {"hot", HARMLESS, NULL},
    {"maybe_unused", HARMLESS, NULL},
    {"nodebug", HARMLESS, NULL},
    {"nodiscard", HARMLESS, NULL},
    {"noescape", HARMLESS, NULL},
    {"noinline", HARMLESS, NULL},
    {"nothrow", HARMLESS, NULL},
    {"no_instrument_function", HARMLESS, NULL},
    {"sentinel", HARMLESS, NULL},
    {"unused", HARMLESS, NULL},
    {"used", HARMLESS, NULL},
    {"visibility", HARMLESS, NULL},
    {"warn_unused_result", HARMLESS, NULL},
    /* The host goes on behind every call of a library that was stopped. */
    {"noreturn", NO_RETURN, NULL},
    {"analyzer_noreturn", NO_RETURN, NULL},
    {"_Noreturn", NO_RETURN, NULL},
    {"returns_twice", REFUSED, "it returns twice, and a call into the sandbox returns once"},
    {"alias", REFUSED, "it is another name of a function that the header does not have the body of"},
    {"weakref", REFUSED, "it is a weak reference to another function; declare that function"},
    {"ifunc", REFUSED, "it is chosen by a function of the library that the host does not have"},
    {"overloadable", REFUSED, "it is overloaded; add a function with a name of its own to the library"},
    {"enable_if", REFUSED, "it is overloaded; add a function with a name of its own to the library"},
    {"cpu_dispatch", REFUSED,
     "it is one of several for different processors; add a function that chooses to the library"},
    {"cpu_specific", REFUSED,
     "it is one of several for different processors; add a function that chooses to the library"},
    {"target_clones", REFUSED,
     "it is one of several for different processors; add a function that chooses to the library"},
    {"target_version", REFUSED,
     "it is one of several for different processors; add a function that chooses to the library"},
    {"pass_object_size", REFUSED, "its callers pass sizes of objects that are not among its arguments"},
    {"pass_dynamic_object_size", REFUSED, "its callers pass sizes of objects that are not among its arguments"},
    {"interrupt", REFUSED, "it is no function that can be called"},
    {"unavailable", REFUSED, "it is unavailable"},
    {"error", REFUSED, "it must not be called"},
};

static const struct known *find(const char *name) {
    for (size_t n = 0; n < sizeof table / sizeof *table; n++) {
        if (!strcmp(table[n].name, name))
            return &table[n];
    }
    return NULL;
}

static void judge(struct function *function, const char *name, bool of_parameter) {
    const struct known *known = find(name);
    enum verdict verdict = known ? known->verdict : PROMISE;
    if (verdict == NO_RETURN && !of_parameter) /* that of an argument's type is the callback's, if it is one */
        function->is_noreturn = true;
    if (verdict == REFUSED)
        function->problem = known->problem;
    if (verdict == PROMISE && !function->promise)
        function->promise = name;
}

/* ---- As clang prints declarations and types ---- */

static const char *skip_string(const char *at) {
    for (at++; *at && *at != '"'; at++)
        at += *at == '\\' && at[1];
    return at;
}

/* A name without the underscores that protect it from macros. */
static const char *read_name(const char **at) {
    const char *start = *at;
    while (isalnum((unsigned char)**at) || **at == '_' || **at == ':')
        ++*at;
    const char *end = *at;
    for (const char *colon; (colon = memchr(start, ':', (size_t)(end - start)));)
        start = colon + 1;
    if (end - start > 4 && starts_with(start, "__") && end[-1] == '_' && end[-2] == '_')
        start += 2, end -= 2;
    return format("%.*s", (int)(end - start), start);
}

typedef void each_name(void *context, const char *name, unsigned depth);

/* The names in [[...]], or in the inner parentheses of __attribute__((...)); at is behind what opens it. */
static const char *read_list(const char *at, char closing, unsigned depth, each_name *each, void *context) {
    unsigned inner = 0;
    bool expected = true;
    for (; *at && (inner || *at != closing); at++) {
        if (*at == '"') {
            at = skip_string(at);
        } else if (expected && (isalpha((unsigned char)*at) || *at == '_')) {
            each(context, read_name(&at), depth);
            expected = false;
            at--;
        } else {
            expected |= *at == ',' && !inner;
            inner += *at == '(';
            inner -= *at == ')';
        }
        if (!*at)
            break;
    }
    return at;
}

/* Every attribute, and how many parentheses it is in. */
static void for_each_attribute(const char *printed, each_name *each, void *context) {
    unsigned depth = 0;
    for (const char *at = printed; *at; at++) {
        if (*at == '"')
            at = skip_string(at);
        else if (starts_with(at, "__attribute__(("))
            at = read_list(at + strlen("__attribute__(("), ')', depth, each, context) + 1;
        else if (starts_with(at, "[["))
            at = read_list(at + 2, ']', depth, each, context) + 1;
        else if (starts_with(at, "_Noreturn "))
            each(context, "_Noreturn", depth);
        else
            depth += (*at == '(') - (*at == ')');
        if (!*at)
            break;
    }
}

static void judge_one(void *context, const char *name, unsigned depth) { judge(context, name, depth > 0); }

void attributes_read(struct function *function, CXCursor declaration) {
    CXType type = clang_getCursorType(declaration);
    for_each_attribute(string_of(clang_getCursorPrettyPrinted(declaration, NULL)), judge_one, function);
    attributes_read_type(function, type);
    /* GCC has attributes of function types that clang ignores. */
    if (type.kind == CXType_Typedef && !function->promise)
        function->promise = format("those of the type '%s'", string_of(clang_getTypeSpelling(type)));
}

void attributes_read_type(struct function *function, CXType type) {
    for_each_attribute(string_of(clang_getTypeSpelling(clang_getCanonicalType(type))), judge_one, function);
}

static void note_another(void *context, const char *name, unsigned depth) {
    (void)depth;
    *(bool *)context |= !strcmp(name, "weakref") || !strcmp(name, "alias") || !strcmp(name, "ifunc");
}

bool attributes_name_another(CXCursor declaration) {
    bool another = false;
    for_each_attribute(string_of(clang_getCursorPrettyPrinted(declaration, NULL)), note_another, &another);
    return another;
}

/* ---- Those that clang does not know ---- */

/* The function whose declaration has the place: its name follows before the next semicolon, or it is the last one
 * before and no semicolon is between. NULL: none. */
static struct function *function_at(CXTranslationUnit unit, CXFile file, unsigned offset) {
    size_t size;
    const char *text = clang_getFileContents(unit, file, &size);
    size_t end = offset;
    while (text && end < size && text[end] != ';')
        end++;
    struct function *last = NULL, *next = NULL;
    for (size_t n = 0; n < model.function_count; n++) {
        struct function *function = model.functions[n];
        if (!function->file || !clang_File_isEqual(function->file, file))
            continue;
        if (function->offset <= offset && (!last || function->offset >= last->offset))
            last = function;
        if (function->offset > offset && function->offset < end && (!next || function->offset < next->offset))
            next = function;
    }
    if (next)
        return next;
    return last && text && offset < size && !memchr(text + last->offset, ';', offset - last->offset) ? last : NULL;
}

void attributes_read_unknown(CXTranslationUnit unit) {
    static const char *const begins[] = {"unknown attribute '", "'"};
    unsigned count = clang_getNumDiagnostics(unit);
    for (unsigned n = 0; n < count; n++) {
        CXDiagnostic diagnostic = clang_getDiagnostic(unit, n);
        const char *option = string_of(clang_getDiagnosticOption(diagnostic, NULL));
        const char *text = string_of(clang_getDiagnosticSpelling(diagnostic));
        CXFile file;
        unsigned offset;
        clang_getFileLocation(clang_getDiagnosticLocation(diagnostic), &file, NULL, NULL, &offset);
        bool unknown = !strcmp(option, "-Wunknown-attributes"), ignored = !strcmp(option, "-Wignored-attributes");
        struct function *function = file && (unknown || ignored) ? function_at(unit, file, offset) : NULL;
        const char *name = starts_with(text, begins[ignored]) ? text + strlen(begins[ignored]) : text;
        if (function)
            judge(function, read_name(&name), false);
        clang_disposeDiagnostic(diagnostic);
    }
}
