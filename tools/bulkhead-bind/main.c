/* bulkhead-bind: from a C header to a wrapper that runs the library isolated.
 *
 * Reads the header through libclang (model.c, types.c) and contracts from it and from side files (contract.c,
 * sidefile.c), finds out what can be wrapped (check.c), and writes C (emit_*.c) that calls include/bulkhead/bind.h. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "emit.h"
#include "sidefile.h"

static unsigned check_all(const struct options *options) {
    unsigned wrapped = 0;
    for (size_t n = 0; n < model.function_count; n++) {
        if (!model.functions[n]->omitted)
            check_function(model.functions[n], options->quiet);
    }
    check_users();
    for (size_t n = 0; n < model.function_count; n++) {
        const struct function *function = model.functions[n];
        if (function->omitted) {
            if (!options->quiet)
                say(function->where, "note", "%s: omitted as asked", function->name);
            continue;
        }
        if (function->problem)
            unsupported(function->where, function->name, function->problem);
        else
            wrapped++;
    }
    return wrapped;
}

int main(int argc, char **argv) {
    struct options options = {0};
    program_name = "bulkhead-bind";
    options_read(&options, argc, argv);
    if (access(options.header, R_OK))
        die("cannot read %s: %s", options.header, strerror(errno));
    for (size_t n = 0; n < options.contracts.count; n++)
        side_read(options.contracts.items[n]);
    unsigned wrapped = model_read(&options) ? check_all(&options) : 0;
    if (!error_count && !wrapped && !model.unsupported)
        say(options.header, "error", "it declares no functions; --also binds those of headers that it includes");
    if (error_count)
        return 1;
    if (model.unsupported && !options.partial) {
        say(options.header, "error",
            "%u declarations are not supported; nothing was written (--partial leaves them out)", model.unsupported);
        return 3;
    }
    emit_files(&options);
    return error_count ? 1 : 0;
}
