/* Linked into run-cases and elf-cases (with --wrap), this has the reference verifier judge everything that they give to the
 * real one, and ends the program at the first difference. */
#include <stdlib.h>

#include "both.h"

bh_verify_result __real_bh_verify_code(const struct bh_verify_input *input, struct bh_verify_facts *facts);
bh_verify_result __wrap_bh_verify_code(const struct bh_verify_input *input, struct bh_verify_facts *facts);
bh_elf_result __real_bh_elf_parse(struct bh_elf *elf, const void *file, size_t size, struct bh_elf_error *error);
bh_elf_result __wrap_bh_elf_parse(struct bh_elf *elf, const void *file, size_t size, struct bh_elf_error *error);

static bool comparing; /* the comparison itself asks the real one again, for its dump */

bh_verify_result __wrap_bh_verify_code(const struct bh_verify_input *input, struct bh_verify_facts *facts)
{
    struct bh_verify_facts own;
    bh_verify_result result = __real_bh_verify_code(input, facts ? facts : &own);
    if (comparing || result == BH_VERIFY_BAD_ARGUMENT)
        return result;
    comparing = true;
    if (!both_agree_code(input, result, facts ? facts : &own))
        exit(1);
    comparing = false;
    return result;
}

bh_elf_result __wrap_bh_elf_parse(struct bh_elf *elf, const void *file, size_t size, struct bh_elf_error *error)
{
    bh_elf_result result = __real_bh_elf_parse(elf, file, size, error);
    if (comparing)
        return result;
    comparing = true;
    if (!both_agree_elf(file, size, result, elf))
        exit(1);
    comparing = false;
    return result;
}
