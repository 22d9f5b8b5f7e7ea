/* Reads a header: parses it by libclang, reports what libclang reports, and collects functions and contracts. */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attributes.h"
#include "hide.h"
#include "options.h"
#include "sidefile.h"
#include "text.h"

#define ANNOTATION "bulkhead:"
#define GCC_VERSION "-fgnuc-version=15.1.0"

struct model model;
static const struct options *settings;
static CXFile main_file;

const char *string_of(CXString string) {
    const char *text = clang_getCString(string);
    char *copy = format("%s", text ? text : "");
    clang_disposeString(string);
    return copy;
}

const char *cursor_where(CXCursor cursor) {
    CXFile file;
    unsigned line;
    clang_getFileLocation(clang_getCursorLocation(cursor), &file, &line, NULL, NULL);
    return format("%s:%u", file ? string_of(clang_getFileName(file)) : settings->header, line);
}

void unsupported(const char *where, const char *name, const char *why) {
    say(where, "unsupported", "%s: %s", name, why);
    model.unsupported++;
}

bool name_taken(const char *name) {
    for (size_t n = 0; n < model.name_count; n++) {
        if (!strcmp(model.names[n], name))
            return true;
    }
    return false;
}

/* ---- Contracts ---- */

enum annotation_kind { ANNOTATION_POINTER, ANNOTATION_RESULT, ANNOTATION_ON_ERROR, ANNOTATION_OMIT };

struct annotations {
    enum annotation_kind wanted;
    const char *text; /* NULL: none; several are one text */
};

static enum annotation_kind kind_of(const char *words, const char **rest) {
    static const char *const prefixes[] = {"", "result ", "on-error ", "omit"};
    for (int kind = ANNOTATION_RESULT; kind <= ANNOTATION_OMIT; kind++) {
        if (starts_with(words, prefixes[kind])) {
            *rest = words + strlen(prefixes[kind]);
            return (enum annotation_kind)kind;
        }
    }
    *rest = words;
    return ANNOTATION_POINTER;
}

static enum CXChildVisitResult collect_annotation(CXCursor cursor, CXCursor parent, CXClientData data) {
    struct annotations *annotations = data;
    const char *rest;
    (void)parent;
    if (clang_getCursorKind(cursor) != CXCursor_AnnotateAttr)
        return CXChildVisit_Continue;
    const char *text = string_of(clang_getCursorSpelling(cursor));
    if (starts_with(text, ANNOTATION) && kind_of(text + strlen(ANNOTATION), &rest) == annotations->wanted)
        annotations->text = annotations->text ? format("%s %s", annotations->text, rest) : rest;
    return CXChildVisit_Continue;
}

static const char *annotation(CXCursor cursor, enum annotation_kind wanted) {
    struct annotations annotations = {.wanted = wanted};
    if (!clang_Cursor_isNull(cursor))
        clang_visitChildren(cursor, collect_annotation, &annotations);
    return annotations.text;
}

/* What is asked again gets the same answer, so that a typedef's mistakes are reported once. */
struct known {
    const char *where, *key;
    struct contract *contract;
};
static struct known *known;
static size_t known_count;

struct contract *contract_for(CXCursor cursor, const char *where, const char *kind, const char *path,
                              const char *name) {
    const char *key = format("%s %s %s", kind, path, name ? name : "");
    for (size_t n = 0; n < known_count; n++) {
        if (!strcmp(known[n].where, where) && !strcmp(known[n].key, key))
            return known[n].contract;
    }
    const char *text = annotation(cursor, strcmp(kind, "result") ? ANNOTATION_POINTER : ANNOTATION_RESULT);
    const struct side_line *line = side_find(kind, path, name);
    if (text && line)
        say(line->where, "error", "the header has a contract for '%s' already, at %s", name ? name : path, where);
    struct contract *contract = NULL;
    if (text || line) {
        contract = make(1, sizeof *contract);
        contract->broken = !contract_parse(contract, text ? text : line->rest, text ? where : line->where) ||
                           !contract_consistent(contract);
    }
    known = grow(known, known_count, sizeof *known);
    known[known_count++] = (struct known){where, key, contract};
    return contract;
}

/* ---- Declarations ---- */

