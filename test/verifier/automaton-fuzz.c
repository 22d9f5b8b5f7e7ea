/* automaton-fuzz SEED SECONDS MODULE...: the automaton against the rules that it was made from. Bundles of real code are changed a little and
 * verified twice, by the automaton and, as counting needs it, by the rules alone: the verdict, every refusal and the facts must be the same.
 * Ends with 1 at the first difference, with the bytes that show it. SECONDS may be hours. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "verifier/elf.h"
#include "verifier/verify.h"

enum { BUNDLES = 40, SIZE = BUNDLES * BH_BUNDLE_SIZE, BATCH = 1000 };

static uint64_t state;
static uint8_t *pool; /* bundles of the modules' code */
static size_t pool_bundles;
static uint8_t code[SIZE];

static uint64_t any(uint64_t limit)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state % limit;
}

/* Adds a module's code to the pool. */
static bool load(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct bh_elf elf;
    struct bh_elf_error error;
    long size = 0;
    uint8_t *bytes = NULL;
    if (file && !fseek(file, 0, SEEK_END) && (size = ftell(file)) > 0 && !fseek(file, 0, SEEK_SET))
        bytes = malloc((size_t)size);
    bool good = bytes && fread(bytes, 1, (size_t)size, file) == (size_t)size && !bh_elf_parse(&elf, bytes, (size_t)size, &error);
    if (good) {
        const struct bh_elf_segment *segment = &elf.segment[elf.code_segment];
        size_t bundles = segment->filesz / BH_BUNDLE_SIZE;
        pool = realloc(pool, (pool_bundles + bundles) * BH_BUNDLE_SIZE);
        if (!pool)
            exit(2);
        memcpy(pool + pool_bundles * BH_BUNDLE_SIZE, bytes + segment->offset, bundles * BH_BUNDLE_SIZE);
        pool_bundles += bundles;
    }
    free(bytes);
    if (file)
        fclose(file);
    return good;
}

/* ---- One change of a bundle ---- */

static void insert(uint8_t *bundle, unsigned at, uint8_t byte)
{
    memmove(bundle + at + 1, bundle + at, BH_BUNDLE_SIZE - at - 1);
    bundle[at] = byte;
}

static void change(uint8_t *bundle)
{
    static const uint8_t prefixes[] = {0x66, 0xf2, 0xf3, 0x67, 0x65, 0x64, 0x2e, 0x3e, 0xf0, 0x40, 0x41, 0x44, 0x48, 0x49, 0x4c, 0x4f,
                                       0xc4, 0xc5, 0x62, 0x0f};
    unsigned at = (unsigned)any(BH_BUNDLE_SIZE), length = 1 + (unsigned)any(8);
    if (length > BH_BUNDLE_SIZE - at)
        length = BH_BUNDLE_SIZE - at;
    switch (any(7)) {
    case 0: bundle[at] ^= (uint8_t)(1u << any(8)); break;
    case 1: bundle[at] = (uint8_t)any(256); break;
    case 2: insert(bundle, at, prefixes[any(sizeof(prefixes))]); break;
    case 3: memcpy(bundle + at, pool + any(pool_bundles) * BH_BUNDLE_SIZE + any(BH_BUNDLE_SIZE - 8), length); break;
    case 4: /* a byte less */
        memmove(bundle + at, bundle + at + 1, BH_BUNDLE_SIZE - at - 1);
        bundle[BH_BUNDLE_SIZE - 1] = 0x90;
        break;
    case 5: bundle[at] = (uint8_t)(any(2) ? 0xe0 : 0x04 | any(32) << 3); break; /* the ends of sequences, SIB bytes */
    default: bundle[at] = (uint8_t)any(64); break; /* short distances */
    }
}

