/* From libclang's types to the model's, and to signatures. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attributes.h"
#include "model.h"
#include "text.h"

#define VA_LIST "__va_list_tag"
#define VA_LIST_PROBLEM "a list of variable arguments means nothing on the other side"

static struct type *pointer_make(struct type *type, CXType pointee, CXCursor declaration, const char *path);
static CXType enter_typedefs(CXType type, CXCursor *declaration, const char **path);

static struct type *bad(struct type *type, const char *problem) {
    type->kind = TYPE_BAD;
    type->problem = problem;
    return type;
}

/* It is a promise, and only clang's. */
static const char *without_nullability(const char *spelling) {
    static const char *const words[] = {" _Nonnull", " _Nullable_result", " _Nullable", " _Null_unspecified"};
    for (size_t n = 0; n < sizeof words / sizeof *words; n++) {
        for (const char *at; (at = strstr(spelling, words[n]));)
            spelling = format("%.*s%s", (int)(at - spelling), spelling, at + strlen(words[n]));
    }
    return spelling;
}

/* clang's own names of the types of sizeof and of differences of pointers are known to no compiler. */
static const char *spelling_of(CXType type) {
    static const char *const internal[] = {"__size_t", "__signed_size_t", "__ptrdiff_t"};
    CXType unqualified = clang_getUnqualifiedType(type);
    const char *spelling = without_nullability(string_of(clang_getTypeSpelling(unqualified)));
    for (size_t n = 0; n < sizeof internal / sizeof *internal; n++) {
        if (strstr(spelling, internal[n]))
            return string_of(clang_getTypeSpelling(clang_getCanonicalType(unqualified)));
    }
    return spelling;
}

/* ---- Types that the wrapper cannot name ---- */

/* Of the arguments in the header: what is declared in one is known nowhere else. */
struct extent {
    CXFile file;
    unsigned from, to;
};
static struct extent *lists;
static size_t list_count;

static enum CXChildVisitResult collect_list(CXCursor cursor, CXCursor parent, CXClientData data) {
    (void)parent, (void)data;
    if (clang_getCursorKind(cursor) == CXCursor_ParmDecl) {
        CXSourceRange range = clang_getCursorExtent(cursor);
        lists = grow(lists, list_count, sizeof *lists);
        struct extent *list = &lists[list_count++];
        clang_getExpansionLocation(clang_getRangeStart(range), &list->file, NULL, NULL, &list->from);
        clang_getExpansionLocation(clang_getRangeEnd(range), NULL, NULL, NULL, &list->to);
    }
    return CXChildVisit_Recurse;
}

void types_begin(CXTranslationUnit unit) {
    clang_visitChildren(clang_getTranslationUnitCursor(unit), collect_list, NULL);
}

static bool in_list(CXCursor declaration) {
    CXFile file;
    unsigned offset;
    clang_getExpansionLocation(clang_getCursorLocation(clang_getCanonicalCursor(declaration)), &file, NULL, NULL,
                               &offset);
    for (size_t n = 0; n < list_count; n++) {
        if (file && lists[n].file && offset > lists[n].from && offset < lists[n].to &&
            clang_File_isEqual(file, lists[n].file))
            return true;
    }
    return false;
}

static const char *unnameable(CXType type) {
    const char *problem = NULL, *spelling;
    switch (type.kind) {
    case CXType_Elaborated: return unnameable(clang_Type_getNamedType(type));
    case CXType_Typedef: return NULL;
    case CXType_Attributed: return unnameable(clang_Type_getModifiedType(type));
    case CXType_Pointer: return unnameable(clang_getPointeeType(type));
    case CXType_ConstantArray:
    case CXType_IncompleteArray: return unnameable(clang_getArrayElementType(type));
    case CXType_VariableArray: return "its type is an array of a size that is not known";
    case CXType_FunctionProto:
        problem = unnameable(clang_getResultType(type));
        for (int n = 0; n < clang_getNumArgTypes(type) && !problem; n++)
            problem = unnameable(clang_getArgType(type, (unsigned)n));
        return problem;
    case CXType_Record:
    case CXType_Enum:
        spelling = string_of(clang_getTypeSpelling(type));
        if (strstr(spelling, "(unnamed") || strstr(spelling, "(anonymous"))
            return "its type has no name";
        return in_list(clang_getTypeDeclaration(type))
                   ? format(
                         "'%s' is declared in a list of arguments, where nothing else can name it; declare it before",
                         spelling)
                   : NULL;
    default:
        return clang_equalTypes(type, clang_getCanonicalType(type)) ? NULL : unnameable(clang_getCanonicalType(type));
    }
}

