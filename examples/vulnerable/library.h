/* All functions of the library, by one macro so that the host can name them as well. */
#ifndef LIBRARY_H
#define LIBRARY_H
#include <stddef.h>

// clang-format off
#define LIBRARY_EXPLOITS(X) \
    X(heap_overflow) X(stack_overflow) X(use_after_free) X(corrupted_pointer) X(write_anywhere) \
    X(read_anywhere) X(endless_loop) X(null_dereference) X(deep_recursion) X(double_free) X(give_up) X(leave) \
    X(divide) X(exhaust_memory) X(run_payload)
// clang-format on

#define LIBRARY_DECLARE(name) int name(const unsigned char *bytes, size_t size);
LIBRARY_DECLARE(checksum)
LIBRARY_EXPLOITS(LIBRARY_DECLARE)
#endif
