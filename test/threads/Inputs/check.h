/* What the guest programs of these tests say when something is not as it should be. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                                                       \
    do {                                                                                                                       \
        if (!(condition)) {                                                                                                    \
            printf("line %d: %s (errno %d)\n", __LINE__, #condition, errno);                                                   \
            exit(1);                                                                                                           \
        }                                                                                                                      \
    } while (0)
