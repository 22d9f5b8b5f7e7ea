/* What running mutants in the runtime needs: the module's file, its neighbours, canaries, and a judgement after each call.
 * One module a process.
 */
#ifndef BULKHEAD_TEST_HOSTED_H
#define BULKHEAD_TEST_HOSTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bulkhead/bulkhead.h"
#include "verifier/elf.h"

struct hosted {
    const char *name;
    uint8_t *file;
    size_t file_size;
    struct bh_elf elf;
    uint8_t *code; /* the code pages, as they are verified */
    bool library;
    bh_engine *engine;
    bh_module *original;
    bh_policy *policy;
    bh_instance *neighbour[2]; /* of the original, below and above the only slot that is free */
    uint8_t *canary, *none;    /* host memory: compared, and inaccessible */
    bool accept_all;           /* the runtime loads what the verifier refuses (for self-tests) */
};
extern struct hosted hosted;

enum { HOSTED_CANARY_SIZE = 4096 };

/* Prints a message and exits with status 2; the second only if there is an error. */
void hosted_fail(const char *name, const char *what);
void hosted_require(bh_error error, const char *what);

/* Reads the module's file; hosted_release frees what it took. */
void hosted_read(const char *name);
void hosted_release(void);
/* Puts hosted.code back into hosted.file; what fills the pages up is not in it. */
void hosted_write_code(void);

/* Engine, neighbours and canaries; in the process that runs the mutants. */
void hosted_prepare(void);

/* One call of a library, or run of a program. */
struct execution {
    bh_instance *instance;
    bh_function function; /* address 0: run the program */
    bh_value arguments[BH_MAX_ARGUMENTS];
    bh_error error;
};

/* address: 0, or the code to call, with hostile arguments. */
void hosted_prepare_call(struct execution *execution, bh_instance *instance, uint64_t address, uint64_t *random);
void hosted_execute(void *execution);

/* Calls function(context) with known values in the callee-saved registers and control words; tells what was not restored. */
unsigned guarded_call(void (*function)(void *), void *context);

/* NULL when nothing outside the guest changed; else what. guarded is guarded_call's result. */
const char *hosted_check(const bh_instance *victim, unsigned guarded);
/* NULL when a guest may cause the error that the execution ended with, and its description makes sense. */
const char *hosted_judge_error(const struct execution *execution);

/* Tries escapes on purpose and returns the exit status of the program: 0 when each was noticed. */
int hosted_self_test(const char *name);

#endif
