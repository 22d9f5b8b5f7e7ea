/* Asks both verifiers, and shows where they differ. */
#include "both.h"

#include <Zydis/Zydis.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_refusal(void *context, const struct bh_verify_refusal *refusal)
{
    fprintf(stderr, "  verifier:  0x%" PRIx64 ": %s: %s\n", refusal->address, refusal->rule, refusal->reason);
}

static void print_instructions(const struct bh_verify_input *input)
{
    for (size_t at = 0; at < input->size;) {
        ZydisDisassembledInstruction insn;
        size_t left = input->size - at, in_bundle = BH_BUNDLE_SIZE - at % BH_BUNDLE_SIZE;
        uint64_t address = input->address + at;
        bool known = ZYAN_SUCCESS(ZydisDisassembleATT(ZYDIS_MACHINE_MODE_LONG_64, address, input->code + at, left, &insn));
        size_t length = known ? insn.info.length : 1;
        if (length > in_bundle)
            length = in_bundle;
        fprintf(stderr, "%s  %6" PRIx64 ": ", at % BH_BUNDLE_SIZE ? "" : "  |\n", address);
        for (size_t i = 0; i < length; i++)
            fprintf(stderr, "%02x ", input->code[at + i]);
        fprintf(stderr, "; %s\n", known ? insn.text : "?");
        at += length;
    }
}

static void print_code_difference(const struct bh_verify_input *input, bh_verify_result result,
                                  const struct bh_verify_facts *facts, const struct ref_verdict *reference)
{
    fprintf(stderr, "The verifiers differ: the verifier says %s, the reference says %s.\n",
            result == BH_VERIFY_ACCEPTED ? "accepted" : "refused", reference->accepted ? "accepted" : "refused");
    fprintf(stderr, "  address 0x%" PRIx64 ", image [0x%" PRIx64 ", 0x%" PRIx64 "), targets [0x%" PRIx64 ", 0x%" PRIx64
            "), isolation %s\n", input->address, input->image_lo, input->image_hi, input->target_lo, input->target_hi,
            input->isolation == BH_ISOLATE_STORES ? "stores" : "full");
    if (result == BH_VERIFY_ACCEPTED && reference->accepted)
        fprintf(stderr, "  facts: verifier 0x%x, reference 0x%x, or their host calls differ\n", facts->facts, reference->facts);
    struct bh_verify_input again = *input;
    again.scratch_size = bh_verify_scratch_size(input->size);
    again.scratch = malloc(again.scratch_size);
    again.report = print_refusal;
    again.limit = 10;
    if (again.scratch)
        bh_verify_code(&again, NULL);
    free(again.scratch);
    for (unsigned i = 0; i < REF_RULE_COUNT; i++)
        if (reference->rules >> i & 1)
            fprintf(stderr, "  reference: 0x%" PRIx64 ": %s\n", reference->where[i], ref_rule_name(i));
    if (input->size <= 4096)
        print_instructions(input);
}

bool both_agree_code(const struct bh_verify_input *input, bh_verify_result result, const struct bh_verify_facts *facts)
{
    struct ref_verdict reference;
    ref_verify_code(input, &reference);
    bool accepted = result == BH_VERIFY_ACCEPTED;
    if (reference.accepted == accepted &&
        (!accepted || (facts->facts == reference.facts && !memcmp(facts->hostcall, reference.hostcall, sizeof facts->hostcall))))
        return true;
    print_code_difference(input, result, facts, &reference);
    return false;
}

bool both_judge_code(const struct bh_verify_input *input, bh_verify_result *result)
{
    struct bh_verify_input in = *input;
    struct bh_verify_facts facts;
    in.scratch_size = bh_verify_scratch_size(in.size);
    in.scratch = malloc(in.scratch_size);
    in.report = NULL;
    in.limit = 1;
    if (!in.scratch) {
        fputs("out of memory\n", stderr);
        abort();
    }
    bh_verify_result got = bh_verify_code(&in, &facts);
    free(in.scratch);
    if (result)
        *result = got;
    return got == BH_VERIFY_BAD_ARGUMENT || both_agree_code(input, got, &facts);
}

