/* How many names a directory has, "." and ".." among them: of /proc/self/fd, descriptors, the one that looks among them. */
#ifndef ENTRIES_H
#define ENTRIES_H

#include <dirent.h>

#include "check.h"

static inline int entries_of(const char *directory) {
    int count = 0;
    DIR *all = opendir(directory);
    REQUIRE(all);
    while (readdir(all))
        count++;
    closedir(all);
    return count;
}

#endif
