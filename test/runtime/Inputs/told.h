/* For programs that do the same natively and in a guest: T(call) prints the call, its result and what errno says. */
#ifndef TOLD_H
#define TOLD_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define T(e)                                                                                                                   \
    do {                                                                                                                       \
        errno = 0;                                                                                                             \
        long r_ = (long)(e);                                                                                                   \
        printf("%s: %ld %s\n", #e, r_, errno ? strerror(errno) : "");                                                          \
        fflush(stdout);                                                                                                        \
    } while (0)

#endif