/* ---- Arguments ---- */

static char scalar_letter(enum CXTypeKind kind) {
    switch (kind) {
    case CXType_Bool: return 'b';
    case CXType_Char_S:
    case CXType_SChar: return 'a';
    case CXType_Char_U:
    case CXType_UChar: return 'h';
    case CXType_Short: return 's';
    case CXType_UShort:
    case CXType_Char16: return 't';
    case CXType_Int:
    case CXType_WChar: return 'i';
    case CXType_UInt:
    case CXType_Char32: return 'u';
    case CXType_Long:
    case CXType_LongLong: return 'l';
    case CXType_ULong:
    case CXType_ULongLong: return 'm';
    case CXType_Float: return 'f';
    case CXType_Double: return 'd';
    case CXType_LongDouble: return 'e';
    default: return 0;
    }
}

/* Arguments of a function type as they were declared: the only place where their names and annotations are. */
struct parameters {
    CXCursor *items;
    size_t count;
};

static enum CXChildVisitResult collect_parameter(CXCursor cursor, CXCursor parent, CXClientData data) {
    struct parameters *found = data;
    (void)parent;
    if (clang_getCursorKind(cursor) == CXCursor_ParmDecl) {
        found->items = grow(found->items, found->count, sizeof *found->items);
        found->items[found->count++] = cursor;
    }
    return CXChildVisit_Continue;
}

/* A function as an argument is a pointer, too. */
static struct type *function_argument(CXType from, CXCursor declaration, const char *path) {
    struct type *type = make(1, sizeof *type);
    type->spelling = format("__typeof__(%s) *", string_of(clang_getTypeSpelling(from)));
    type->unnameable = unnameable(from);
    type->size = sizeof(void *);
    enter_typedefs(from, &declaration, &path);
    return pointer_make(type, from, declaration, path);
}

/* An array as an argument is a pointer; libclang shows it as it was written. */
static struct type *argument_type(CXType from, CXCursor declaration, const char *path) {
    CXType canonical = clang_getCanonicalType(from);
    if (canonical.kind == CXType_FunctionProto || canonical.kind == CXType_FunctionNoProto)
        return function_argument(from, declaration, path);
    if (canonical.kind != CXType_ConstantArray && canonical.kind != CXType_IncompleteArray &&
        canonical.kind != CXType_VariableArray)
        return type_make(from, declaration, path);
    struct type *type = make(1, sizeof *type);
    CXType element = clang_getArrayElementType(from.kind == canonical.kind ? from : canonical);
    bool constant = clang_isConstQualifiedType(canonical) != 0; /* of a typedef of an array: it means the elements */
    type->spelling = format("%s__typeof__(%s) *", constant ? "const " : "", string_of(clang_getTypeSpelling(element)));
    type->kind = TYPE_POINTER;
    type->size = sizeof(void *);
    type->unnameable = unnameable(element);
    type->target = type_make(element, declaration, path);
    type->target->is_const |= constant;
    return strstr(type->spelling, VA_LIST) ? bad(type, VA_LIST_PROBLEM) : type;
}

