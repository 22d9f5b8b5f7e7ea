/* Prints the examples of tools/bulkhead-verify/rules.def as verifier cases, for run-cases: `--explain` must not show anything
 * as accepted or refused that is not.
 */
#include <stdio.h>

static const struct { const char *name, *accepted, *refused, *by; } examples[] = {
#define CODE(name, title, demands, why, advice, accepted, refused, by) {name, accepted, refused, by},
#define FILE_RULE(name, title, demands, why, advice, accepted, refused, example)
#define OBJECT(name, title, demands, why, advice)
#include "rules.def"
};

int main(void)
{
    printf("@image 0 0x20000\n");
    for (unsigned i = 0; i < sizeof examples / sizeof *examples; i++) {
        printf("%s ; accepted example of %s ; accept ;\n", examples[i].accepted, examples[i].name);
        printf("%s ; refused example of %s ; refuse ; %s\n", examples[i].refused, examples[i].name, examples[i].by);
    }
    return 0;
}
