/* The reference verifier: a second judge of code and of modules, written from docs/contract.md over Zydis and independent
 * of runtime/verifier. It is slow and obvious: it decodes each bundle into an array, recognises the sequences by comparing
 * bytes with the contract's templates, and then asks every rule, each in a function named after it. It is a tool of the
 * tests only: differential fuzzing and `compare` hold it against the real verifier.
 *
 * It takes and returns the real verifier's interface types, so that both are asked the same question; of the input it
 * ignores scratch, report and limit. It allocates; it ends the program when memory runs out.
 */
#ifndef BULKHEAD_TEST_REFERENCE_H
#define BULKHEAD_TEST_REFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "verifier/elf.h"
#include "verifier/verify.h"

/* The rules of docs/contract.md, as bit numbers. */
enum ref_rule {
    REF_C1, REF_C2, REF_C3, REF_C4, REF_C5, REF_M1, REF_M2, REF_M3, REF_M4, REF_S1, REF_S2, REF_S3,
    REF_PREFIX, REF_MEMORY, REF_ALLOW_LIST, REF_TRUNCATED, REF_RULE_COUNT
};

struct ref_verdict {
    bool accepted;
    uint32_t rules;                /* bit of each broken rule; 0 exactly when accepted */
    uint64_t where[REF_RULE_COUNT]; /* image-relative address where a rule was first seen broken */
    uint32_t facts;                /* bits of enum bh_verify_fact; meaningful when accepted */
    uint64_t hostcall[(BH_HOSTCALL_COUNT + 63) / 64];
};

const char *ref_rule_name(enum ref_rule rule);

/* Judges one flat code region. */
void ref_verify_code(const struct bh_verify_input *input, struct ref_verdict *verdict);

/* Judges an ELF file's shape (not its code). On BH_ELF_OK elf says what it holds, as bh_elf_parse would; otherwise *rule
 * is the name of the rule that is broken. */
bh_elf_result ref_elf_parse(struct bh_elf *elf, const uint8_t *file, size_t size, const char **rule);

#endif
