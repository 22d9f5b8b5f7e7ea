/* The two files of a wrapper. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "emit.h"

const struct options *emit_options;

static bool is_wrapped(const struct function *function) { return !function->problem && !function->omitted; }

/* The library's header, without the declarations that say more than the wrapper can keep. */
static void emit_include(struct text *text, const struct options *o) {
    struct text defines = {0}, undefines = {0}, checks = {0};
    for (size_t n = 0; n < model.function_count; n++) {
        const struct function *function = model.functions[n];
        if (!is_wrapped(function) || !function->hidden)
            continue;
        text_add(&defines, "#define %s %s_bind_h_must_come_first_%s /* %s */\n", function->name, o->name,
                 function->name, function->promise);
        text_add(&undefines, "#undef %s\n", function->name);
        text_add(&checks, "typedef __typeof__(%s_bind_h_must_come_first_%s) *%s_bind_hides_%s;\n", o->name,
                 function->name, o->name, function->name);
    }
    if (!defines.size) {
        text_add(text, "#include %s\n\n", o->include);
        return;
    }
    text_add(
        text,
        "\n/* Compilers rely on more of these declarations than holds when the library fails, so there are others "
        "below. No\n"
        " * error here, an undeclared name, says that %s was included before this header. */\n"
        "%s#include %s\n%s#pragma GCC diagnostic push\n#pragma GCC diagnostic ignored \"-Wdeprecated-declarations\"\n"
        "%s#pragma GCC diagnostic pop\n\n",
        o->include, defines.bytes, o->include, undefines.bytes, checks.bytes);
}

static void emit_header(struct text *text, const struct options *o) {
    struct text guard = {0};
    for (const char *p = o->name; *p; p++)
        text_add(&guard, "%c", toupper((unsigned char)*p));
    text_add(text,
             "/* Written by bulkhead-bind from %s: the library's functions, isolated. Do not edit. */\n"
             "#ifndef %s_BIND_H\n#define %s_BIND_H\n\n#include <bulkhead/bind.h>\n",
             o->include, guard.bytes, guard.bytes);
    emit_include(text, o);
    text_add(text, "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\n");
    text_add(text, "/* One instance of the library. */\ntypedef bh_bind %s_bind;\n\n", o->name);
    text_add(text,
             "/* Loads the module that holds the library; before any other call. options may be NULL; see "
             "bulkhead/bind.h. No other\n"
             " * thread may use the library meanwhile, nor during close. BH_ERROR_BUSY when it is open already. */\n"
             "bh_error %s_bind_open(const char *module_path, const bh_bind_options *options);\n"
             "bh_error %s_bind_close(void);\n",
             o->name, o->name);
    text_add(text,
             "/* The calling thread's last failed call; clear sets its kind back to BH_BIND_OK. */\n"
             "const bh_bind_error *%s_bind_error(void);\nvoid %s_bind_clear_error(void);\n",
             o->name, o->name);
    text_add(
        text,
        "/* The instance that the plain names use, on this thread, and one more, for the names that end in %s. */\n"
        "%s_bind *%s_bind_default(void);\nbh_error %s_bind_create(%s_bind **instance);\n"
        "bh_error %s_bind_destroy(%s_bind *instance);\n",
        o->suffix, o->name, o->name, o->name, o->name, o->name, o->name);
    text_add(text,
             "/* A fresh instance in the place of one that died. */\nbh_error %s_bind_restart(%s_bind *instance);\n\n",
             o->name, o->name);
    for (size_t n = 0; n < model.function_count; n++) {
        if (!is_wrapped(model.functions[n]))
            continue;
        const char *own = model.functions[n]->hidden ? format("%s;\n", prototype(model.functions[n], false)) : "";
        const char *with = prototype(model.functions[n], true);
        /* C++ does not know such types; the header must leave them out for it, too. */
        bool is_c = strstr(with, "_Atomic") != NULL;
        text_add(text, "%s%s%s;\n%s", is_c ? "#ifndef __cplusplus\n" : "", own, with, is_c ? "#endif\n" : "");
    }
    text_add(text, "\n#ifdef __cplusplus\n}\n#endif\n#endif\n");
}

static void emit_library(struct text *text, const char *name, unsigned count) {
    text_add(text,
             "static const bh_bind_description %s_description = {%s, %s_entries, %u};\n"
             "static bh_bind_library *%s_library;\n\n",
             name, literal(name), name, count, name);
    text_add(text,
             "bh_error %s_bind_open(const char *module_path, const bh_bind_options *options)\n{\n"
             "    return %s_library ? BH_ERROR_BUSY\n"
             "                      : bh_bind_library_open(&%s_description, module_path, options, &%s_library);\n}\n\n",
             name, name, name, name);
    text_add(text,
             "bh_error %s_bind_close(void)\n{\n    bh_error error = bh_bind_library_close(%s_library);\n"
             "    if (!error)\n        %s_library = NULL;\n    return error;\n}\n\n",
             name, name, name);
    text_add(text,
             "const bh_bind_error *%s_bind_error(void)\n{\n    return bh_bind_last_error();\n}\n\n"
             "void %s_bind_clear_error(void)\n{\n    bh_bind_clear_error();\n}\n\n",
             name, name);
    text_add(text, "%s_bind *%s_bind_default(void)\n{\n    return bh_bind_default(%s_library);\n}\n\n", name, name,
             name);
    text_add(text,
             "bh_error %s_bind_create(%s_bind **instance)\n{\n    return bh_bind_create(%s_library, instance);\n}\n\n",
             name, name, name);
    text_add(text,
             "bh_error %s_bind_destroy(%s_bind *instance)\n{\n    return bh_bind_destroy(instance);\n}\n\n"
             "bh_error %s_bind_restart(%s_bind *instance)\n{\n    return bh_bind_restart(instance);\n}\n\n",
             name, name, name, name);
}

