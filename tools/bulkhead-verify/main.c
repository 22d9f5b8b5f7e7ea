/* bulkhead-verify: says whether files are modules that may run, and if not, why not. */
#include <stdio.h>

#include "explain.h"
#include "instructions.h"

int main(int argc, char **argv) {
    struct options options;
    int worst = EXIT_ACCEPTED;
    parse_options(argc, argv, &options);
    if (options.explain)
        worst = explain(&options, options.explain);
    if (options.list_instructions)
        worst = list_instructions(&options);
    for (int i = 0; i < options.file_count; i++) {
        int verdict = verify_file(&options, options.files[i]);
        worst = verdict > worst ? verdict : worst;
    }
    if (fflush(stdout) || ferror(stdout)) {
        perror("bulkhead-verify: cannot write the report");
        return EXIT_UNREADABLE;
    }
    return worst;
}
