/* Holds the reference verifier against the real one. */
#ifndef BULKHEAD_TEST_REFERENCE_BOTH_H
#define BULKHEAD_TEST_REFERENCE_BOTH_H

#include "reference.h"

/* What the real verifier said about input: does the reference say the same? The verdict, and for accepted code its facts
 * and host calls. Otherwise a dump that shows the difference is printed to stderr. */
bool both_agree_code(const struct bh_verify_input *input, bh_verify_result result, const struct bh_verify_facts *facts);
/* The same for a module; elf is what the real verifier filled in. */
bool both_agree_elf(const void *file, size_t size, bh_elf_result result, const struct bh_elf *elf);

/* Runs both on a code region; scratch and report of the input are set here. *result may be NULL. */
bool both_judge_code(const struct bh_verify_input *input, bh_verify_result *result);
/* Runs both on a file and, if it is a module, on its code. */
bool both_judge_module(const void *file, size_t size, bool *accepted);

#endif
