/* Differential fuzzing of code: the verifier and the reference verifier must say the same about any code region.
 *
 * The verdict, and for accepted code its facts and host calls, for the whole under both kinds of isolation and for each
 * bundle by itself; ASan and UBSan watch. A difference is printed as a disassembly and aborts.
 *
 * The test reruns the corpus and makes a bounded run with a fixed seed. At length (CORPUS a directory of one's own):
 *
 *   build/test/fuzz/fuzz-code CORPUS test/fuzz/corpus-code -max_len=264 -max_total_time=36000
 *   build/test/fuzz/fuzz-code crash-FILE                                   the difference again
 *   build/test/fuzz/fuzz-code -minimize_crash=1 -runs=100000 crash-FILE
 *   build/test/fuzz/fuzz-code -merge=1 test/fuzz/corpus-code CORPUS        what the tests rerun
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "both.h"
#include "code_input.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void code_parameters(const uint8_t *data, size_t code_size, struct bh_verify_input *input)
{
    memset(input, 0, sizeof *input);
    input->isolation = data[0] & 1 ? BH_ISOLATE_STORES : BH_ISOLATE_FULL;
    input->address = data[1] * 128ull;
    input->image_lo = data[2] * (uint64_t)BH_PAGE_SIZE;
    input->image_hi = input->image_lo + data[3] * (uint64_t)BH_PAGE_SIZE;
    input->size = code_size > data[0] >> 4u ? code_size - (data[0] >> 4u) : code_size;
    uint64_t bundles = input->size / BH_BUNDLE_SIZE;
    if (data[4] || data[5]) {
        uint64_t first = data[4] < bundles ? data[4] : bundles, count = data[5] < bundles - first ? data[5] : bundles - first;
        input->target_lo = input->address + first * BH_BUNDLE_SIZE;
        input->target_hi = input->target_lo + count * BH_BUNDLE_SIZE;
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    dictionary_init();
    return 0;
}

static void judge(const struct bh_verify_input *input)
{
    bh_verify_result result;
    bool agree = both_judge_code(input, &result);
    if (result == BH_VERIFY_BAD_ARGUMENT)
        fputs("The verifier calls the parameters of a valid input bad.\n", stderr);
    if (!agree || result == BH_VERIFY_BAD_ARGUMENT)
        abort();
}

/* Each bundle by itself, so that what one does wrong hides nothing about the others. */
static void judge_bundles(const struct bh_verify_input *input)
{
    for (size_t at = 0; at < input->size; at += BH_BUNDLE_SIZE) {
        struct bh_verify_input bundle = *input;
        uint8_t code[BH_BUNDLE_SIZE];
        bundle.code = code;
        bundle.address += at;
        bundle.size = input->size - at < BH_BUNDLE_SIZE ? input->size - at : BH_BUNDLE_SIZE;
        bundle.target_lo = bundle.target_hi = 0;
        memcpy(code, input->code + at, bundle.size);
        judge(&bundle);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bh_verify_input input;
    if (size < PARAMETER_BYTES || size > MAX_INPUT)
        return -1;
    code_parameters(data, size - PARAMETER_BYTES, &input);
    /* A copy of its own, so that the sanitizer sees every read past its end. */
    uint8_t *code = malloc(input.size ? input.size : 1);
    if (!code)
        abort();
    memcpy(code, data + PARAMETER_BYTES, input.size);
    input.code = code;
    judge(&input);
    judge_bundles(&input);
    input.isolation = input.isolation == BH_ISOLATE_FULL ? BH_ISOLATE_STORES : BH_ISOLATE_FULL;
    judge(&input);
    free(code);
    return 0;
}
