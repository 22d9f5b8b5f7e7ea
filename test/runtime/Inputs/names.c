/* Says what it is called, its arguments, and A and B of its environment. */
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    for (int n = 0; n < argc; n++)
        printf("%s ", argv[n]);
    const char *a = getenv("A"), *b = getenv("B");
    return printf("A=%s B=%s\n", a ? a : "-", b ? b : "-") < 0;
}