static bool is_bound(CXCursor cursor) {
    CXFile file;
    /* Where it stands, also when macros declare it. */
    clang_getFileLocation(clang_getCursorLocation(cursor), &file, NULL, NULL, NULL);
    if (!file)
        return false;
    if (clang_File_isEqual(file, main_file))
        return true;
    const char *name = string_of(clang_getFileName(file));
    for (size_t n = 0; n < settings->also.count; n++) {
        const char *also = settings->also.items[n];
        size_t length = strlen(name), suffix = strlen(also);
        if (!strcmp(name, also) ||
            (length > suffix && name[length - suffix - 1] == '/' && !strcmp(name + length - suffix, also)))
            return true;
    }
    return false;
}

static void note(const char *where, const char *name, const char *what) {
    if (!settings->quiet)
        say(where, "note", "%s: %s", name, what);
}

static struct function *find_function(const char *name) {
    for (size_t n = 0; n < model.function_count; n++) {
        if (!strcmp(model.functions[n]->name, name))
            return model.functions[n];
    }
    return NULL;
}

static enum CXChildVisitResult find_label(CXCursor cursor, CXCursor parent, CXClientData data) {
    (void)parent;
    *(bool *)data |= clang_getCursorKind(cursor) == CXCursor_AsmLabelAttr;
    return CXChildVisit_Continue;
}

/* What the library's module exports it as. The host's compiler must not use that name: it would take the place of
 * whatever else in the host has it. */
static void read_symbol(struct function *function, CXCursor cursor) {
    bool labelled = false;
    function->symbol = string_of(clang_Cursor_getMangling(cursor));
    clang_visitChildren(cursor, find_label, &labelled);
    if (!strcmp(function->symbol, function->name))
        return;
    function->promise = format("the symbol '%s'", function->symbol);
    if (!labelled)
        function->problem =
            format("a pragma calls it '%s'; say so by an asm label of its declaration", function->symbol);
}

static void add_function(CXCursor cursor) {
    const char *name = string_of(clang_getCursorSpelling(cursor)), *where = cursor_where(cursor);
    if (clang_Cursor_getStorageClass(cursor) == CX_SC_Static || clang_Cursor_isFunctionInlined(cursor)) {
        if (attributes_name_another(cursor))
            unsupported(where, name, "it is only another name of a function of the library; declare that function");
        else
            note(where, name, "static or inline, so it stays in the host; handles that it dereferences fault there");
        return;
    }
    if (find_function(name))
        return; /* annotations of a later declaration do not count: the first is the library's interface */
    struct function *function = make(1, sizeof *function);
    function->name = name;
    function_fill(function, clang_getCursorType(cursor), cursor, name);
    clang_getFileLocation(clang_getCursorLocation(cursor), &function->file, NULL, NULL, &function->offset);
    read_symbol(function, cursor);
    function->on_error = annotation(cursor, ANNOTATION_ON_ERROR);
    const struct side_line *line = side_find("on-error", name, NULL);
    if (line && function->on_error)
        say(line->where, "error", "the header says on-error for '%s' already, at %s", name, where);
    else if (line)
        function->on_error = line->rest;
    line = side_find("omit", name, NULL);
    function->omitted = line ? line->where : annotation(cursor, ANNOTATION_OMIT) ? where : NULL;
    model.functions = grow(model.functions, model.function_count, sizeof(struct function *));
    model.functions[model.function_count++] = function;
}

static void add_name(const char *name) {
    model.names = grow(model.names, model.name_count, sizeof(char *));
    model.names[model.name_count++] = format("%s", name);
}

static enum CXChildVisitResult visit(CXCursor cursor, CXCursor parent, CXClientData data) {
    enum CXCursorKind kind = clang_getCursorKind(cursor);
    (void)parent, (void)data;
    const char *name = string_of(clang_getCursorSpelling(cursor));
    if (*name && kind != CXCursor_InclusionDirective)
        add_name(name);
    if (kind == CXCursor_LinkageSpec || kind == CXCursor_UnexposedDecl || kind == CXCursor_EnumDecl)
        return CXChildVisit_Recurse;
    if (!is_bound(cursor))
        return CXChildVisit_Continue;
    if (kind == CXCursor_FunctionDecl)
        add_function(cursor);
    if (kind == CXCursor_VarDecl && clang_Cursor_getStorageClass(cursor) != CX_SC_Static) {
        const struct side_line *line = side_find("omit", name, NULL);
        if (!line && !annotation(cursor, ANNOTATION_OMIT))
            unsupported(cursor_where(cursor), name,
                        "a variable: the host cannot share it; add functions that read and write it "
                        "to the library, or say omit");
        else
            note(cursor_where(cursor), name, "omitted as asked");
    }
    return CXChildVisit_Continue;
}

