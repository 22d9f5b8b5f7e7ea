/* The verifier: decides whether machine code keeps the contract of docs/contract.md.
 *
 * It is the part that must be right for the sandbox to hold, so it stands alone: no allocation, no I/O, no global
 * state, time and memory bounded by the size of its input. It never executes or trusts the bytes it looks at. Two
 * callers may use it at once. What it accepts is safe only if the very same bytes become executable: verify a private
 * copy, or a file that can no longer change.
 */
#ifndef BULKHEAD_VERIFIER_VERIFY_H
#define BULKHEAD_VERIFIER_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bulkhead/layout.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum bh_verify_result {
    BH_VERIFY_ACCEPTED = 0,
    BH_VERIFY_REFUSED = 1, /* at least one rule is broken; every broken rule was reported, up to the limit */
    BH_VERIFY_BAD_ARGUMENT =
        2, /* the caller's mistake (scratch missing or too small, ranges upside down): nothing was verified */
} bh_verify_result;

/* One broken rule. The pointers are constants that live as long as the program. */
struct bh_verify_refusal {
    uint64_t address;   /* image-relative address of the instruction */
    uint32_t length;    /* its bytes; those that could be decoded, at least 1 */
    const char *rule;   /* the rule's name in docs/contract.md: "M1", "C2", "S2", "prefix", ... */
    const char *reason; /* one sentence: what is wrong, what would be right */
    uint64_t bundle;    /* address of the bundle the instruction starts in */
    uint64_t target;    /* C2 and M2: where the branch or the operand leads; otherwise 0 */
};

typedef void bh_verify_report(void *context, const struct bh_verify_refusal *refusal);

/* What the code can do. The runtime may only skip work that these exclude; they hold for accepted code. */
enum bh_verify_fact {
    BH_FACT_MXCSR =
        1u << 0, /* writes MXCSR's control bits (ldmxcsr) or reads it (stmxcsr); sticky flags may change always */
    BH_FACT_X87 = 1u << 1,       /* uses x87 or MMX registers, SSE forms with an mm operand included */
    BH_FACT_UPPER = 1u << 2,     /* may leave non-zero upper halves in ymm registers */
    BH_FACT_TIMER = 1u << 3,     /* rdtsc, rdtscp */
    BH_FACT_CPUID = 1u << 4,     /* cpuid */
    BH_FACT_RDRAND = 1u << 5,    /* rdrand, rdseed */
    BH_FACT_RDPID = 1u << 6,     /* rdpid, rdtscp: tells the CPU number */
    BH_FACT_XGETBV = 1u << 7,    /* xgetbv */
    BH_FACT_FLUSH = 1u << 8,     /* clflush, clflushopt, clwb, cldemote */
    BH_FACT_AVX = 1u << 9,       /* any VEX-encoded vector instruction: the CPU must have AVX or AVX2 */
    BH_FACT_BMI = 1u << 10,      /* BMI1, BMI2 (VEX-encoded integer instructions) */
    BH_FACT_HOSTCALL = 1u << 11, /* contains at least one host call (C5) */
    BH_FACT_LZCNT = 1u << 12,    /* lzcnt: a CPU without it silently executes bsr, with other results */
    BH_FACT_MOVBE = 1u << 13,    /* movbe */
    BH_FACT_F16C = 1u << 14,     /* vcvtph2ps, vcvtps2ph */
    BH_FACT_AES = 1u << 15,      /* AES-NI or PCLMULQDQ, legacy or VEX */
};

struct bh_verify_facts {
    uint32_t facts;                                   /* bits of enum bh_verify_fact */
    uint64_t hostcall[(BH_HOSTCALL_COUNT + 63) / 64]; /* bit n: table entry n is used */
    /* Counts, complete only where the input asks for statistics. */
    uint64_t instructions; /* without nops and fill */
    uint64_t nops;         /* nop instructions */
    uint64_t nop_bytes;    /* bytes of nop instructions */
    uint64_t fill_bytes;   /* bytes of hlt and int3 */
    uint64_t prefix_bytes; /* redundant padding prefixes (2Eh, and REX 40h without effect is not counted) */
    uint64_t sequences;    /* M4, C3, C4, S3 */
    uint64_t branches;     /* direct jumps and calls */
};

struct bh_verify_input {
    const uint8_t *code; /* the bytes that will be executed, all of them */
    size_t size;         /* at most 4 GiB - 1 */
    uint64_t address;    /* image-relative address of code[0], a multiple of BH_BUNDLE_SIZE */
    uint64_t image_lo;   /* M2: the image's own range, image-relative */
    uint64_t image_hi;
    uint64_t target_lo; /* C2: direct branches stay in [target_lo, target_hi), the part of code that is not fill; */
    uint64_t target_hi; /* both 0: all of code */
    int isolation;      /* BH_ISOLATE_FULL or BH_ISOLATE_STORES */
    void *scratch;      /* bh_verify_scratch_size(size) bytes, 8-aligned; contents need not be initialised */
    size_t scratch_size;
    bh_verify_report *report; /* may be NULL */
    void *report_context;
    size_t limit;              /* stop after so many refusals; 0 means all */
    bool statistics;           /* fill in the counts of struct bh_verify_facts: takes several times as long */
    volatile size_t *progress; /* may be NULL; now and then the number of bytes that were looked at is stored here */
};

/* Bytes of scratch memory that verifying `size` bytes of code takes (3/8 of it and a little). */
size_t bh_verify_scratch_size(size_t size);

/* Verifies one flat code region. facts may be NULL; after a refusal its contents are of statistical interest only. */
bh_verify_result bh_verify_code(const struct bh_verify_input *input, struct bh_verify_facts *facts);

/* For tests and tools: length of the instruction at code, 0 when the table does not know it or it is cut off. The
 * instruction need not be acceptable (an unconfined operand has a length too). */
unsigned bh_verify_length(const uint8_t *code, size_t size);

#ifdef __cplusplus
}
#endif
#endif