void function_fill(struct function *function, CXType type, CXCursor declaration, const char *path) {
    struct parameters found = {0};
    CXType result = clang_getResultType(type);
    int count = clang_getNumArgTypes(type);
    clang_visitChildren(declaration, collect_parameter, &found);
    function->variadic = clang_isFunctionTypeVariadic(type) != 0;
    function->where = cursor_where(declaration);
    if (clang_getFunctionTypeCallingConv(type) != CXCallingConv_C &&
        clang_getFunctionTypeCallingConv(type) != CXCallingConv_X86_64SysV)
        function->problem = "its calling convention is not C's";
    if (clang_getCanonicalType(type).kind == CXType_FunctionNoProto)
        function->problem = "it has no prototype; declare it with (void), or with its arguments";
    function->result = (struct value){.name = "result",
                                      .where = function->where,
                                      .type = type_make(result, declaration, format("%s.result", path)),
                                      .contract = contract_for(declaration, function->where, "result", path, NULL)};
    function->count = count > 0 ? (size_t)count : 0;
    function->arguments = make(function->count, sizeof *function->arguments);
    bool declared = found.count == function->count;
    for (size_t n = 0; n < function->count; n++) {
        struct value *argument = &function->arguments[n];
        CXCursor at = declared ? found.items[n] : clang_getNullCursor();
        argument->name = declared ? string_of(clang_getCursorSpelling(at)) : "";
        argument->where = declared ? cursor_where(at) : function->where;
        const char *known = *argument->name ? argument->name : format("%zu", n + 1);
        argument->contract = contract_for(at, argument->where, "argument", path, known);
        const char *by_number = format("%zu", n + 1);
        if (!argument->contract && strcmp(known, by_number))
            argument->contract = contract_for(at, argument->where, "argument", path, by_number);
        /* The declaration's type: of arrays the function's has lost a const that a typedef stands between. */
        CXType argument_is = declared ? clang_getCursorType(at) : clang_getArgType(type, (unsigned)n);
        argument->type = argument_type(argument_is, at, format("%s.%s", path, known));
        if (argument->type->unnameable && !function->problem)
            function->problem = format("argument %zu: %s", n + 1, argument->type->unnameable);
    }
    if (function->result.type->unnameable && !function->problem)
        function->problem = format("its result: %s", function->result.type->unnameable);
}

/* ---- Structures ---- */

/* How many bits of a value mean something. */
static unsigned long long data_bits(const struct type *type) {
    if (type->kind == TYPE_SCALAR && type->letter == 'e')
        return 80;
    if (type->kind == TYPE_ARRAY)
        return (unsigned long long)type->count * data_bits(type->target);
    if (type->kind == TYPE_RECORD && type->record->has_padding)
        return type->record->data_bits;
    return type->size < 0 ? 0 : (unsigned long long)type->size * 8;
}

static enum CXVisitorResult add_member(CXCursor cursor, CXClientData data) {
    struct record *record = data;
    record->members = grow(record->members, record->count, sizeof *record->members);
    struct value *member = &record->members[record->count++];
    member->name = string_of(clang_getCursorSpelling(cursor));
    if (strchr(member->name, '(')) /* a description, of one without a name */
        member->name = "";
    member->where = cursor_where(cursor);
    member->offset = clang_Cursor_getOffsetOfField(cursor);
    member->type = type_make(clang_getCursorType(cursor), cursor, format("%s.%s", record->path, member->name));
    member->contract = contract_for(cursor, member->where, "member", record->path, member->name);
    const struct type *type = member->type;
    member->is_bit_field = clang_Cursor_isBitField(cursor) != 0;
    record->data_bits +=
        member->is_bit_field ? (unsigned long long)clang_getFieldDeclBitWidth(cursor) : data_bits(type);
    if (clang_Cursor_isBitField(cursor) && !record->by_value_problem)
        record->by_value_problem = format("bit fields ('%s') cannot be passed by value; pass a pointer", member->name);
    while (type->kind == TYPE_ARRAY)
        type = type->target;
    if (type->kind == TYPE_BAD)
        record->by_value_problem = format("member '%s': %s", member->name, type->problem);
    if (type->kind == TYPE_BAD && !type->is_data) /* pointers of a kind that nobody knows what to do with, above all */
        record->problem = record->by_value_problem;
    if ((type->kind == TYPE_POINTER || type->kind == TYPE_FUNCTION_POINTER) && type->unnameable)
        record->problem = format("member '%s': %s", member->name, type->unnameable);
    if (type->kind == TYPE_RECORD && type->record->by_value_problem)
        record->by_value_problem = type->record->by_value_problem;
    if (type->kind == TYPE_RECORD && type->record->problem)
        record->problem = type->record->problem;
    bool pointer = type->kind == TYPE_POINTER || type->kind == TYPE_FUNCTION_POINTER ||
                   (type->kind == TYPE_RECORD && type->record->has_pointers);
    record->has_pointers |= pointer;
    if (pointer && record->is_union)
        record->problem =
            format("it is, or holds, a union with pointers ('%s'): which one counts is not known", member->name);
    if (pointer && !*member->name)
        record->problem = "it holds pointers in a member without a name";
    if (member->type->kind == TYPE_BAD && member->type->is_incomplete)
        record->problem = format("member '%s' is a flexible array: its size is not known", member->name);
    return CXVisit_Continue;
}

