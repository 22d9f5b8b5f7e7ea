/* Uses enough of the C library to make a module of real size: what is verified matters, not what it does. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int compare(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

int main(int argc, char **argv)
{
    char line[64];
    qsort(argv, (size_t)argc, sizeof *argv, compare);
    snprintf(line, sizeof line, "%a %Lg", sin(strtod(argv[0], NULL)), powl(2, argc));
    time_t now = time(NULL);
    return printf("%s %s", line, ctime(&now)) < 0;
}
