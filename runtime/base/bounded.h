/* Numbers that a guest chose, as indices. */
#ifndef BULKHEAD_RUNTIME_BOUNDED_H
#define BULKHEAD_RUNTIME_BOUNDED_H

#include <stdint.h>

/* An index that the guest chose and that was found below limit: zero where the processor only guessed so. */
#define BH_BOUNDED(index, limit)                                                                                       \
    ({                                                                                                                 \
        uint64_t bounded_index = (index), bounded_mask;                                                                \
        __asm__("cmpq %2, %1; sbbq %0, %0" : "=r"(bounded_mask) : "r"(bounded_index), "er"((uint64_t)(limit)) : "cc"); \
        bounded_index & bounded_mask;                                                                                  \
    })

#endif