static unsigned long long round_up(unsigned long long offset, unsigned long long align) {
    return (offset + align - 1) / align * align;
}

/* Adds a member to the layout that the C ABI gives a structure without attributes and pragmas. */
struct layout {
    const struct record *record;
    unsigned long long end, align;
    bool other;
};

static enum CXVisitorResult lay_out(CXCursor member, CXClientData data) {
    struct layout *layout = data;
    CXType type = clang_getCanonicalType(clang_getCursorType(member));
    long long align = clang_Type_getAlignOf(type), size = clang_Type_getSizeOf(type),
              offset = clang_Cursor_getOffsetOfField(member);
    if (align <= 0 || size < 0 || offset < 0 || clang_Cursor_isBitField(member))
        return CXVisit_Continue; /* which is a problem of its own */
    unsigned long long at = layout->record->is_union ? 0 : round_up(layout->end, (unsigned long long)align);
    layout->other |= (unsigned long long)offset != at * 8;
    layout->align = (unsigned long long)align > layout->align ? (unsigned long long)align : layout->align;
    layout->end = at + (unsigned long long)size > layout->end ? at + (unsigned long long)size : layout->end;
    return CXVisit_Continue;
}

static void check_layout(struct record *record, CXType type) {
    struct layout layout = {.record = record, .align = 1};
    clang_Type_visitFields(type, lay_out, &layout);
    if (record->by_value_problem)
        return;
    if (layout.other || (unsigned long long)clang_Type_getAlignOf(type) != layout.align)
        record->by_value_problem = "packed and over-aligned structures cannot be passed by value; pass a pointer";
}

static enum CXChildVisitResult find_transparent(CXCursor cursor, CXCursor parent, CXClientData data) {
    struct record *record = data;
    (void)parent;
    if (record->is_union && clang_getCursorKind(cursor) == CXCursor_UnexposedAttr)
        record->by_value_problem = "a union with attributes may be passed like its first member; pass a pointer";
    return CXChildVisit_Continue;
}

