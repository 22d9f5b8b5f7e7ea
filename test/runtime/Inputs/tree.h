/* Files and directories of the host that a test makes beneath the directory `top`, which it was given. */
#ifndef TREE_H
#define TREE_H

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

static const char *top;

/* The path of top/NAME; a thread has the last eight. */
static inline char *in_tree(const char *name) {
    static _Thread_local char path[8][PATH_MAX];
    static _Thread_local unsigned turn;
    char *at = path[turn++ % 8];
    snprintf(at, PATH_MAX, "%s/%s", top, name);
    return at;
}

static inline void make_directory(const char *name) {
    REQUIRE(!mkdir(in_tree(name), 0755));
}

static inline void make_file(const char *name, const char *content) {
    int fd = open(in_tree(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    REQUIRE(fd >= 0 && write(fd, content, strlen(content)) == (ssize_t)strlen(content) && !close(fd));
}

#endif
