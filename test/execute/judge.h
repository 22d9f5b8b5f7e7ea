/* After an execution: did everything stay inside? */
#ifndef BULKHEAD_TEST_JUDGE_H
#define BULKHEAD_TEST_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

/* The verified code in the slot. */
struct judge_code {
    const uint8_t *bytes;
    uint64_t address;       /* of bytes[0] in the slot, absolute */
    uint64_t size;
    const uint32_t *starts; /* bit = an instruction starts here, inside sequences too */
    bool free_loads;        /* stores-only isolation: reading may go anywhere */
};

/* Marks the instruction starts of code: from each bundle's beginning, as the verifier's table measures lengths. */
void judge_mark_starts(const uint8_t *bytes, uint64_t size, uint32_t *starts);

/* What the guest may never change; read before the first execution. */
void judge_remember(void);

/* Looks at the probe after an execution. NULL when every rule was kept, else which was not; then the state is repaired, so
 * that the next execution starts well. *value is the number that the message is about. */
const char *judge(const struct judge_code *code, uint64_t *value);

/* After judge() was content and probe.signal is SIGILL: this CPU lacks the instruction (it is not ud1 or ud2). */
bool judge_lacking(const struct judge_code *code);

#endif
