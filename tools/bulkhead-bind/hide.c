#include "hide.h"

#include <string.h>

#include "text.h"

struct search {
    CXTranslationUnit unit;
    struct function *function;
    const char *elsewhere; /* file:line where the name means something else */
};

/* Where the function is declared, as bytes of files. */
struct place {
    CXFile file;
    unsigned offset;
};
static struct place *places;
static size_t place_count;

static enum CXChildVisitResult collect(CXCursor cursor, CXCursor parent, CXClientData data) {
    const struct search *search = data;
    enum CXCursorKind kind = clang_getCursorKind(cursor);
    (void)parent;
    if (kind == CXCursor_LinkageSpec || kind == CXCursor_UnexposedDecl)
        return CXChildVisit_Recurse;
    if (kind == CXCursor_FunctionDecl && !strcmp(string_of(clang_getCursorSpelling(cursor)), search->function->name)) {
        places = grow(places, place_count, sizeof *places);
        clang_getSpellingLocation(clang_getCursorLocation(cursor), &places[place_count].file, NULL, NULL,
                                  &places[place_count].offset);
        place_count++;
    }
    return CXChildVisit_Continue;
}

static bool is_place(CXFile file, unsigned offset) {
    for (size_t n = 0; n < place_count; n++) {
        if (places[n].file && clang_File_isEqual(places[n].file, file) && places[n].offset == offset)
            return true;
    }
    return false;
}

/* Every mention in one file that is no comment must be a declaration of it. */
static void look_at(CXFile file, CXSourceLocation *stack, unsigned depth, CXClientData data) {
    struct search *search = data;
    size_t size, length = strlen(search->function->name);
    const char *text = clang_getFileContents(search->unit, file, &size);
    (void)stack, (void)depth;
    if (search->elsewhere || !text || !memmem(text, size, search->function->name, length))
        return;
    CXSourceRange all = clang_getRange(clang_getLocationForOffset(search->unit, file, 0),
                                       clang_getLocationForOffset(search->unit, file, (unsigned)size));
    CXToken *tokens;
    unsigned count;
    clang_tokenize(search->unit, all, &tokens, &count);
    for (unsigned n = 0; n < count && !search->elsewhere; n++) {
        unsigned line, offset;
        enum CXTokenKind kind = clang_getTokenKind(tokens[n]);
        if ((kind != CXToken_Identifier && kind != CXToken_Keyword) ||
            strcmp(string_of(clang_getTokenSpelling(search->unit, tokens[n])), search->function->name))
            continue;
        clang_getSpellingLocation(clang_getTokenLocation(search->unit, tokens[n]), NULL, &line, NULL, &offset);
        if (!is_place(file, offset))
            search->elsewhere = format("%s:%u", string_of(clang_getFileName(file)), line);
    }
    clang_disposeTokens(search->unit, tokens, count);
}

void hide_promises(CXTranslationUnit unit) {
    for (size_t n = 0; n < model.function_count; n++) {
        struct function *function = model.functions[n];
        if (!function->promise || function->problem || function->omitted)
            continue;
        struct search search = {.unit = unit, .function = function};
        place_count = 0;
        clang_visitChildren(clang_getTranslationUnitCursor(unit), collect, &search);
        clang_getInclusions(unit, look_at, &search);
        function->hidden = !search.elsewhere;
        if (search.elsewhere)
            function->problem =
                format("the host's compiler would rely on its declaration (%s), which cannot be hidden: %s has the "
                       "name, too. Take that out of the header, or the other name",
                       function->promise, search.elsewhere);
    }
}
