/* What the hosts in the tests of the runtime and of its threads share: checks that count, and requirements that end the test. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulkhead/bulkhead.h"

static atomic_int failures;
#define CHECK(condition)                                                                                                       \
    do {                                                                                                                       \
        if (!(condition)) {                                                                                                    \
            printf("%s:%d: failed: %s (last error: %s)\n", __FILE__, __LINE__, #condition, bh_last_error()->text);            \
            failures++;                                                                                                        \
        }                                                                                                                      \
    } while (0)
#define REQUIRE(condition)                                                                                                     \
    do {                                                                                                                       \
        if (!(condition)) {                                                                                                    \
            printf("%s:%d: failed: %s (last error: %s)\n", __FILE__, __LINE__, #condition, bh_last_error()->text);            \
            exit(1);                                                                                                           \
        }                                                                                                                      \
    } while (0)