static void emit_source(struct text *text, const struct options *o) {
    struct text entries = {0}, functions = {0}, prototypes = {0}, helpers = {0}, layout = {0};
    unsigned count = 0;
    for (size_t n = 0; n < model.function_count; n++) {
        const struct function *function = model.functions[n];
        if (!is_wrapped(function))
            continue;
        text_add(&entries, "    {%s, %s, %s},\n", literal(function->name), literal(function->signature),
                 literal(function->symbol));
        emit_layout(&layout, function);
        emit_function(&functions, function, count++);
    }
    bool records, trampolines;
    do { /* helpers ask for helpers */
        records = emit_records(&prototypes, &helpers);
        trampolines = emit_trampolines(&prototypes, &helpers);
    } while (records || trampolines);
    text_add(
        text,
        "/* Written by bulkhead-bind from %s. Do not edit. */\n#include \"%s.h\"\n\n#include <stdlib.h>\n#include "
        "<string.h>\n\n"
        "#pragma GCC diagnostic ignored \"-Wdeprecated-declarations\"\n"
        "#if defined __GNUC__ && !defined __clang__ && __GNUC__ >= 11\n" /* arrays as arguments are pointers here */
        "#pragma GCC diagnostic ignored \"-Warray-parameter\"\n#endif\n\n",
        o->include, base_name(o->output));
    text_add(text, "%s\n", layout.size ? layout.bytes : "");
    text_add(text, "static const bh_bind_entry %s_entries[] = {\n%s    {NULL, NULL, NULL},\n};\n", o->name,
             count ? entries.bytes : "");
    emit_library(text, o->name, count);
    text_add(text, "%s%s\n%s%s", bool_tables(), prototypes.size ? prototypes.bytes : "",
             helpers.size ? helpers.bytes : "", functions.size ? functions.bytes : "");
}

/* ---- Files ---- */

static char *write_temporary(const char *path, const struct text *text) {
    char *temporary = format("%s.XXXXXX", path);
    int fd = mkstemp(temporary);
    mode_t mask = umask(0);
    umask(mask);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (!file)
        die("cannot write beside %s: %s", path, strerror(errno));
    bool wrote = fwrite(text->bytes, 1, text->size, file) == text->size;
    wrote = fchmod(fd, 0666 & ~mask) == 0 && wrote;
    if (fclose(file) || !wrote) {
        int number = errno;
        unlink(temporary);
        die("cannot write %s: %s", path, strerror(number));
    }
    return temporary;
}

static void check_replaceable(const char *path) {
    struct stat status;
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        die("%s is in the way: it is no regular file", path);
}

static void check_clash(const char *name) {
    if (name_taken(name))
        say(emit_options->header, "error", "the header has the name '%s' already; choose another --name or --suffix",
            name);
}

static void check_names(const struct options *o) {
    static const char *const own[] = {"",         "_open",   "_close",   "_error",  "_clear_error",
                                      "_default", "_create", "_destroy", "_restart"};
    for (size_t n = 0; n < sizeof own / sizeof *own; n++)
        check_clash(format("%s_bind%s", o->name, own[n]));
    check_clash(format("%s_library", o->name));
    check_clash(format("%s_entries", o->name));
    check_clash(format("%s_description", o->name));
    for (size_t n = 0; n < model.function_count; n++) {
        if (is_wrapped(model.functions[n]))
            check_clash(format("%s%s", model.functions[n]->name, o->suffix));
    }
}

void emit_files(const struct options *options) {
    struct text header = {0}, source = {0};
    emit_options = options;
    check_names(options);
    if (error_count)
        return;
    emit_header(&header, options);
    emit_source(&source, options);
    const char *header_path = format("%s.h", options->output), *source_path = format("%s.c", options->output);
    /* The two renames below cannot fail half-way then, short of a directory that vanishes. */
    check_replaceable(header_path);
    check_replaceable(source_path);
    const char *header_temporary = write_temporary(header_path, &header);
    const char *source_temporary = write_temporary(source_path, &source);
    if (rename(header_temporary, header_path) || rename(source_temporary, source_path)) {
        int number = errno;
        unlink(header_temporary);
        unlink(source_temporary);
        die("cannot write %s and %s: %s", header_path, source_path, strerror(number));
    }
}