static struct record *record_make(CXType type, CXCursor declaration) {
    const char *spelling = string_of(clang_getTypeSpelling(clang_getUnqualifiedType(type)));
    const char *tag = string_of(clang_getCursorSpelling(declaration));
    const char *where = cursor_where(declaration);
    for (size_t n = 0; n < model.record_count; n++) {
        if (!strcmp(model.records[n]->where, where) && !strcmp(model.records[n]->spelling, spelling))
            return model.records[n];
    }
    struct record *record = make(1, sizeof *record);
    record->where = where;
    record->spelling = spelling;
    record->number = (unsigned)model.record_count;
    record->is_union = clang_getCursorKind(declaration) == CXCursor_UnionDecl;
    /* A tag, or the typedef of a structure that has none. */
    record->path = strchr(tag, '(') || !*tag ? spelling : tag;
    bool unnamed = strchr(spelling, '(') != NULL;
    model.records = grow(model.records, model.record_count, sizeof(struct record *));
    model.records[model.record_count++] = record;
    clang_Type_visitFields(clang_getCanonicalType(type), add_member, record);
    record->size = (unsigned long long)clang_Type_getSizeOf(clang_getCanonicalType(type));
    clang_visitChildren(declaration, find_transparent, record);
    check_layout(record, clang_getCanonicalType(type));
    if (unnamed && record->has_pointers)
        record->problem = "it holds pointers, and its type has no name";
    record->has_padding = !record->is_union && !unnamed && record->data_bits < record->size * 8;
    for (size_t n = 0; n < record->count; n++) {
        /* Members that cannot be assigned one by one: the structure is copied as it is. */
        if (!*record->members[n].name || record->members[n].type->is_const)
            record->has_padding = false;
    }
    return record;
}

/* ---- Types ---- */

static struct type *pointer_make(struct type *type, CXType pointee, CXCursor declaration, const char *path) {
    CXType canonical = clang_getCanonicalType(pointee);
    if (canonical.kind != CXType_FunctionProto && canonical.kind != CXType_FunctionNoProto) {
        type->kind = TYPE_POINTER;
        type->target = type_make(pointee, declaration, path);
        return type;
    }
    type->kind = TYPE_FUNCTION_POINTER;
    type->function = make(1, sizeof *type->function);
    type->function->name = path;
    type->function->pointer_spelling = type->spelling;
    function_fill(type->function, canonical, declaration, path);
    attributes_read_type(type->function, canonical);
    if (type->function->promise && !type->function->problem)
        type->function->problem = format("its type has the attribute '%s'", type->function->promise);
    return type;
}

/* The type behind a typedef's name. Arguments of a function pointer's type are declared where the typedef is, and side
 * files call them by its name. */
static CXType enter_typedefs(CXType type, CXCursor *declaration, const char **path) {
    for (;;) {
        if (type.kind == CXType_Elaborated) {
            type = clang_Type_getNamedType(type);
        } else if (type.kind == CXType_Typedef) {
            *declaration = clang_getTypeDeclaration(type);
            *path = string_of(clang_getCursorSpelling(*declaration));
            type = clang_getTypedefDeclUnderlyingType(*declaration);
        } else {
            return type;
        }
    }
}

/* Compilers believe that of each value of such a type. */
static bool promises_alignment(CXType type) {
    while (type.kind == CXType_Elaborated || type.kind == CXType_Typedef) {
        if (type.kind == CXType_Elaborated) {
            type = clang_Type_getNamedType(type);
            continue;
        }
        CXCursor declaration = clang_getTypeDeclaration(type);
        if (strstr(string_of(clang_getCursorPrettyPrinted(declaration, NULL)), "align_value("))
            return true;
        type = clang_getTypedefDeclUnderlyingType(declaration);
    }
    return false;
}

static struct type *scalar_make(struct type *type, CXType canonical) {
    if (canonical.kind == CXType_Enum)
        canonical = clang_getCanonicalType(clang_getEnumDeclIntegerType(clang_getTypeDeclaration(canonical)));
    type->letter = scalar_letter(canonical.kind);
    if (!type->letter) {
        type->is_data = type->size > 0 && canonical.kind != CXType_BlockPointer && canonical.kind != CXType_NullPtr;
        return bad(type, format("the type '%s' cannot be passed by value%s", type->spelling,
                                type->is_data ? "; pass a pointer" : ""));
    }
    type->kind = TYPE_SCALAR;
    type->is_character = type->letter == 'a' || type->letter == 'h';
    type->is_integer = !strchr("fde", type->letter);
    type->is_signed = strchr("asil", type->letter) != NULL;
    return type;
}

