/* Says how it was started; then aborts, faults, sleeps or leaves with a status, as told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "", *value = getenv("VALUE");
    char directory[4096];
    printf("%s '%s' in %s, VALUE %s, file %s\n", argv[0], what, getcwd(directory, sizeof(directory)),
           value ? value : "-", access("file", R_OK) ? "hidden" : "seen");
    fflush(stdout);
    if (!strcmp(what, "abort"))
        abort();
    if (!strcmp(what, "fault"))
        *(volatile int *)8 = 1;
    if (!strcmp(what, "wait"))
        return getchar();
    return atoi(what);
}