/* One line for each field of struct bh_elf that differs. */
static bool same_elf(const struct bh_elf *a, const struct bh_elf *b, bool print)
{
    bool same = true;
#define SAME(field)                                                                                                             \
    do {                                                                                                                        \
        if ((uint64_t)a->field != (uint64_t)b->field) {                                                                         \
            if (print)                                                                                                          \
                fprintf(stderr, "  %s: verifier 0x%" PRIx64 ", reference 0x%" PRIx64 "\n", #field, (uint64_t)a->field,          \
                        (uint64_t)b->field);                                                                                    \
            same = false;                                                                                                       \
        }                                                                                                                       \
    } while (0)
    SAME(isolation); SAME(note_flags); SAME(segment_count); SAME(image_lo); SAME(image_hi); SAME(code_segment);
    SAME(code_addr); SAME(code_size); SAME(entry); SAME(phdr_vaddr); SAME(phnum); SAME(relro_size); SAME(rela_count);
    SAME(relr_count); SAME(dynsym_count); SAME(symtab_count); SAME(tls_vaddr); SAME(tls_filesz); SAME(tls_memsz);
    SAME(tls_align); SAME(stack_size);
    /* Where something is matters only if it is there. */
    if (a->relro_size) SAME(relro_addr);
    if (a->rela_count) SAME(rela_offset);
    if (a->relr_count) SAME(relr_offset);
    if (a->dynsym_count) { SAME(dynsym_offset); SAME(dynstr_offset); SAME(dynstr_size); }
    if (a->symtab_count) { SAME(symtab_offset); SAME(strtab_offset); SAME(strtab_size); }
    for (unsigned i = 0; i < a->segment_count && i < b->segment_count; i++) {
        SAME(segment[i].vaddr); SAME(segment[i].memsz); SAME(segment[i].offset); SAME(segment[i].filesz);
        SAME(segment[i].read); SAME(segment[i].write); SAME(segment[i].execute);
    }
#undef SAME
    return same;
}

bool both_agree_elf(const void *file, size_t size, bh_elf_result result, const struct bh_elf *elf)
{
    struct bh_elf reference;
    const char *rule;
    bh_elf_result expected = ref_elf_parse(&reference, file, size, &rule);
    if (result == expected && (result != BH_ELF_OK || same_elf(elf, &reference, false)))
        return true;
    static const char *const names[] = {"a module", "refused", "no ELF file"};
    struct bh_elf_error error = {.rule = "", .reason = ""};
    struct bh_elf scratch;
    fprintf(stderr, "The verifiers differ about a file of %zu bytes: the verifier says %s, the reference says %s.\n", size,
            names[result], names[expected]);
    if (result == BH_ELF_REFUSED) {
        bh_elf_parse(&scratch, file, size, &error);
        fprintf(stderr, "  verifier:  %s: %s (0x%" PRIx64 ", 0x%" PRIx64 ")\n", error.rule, error.reason, error.where, error.value);
    }
    if (expected == BH_ELF_REFUSED)
        fprintf(stderr, "  reference: %s\n", rule);
    if (result == BH_ELF_OK && expected == BH_ELF_OK)
        same_elf(elf, &reference, true);
    return false;
}

bool both_judge_module(const void *file, size_t size, bool *accepted)
{
    struct bh_elf elf;
    struct bh_verify_input input = {.size = 0};
    bh_verify_result result;
    bh_elf_result parsed = bh_elf_parse(&elf, file, size, NULL);
    *accepted = false;
    if (!both_agree_elf(file, size, parsed, &elf))
        return false;
    if (parsed != BH_ELF_OK)
        return true;
    uint8_t *code = malloc(elf.code_size);
    if (!code) {
        fputs("out of memory\n", stderr);
        abort();
    }
    bh_elf_fill_code(&elf, code);
    bh_elf_verify_input(&elf, code, &input);
    bool agree = both_judge_code(&input, &result);
    *accepted = result == BH_VERIFY_ACCEPTED;
    free(code);
    return agree;
}