/* Traps but for two neighbours, so that the verdict hangs on what was changed there. */
static size_t make_code(unsigned *hot)
{
    unsigned count = 2 + (unsigned)any(BUNDLES - 2);
    *hot = (unsigned)any(count - 1);
    memset(code, 0xf4, sizeof(code));
    for (unsigned n = 0; n < 2; n++)
        memcpy(code + (*hot + n) * BH_BUNDLE_SIZE, pool + any(pool_bundles) * BH_BUNDLE_SIZE, BH_BUNDLE_SIZE);
    for (uint64_t n = 1 + any(4); n; n--)
        change(code + (*hot + any(2)) * BH_BUNDLE_SIZE);
    return count * BH_BUNDLE_SIZE - (any(20) ? 0 : any(BH_BUNDLE_SIZE));
}

/* ---- Two verdicts ---- */

struct verdict {
    bh_verify_result result;
    struct bh_verify_facts facts;
    uint64_t refusals; /* a sum over where, which and why */
};

static void add_refusal(void *context, const struct bh_verify_refusal *refusal)
{
    struct verdict *verdict = context;
    uint64_t sum = verdict->refusals * 31 + refusal->address + refusal->length * 7 + refusal->target * 5;
    for (const char *at = refusal->rule; *at; at++)
        sum = sum * 33 + (uint8_t)*at;
    verdict->refusals = sum * 3 + (uintptr_t)refusal->reason;
}

static struct verdict judge(struct bh_verify_input input, bool rules_alone)
{
    static uint64_t scratch[SIZE / 8];
    struct verdict verdict = {0};
    input.scratch = scratch, input.scratch_size = sizeof(scratch);
    input.report = add_refusal, input.report_context = &verdict;
    input.statistics = rules_alone;
    verdict.result = bh_verify_code(&input, &verdict.facts);
    return verdict;
}

static bool same(const struct verdict *a, const struct verdict *b)
{
    return a->result == b->result && a->refusals == b->refusals &&
           (a->result != BH_VERIFY_ACCEPTED || (a->facts.facts == b->facts.facts &&
            !memcmp(a->facts.hostcall, b->facts.hostcall, sizeof(a->facts.hostcall))));
}

/* Whether it was accepted; ends the program where the two differ. */
static bool try(void)
{
    unsigned hot;
    struct bh_verify_input input = {.code = code, .size = make_code(&hot), .address = any(4) * 0x1000 + any(3) * BH_BUNDLE_SIZE,
                                    .image_hi = 0x10000000, .isolation = any(2) ? BH_ISOLATE_FULL : BH_ISOLATE_STORES};
    struct verdict fast = judge(input, false), rules = judge(input, true);
    if (same(&fast, &rules))
        return fast.result == BH_VERIFY_ACCEPTED;
    printf("automaton %d, rules %d, facts %x and %x; isolation %d, address 0x%llx, %zu bytes, of which\n", fast.result, rules.result,
           fast.facts.facts, rules.facts.facts, input.isolation, (unsigned long long)input.address, input.size);
    for (unsigned n = 0; n < 2 * BH_BUNDLE_SIZE; n++)
        printf("%02x%s", code[hot * BH_BUNDLE_SIZE + n], n % BH_BUNDLE_SIZE == BH_BUNDLE_SIZE - 1 ? "\n" : " ");
    exit(1);
}

int main(int argc, char **argv)
{
    unsigned long tried = 0, accepted = 0;
    if (argc < 4)
        return fputs("usage: automaton-fuzz SEED SECONDS MODULE...\n", stderr), 2;
    state = strtoull(argv[1], NULL, 0) * 0x9e3779b97f4a7c15 + 1;
    for (int n = 3; n < argc; n++)
        if (!load(argv[n]))
            return fprintf(stderr, "automaton-fuzz: %s is no module\n", argv[n]), 2;
    if (!pool_bundles)
        return fputs("automaton-fuzz: no code\n", stderr), 2;
    printf("seed %s, %zu bundles\n", argv[1], pool_bundles);
    /* By the processor's time, and whole batches, so that a busy machine tries no less. */
    for (clock_t end = clock() + (clock_t)(atof(argv[2]) * CLOCKS_PER_SEC); clock() < end;)
        for (int n = 0; n < BATCH; n++, tried++)
            accepted += try();
    printf("%lu tried, %lu accepted, no difference\n", tried, accepted);
    return accepted * 50 < tried || accepted == tried; /* neither says anything */
}