struct type *type_make(CXType from, CXCursor declaration, const char *path) {
    struct type *type = make(1, sizeof *type);
    CXType canonical = clang_getCanonicalType(from);
    type->is_const = clang_isConstQualifiedType(canonical) != 0;
    type->spelling = spelling_of(from);
    type->size = clang_Type_getSizeOf(canonical);
    type->align = clang_Type_getAlignOf(from);
    type->unnameable = unnameable(from);
    switch (canonical.kind) {
    case CXType_Void: type->kind = TYPE_VOID; return type;
    case CXType_Pointer: {
        if (promises_alignment(from))
            return bad(type,
                       "its type promises how what it points to is aligned (align_value), and nobody checks that");
        CXType named = enter_typedefs(from, &declaration, &path);
        CXType pointee = clang_getPointeeType(named.kind == CXType_Pointer ? named : canonical);
        if (strstr(string_of(clang_getTypeSpelling(clang_getCanonicalType(pointee))), VA_LIST))
            return bad(type, VA_LIST_PROBLEM);
        if (clang_getCanonicalType(pointee).kind == CXType_FunctionProto)
            enter_typedefs(pointee, &declaration, &path);
        return pointer_make(type, pointee, declaration, path);
    }
    case CXType_ConstantArray:
    case CXType_IncompleteArray:
        type->kind = TYPE_ARRAY;
        type->count = clang_getArraySize(canonical);
        type->target = type_make(clang_getArrayElementType(canonical), declaration, path);
        if (canonical.kind == CXType_IncompleteArray || type->count <= 0) {
            type->is_incomplete = true;
            return bad(type, "a flexible array has no size");
        }
        return type;
    case CXType_Record:
        if (clang_Type_getSizeOf(canonical) < 0) {
            type->is_incomplete = true;
            return bad(type, format("'%s' is incomplete", type->spelling));
        }
        type->kind = TYPE_RECORD;
        type->record = record_make(from, clang_getTypeDeclaration(canonical));
        return type;
    case CXType_Atomic:
        type->target = type_make(clang_Type_getValueType(canonical), declaration, path);
        return scalar_make(type, canonical);
    default: return scalar_make(type, canonical);
    }
}

/* ---- Signatures ---- */

static bool add_letters(struct text *text, const struct type *type, const char **problem) {
    switch (type->kind) {
    case TYPE_VOID: text_add(text, "v"); return true;
    case TYPE_SCALAR: text_add(text, "%c", type->letter); return true;
    case TYPE_POINTER:
    case TYPE_FUNCTION_POINTER: text_add(text, "p"); return true;
    case TYPE_ARRAY:
        text_add(text, "%lld", type->count);
        /* Two numbers would run together: an array of arrays is one of structures that hold an array. */
        if (type->target->kind == TYPE_ARRAY)
            text_add(text, "{");
        if (!add_letters(text, type->target, problem))
            return false;
        if (type->target->kind == TYPE_ARRAY)
            text_add(text, "}");
        return true;
    case TYPE_RECORD:
        *problem = type->record->by_value_problem;
        if (!*problem && !type->record->count)
            *problem = "an empty structure has no portable way to be passed by value";
        if (*problem)
            return false;
        text_add(text, type->record->is_union ? "<" : "{");
        for (size_t n = 0; n < type->record->count; n++) {
            if (!add_letters(text, type->record->members[n].type, problem))
                return false;
        }
        text_add(text, type->record->is_union ? ">" : "}");
        return true;
    case TYPE_BAD: break;
    }
    *problem = type->problem;
    return false;
}

const char *signature_make(struct function *function) {
    struct text text = {0};
    const char *problem = NULL;
    if (!add_letters(&text, function->result.type, &problem)) {
        function->problem = format("its result: %s", problem);
        return NULL;
    }
    text_add(&text, "(");
    if (function->count > 32)
        function->problem = "it has more than 32 arguments";
    for (size_t n = 0; n < function->count; n++) {
        if (!add_letters(&text, function->arguments[n].type, &problem)) {
            function->problem = format("argument %zu: %s", n + 1, problem);
            return NULL;
        }
    }
    text_add(&text, ")");
    return function->problem ? NULL : text.bytes;
}
