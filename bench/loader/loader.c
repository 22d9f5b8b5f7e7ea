/* Runs modules that are only one ingredient of isolation (-bulkhead-only), to measure what the ingredient costs.
 *
 * The linker puts the two functions below in the place of the verifier's (--wrap). A module whose note carries
 * BH_SCHEME_UNVERIFIABLE is read as if it said otherwise, and its code is accepted whatever it is: nothing is isolated.
 * Every other module gets the verifier's own verdict, as in bulkhead-run, whose command line this program shares.
 */
#ifndef BULKHEAD_BENCH_LOADER
#error "bench/loader replaces the verifier's verdict: it is for bench-run alone and must not get into libbulkhead"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bulkhead/layout.h"
#include "elf.h"

bh_elf_result __real_bh_elf_parse(struct bh_elf *elf, const void *file, size_t size, struct bh_elf_error *error);
bh_elf_result __wrap_bh_elf_parse(struct bh_elf *elf, const void *file, size_t size, struct bh_elf_error *error);
bh_verify_result __real_bh_verify_code(const struct bh_verify_input *input, struct bh_verify_facts *facts);
bh_verify_result __wrap_bh_verify_code(const struct bh_verify_input *input, struct bh_verify_facts *facts);

/* The module is one that cannot be verified. One process loads one module, on one thread. */
static bool unverifiable;

/* Offset in the file of the note's word for the scheme if it says that nothing verifies the module; 0: it does not. */
static size_t unverifiable_scheme(const uint8_t *file, size_t size) {
    const struct {
        uint32_t name_size, size, type;
        char name[(BH_NOTE_NAME_SIZE + 3) / 4 * 4];
        uint32_t version, scheme;
    } note = {BH_NOTE_NAME_SIZE, BH_NOTE_DESC_SIZE,   BH_NOTE_TYPE,
              BH_NOTE_NAME,      BH_CONTRACT_VERSION, BH_SCHEME_UNVERIFIABLE};
    const uint8_t *found = memmem(file, size, &note, sizeof note);
    return found ? (size_t)(found - file) + sizeof note - sizeof note.scheme : 0;
}

bh_elf_result __wrap_bh_elf_parse(struct bh_elf *elf, const void *file, size_t size, struct bh_elf_error *error) {
    size_t at = unverifiable_scheme(file, size);
    if (!at)
        return __real_bh_elf_parse(elf, file, size, error);
    /* *elf points into what it was parsed from, so this copy lives as long as the process. */
    uint8_t *copy = malloc(size);
    if (!copy) {
        fputs(PROGRAM_NAME ": out of memory\n", stderr);
        exit(125);
    }
    memcpy(copy, file, size);
    memcpy(copy + at, &(uint32_t){BH_SCHEME_BUNDLE}, sizeof(uint32_t));
    unverifiable = true;
    fputs(PROGRAM_NAME ": warning: this module is not verified, and nothing isolates it from this process\n", stderr);
    return __real_bh_elf_parse(elf, copy, size, error);
}

bh_verify_result __wrap_bh_verify_code(const struct bh_verify_input *input, struct bh_verify_facts *facts) {
    if (!unverifiable)
        return __real_bh_verify_code(input, facts);
    /* What this code does is not known: the runtime has to keep all state that it could change, and every host call. */
    if (facts) {
        *facts = (struct bh_verify_facts){.facts = BH_FACT_MXCSR | BH_FACT_X87 | BH_FACT_UPPER | BH_FACT_HOSTCALL};
        memset(facts->hostcall, 0xff, sizeof facts->hostcall);
    }
    return BH_VERIFY_ACCEPTED;
}