/* Every declaration of a function counts for what compilers believe of it, wherever it is. */
static enum CXChildVisitResult visit_again(CXCursor cursor, CXCursor parent, CXClientData data) {
    enum CXCursorKind kind = clang_getCursorKind(cursor);
    struct function *function = NULL;
    (void)parent, (void)data;
    if (kind == CXCursor_LinkageSpec || kind == CXCursor_UnexposedDecl)
        return CXChildVisit_Recurse;
    if (kind == CXCursor_FunctionDecl)
        function = find_function(string_of(clang_getCursorSpelling(cursor)));
    if (function)
        attributes_read(function, cursor);
    return CXChildVisit_Continue;
}

static void read_attributes(CXTranslationUnit unit) {
    clang_visitChildren(clang_getTranslationUnitCursor(unit), visit_again, NULL);
    attributes_read_unknown(unit);
}

/* ---- The header ---- */

/* Reports what clang reports; true when the header is usable. */
static bool report_diagnostics(CXTranslationUnit unit) {
    bool good = true;
    unsigned count = clang_getNumDiagnostics(unit);
    for (unsigned n = 0; n < count; n++) {
        CXDiagnostic diagnostic = clang_getDiagnostic(unit, n);
        CXFile file;
        unsigned line;
        if (clang_getDiagnosticSeverity(diagnostic) >= CXDiagnostic_Error) {
            clang_getFileLocation(clang_getDiagnosticLocation(diagnostic), &file, &line, NULL, NULL);
            say(file ? format("%s:%u", string_of(clang_getFileName(file)), line) : settings->header, "error", "%s",
                string_of(clang_getDiagnosticSpelling(diagnostic)));
            good = false;
        }
        clang_disposeDiagnostic(diagnostic);
    }
    return good;
}

/* Where bulkhead/contracts.h is: beside this program when installed, else in the source tree. */
static const char *own_include(void) {
    char self[4096];
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    if (size > 0) {
        self[size] = 0;
        for (int n = 0; n < 2 && strrchr(self, '/'); n++)
            *strrchr(self, '/') = 0;
        const char *installed = format("%s/include", self);
        if (access(format("%s/bulkhead/contracts.h", installed), R_OK) == 0)
            return installed;
    }
    return BULKHEAD_INCLUDE_DIR;
}

static CXTranslationUnit parse(CXIndex index, const char *more) {
    const struct options *options = settings;
    struct args arguments = {0};
    CXTranslationUnit unit;
    args_add_list(&arguments, "clang", "-xc", "-std=gnu17", "--target=x86_64-linux-gnu", "-D__bulkhead_bind__=1",
                  "-Wno-pragma-once-outside-header", "-resource-dir", BULKHEAD_RESOURCE_DIR, NULL);
    args_add_all(&arguments, &options->clang);
    args_add_list(&arguments, "-idirafter", own_include(), "-Wunknown-attributes", "-Wignored-attributes", "-Wno-error",
                  more, NULL);
    enum CXErrorCode code = clang_parseTranslationUnit2FullArgv(
        index, options->header, (const char *const *)arguments.items, (int)arguments.count, NULL, 0,
        CXTranslationUnit_DetailedPreprocessingRecord | CXTranslationUnit_SkipFunctionBodies, &unit);
    if (code)
        die("libclang cannot parse %s with these options", options->header);
    return unit;
}

bool model_read(const struct options *options) {
    settings = options;
    CXIndex index = clang_createIndex(0, 0);
    CXTranslationUnit unit = parse(index, NULL);
    if (!report_diagnostics(unit))
        return false;
    main_file = clang_getFile(unit, options->header);
    types_begin(unit);
    clang_visitChildren(clang_getTranslationUnitCursor(unit), visit, NULL);
    side_report_unused();
    read_attributes(unit);
    /* Headers have promises for GCC alone, which may be the host's compiler. What else clang finds wrong then does not
     * matter. */
    read_attributes(parse(index, GCC_VERSION));
    hide_promises(unit);
    return true;
}
