/* realpath DIRECTORY: its real name is the one that it is called, and `mkdir -p DIRECTORY/a/b` begins at the root. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int main(int argc, char **argv) {
    char name[4096], *real = realpath(argv[1], NULL);
    if (!real || strcmp(real, argv[1]))
        return perror(argv[1]), 1;
    snprintf(name, sizeof(name), "%s/a/b", argv[1]);
    for (char *slash = name; (slash = strchr(slash + 1, '/'));) {
        *slash = 0;
        if (mkdir(name, 0777) && errno != EEXIST)
            return perror(name), 1;
        *slash = '/';
    }
    return mkdir(name, 0777) != 0;
}
