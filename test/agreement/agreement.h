/* The agreement test: everything that the verifier accepts, decoded by others.
 *
 * A generator (generate.c) walks the encoding space. For each encoding the verifier is asked for its verdict and, by
 * probing, for what it believes about the instruction (verdict.c). What is accepted goes to Zydis (zydis.c), to LLVM's
 * decoder (llvm.cpp, compared in compare_llvm.c) and to the processor (cpu.c, compared in compare_cpu.c). Whatever they
 * say differently is a disagreement, and the test fails.
 *
 * One thread; all state is static.
 */
#ifndef BULKHEAD_TEST_AGREEMENT_H
#define BULKHEAD_TEST_AGREEMENT_H

#include <Zydis/Zydis.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verifier/verify.h"

enum {
    CODE_ADDRESS = 0x2000,   /* image-relative address of the code that is verified */
    IMAGE_HI = 0x100000,     /* the image reaches from 0 to here */
    MAX_INSN = 15,
    RIP_DISP = 0x1100,       /* leads past the page edge of cpu.c into memory */
};

/* A memory operand: numbers of registers. */
enum { REG_NONE = -1, REG_RIP = 16, REG_EIP = 17 };
struct operand {
    bool present;
    bool wide;   /* 64-bit addresses */
    int base, index, scale;
    int64_t disp;
    bool gs;
};

/* One accepted instruction, with what is known about it. */
struct subject {
    uint8_t bytes[32];            /* behind the instruction: hlt */
    unsigned length;              /* the verifier's */
    bool full;                    /* accepted under full isolation; otherwise under stores-only alone */
    bool touch;                   /* counts as touching the stack (S2) */
    struct bh_verify_facts facts;
    ZydisDecodedInstruction insn; /* Zydis's view, for naming and for the comparison with the processor */
    ZydisDecodedOperand ops[ZYDIS_MAX_OPERAND_COUNT];
    struct operand operand;       /* LLVM's view */
};

struct statistics {
    uint64_t tried, refused, accepted, accepted_stores, disagreements;
    uint64_t sequences;       /* accepted sequences */
    uint64_t cpu_exact;       /* length seen by the page edge on both sides */
    uint64_t cpu_stepped;     /* ... and by the instruction pointer after it */
    uint64_t cpu_unobservable;/* the processor raised #UD before it had fetched everything */
    uint64_t cpu_touches;     /* touches that faulted on an unmapped stack */
    uint64_t cpu_addresses;   /* operands whose address the fault showed */
};
extern struct statistics statistics;
extern bool use_cpu;

/* Reports that `who` sees an instruction differently. Prints the first few of each kind. */
void disagree(const struct subject *s, const char *who, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* ---- verdict.c: the verifier, seen through its public interface -------------------------------------------------- */

/* Asks for the verdict on one instruction: bytes[0..size), alone between hlt, at an offset in the bundle that varies with
 * the bytes. Returns false if it is refused under both isolations; otherwise fills s (all but Zydis's view). */
bool judge(const uint8_t *bytes, unsigned size, struct subject *s);

/* The verdict on code that begins at a bundle boundary; size at most 512. */
bool accepts(const uint8_t *code, unsigned size, int isolation, uint64_t image_lo, uint64_t image_hi,
             struct bh_verify_facts *facts);

/* Checks that need only the verifier: the same verdict elsewhere in a bundle and in longer code, cut off at the end of the
 * code, across a bundle boundary, and no branch into the instruction. */
void check_placement(const struct subject *s);

/* ---- the others -------------------------------------------------------------------------------------------------- */

/* Fills s->insn and s->ops and compares. Returns false if Zydis does not know the instruction. */
bool zydis_init(void);
bool compare_zydis(struct subject *s);
/* Fills s->insn, s->ops and s->length from s->bytes, without comparing. */
bool zydis_decode(struct subject *s);
bool zydis_writes_stack_pointer(const struct subject *s);
bool zydis_is_trap(const struct subject *s);
bool zydis_accesses_nothing(const struct subject *s);

/* Fills s->operand and compares. */
bool compare_llvm(struct subject *s);
/* Compares the length alone. */
bool compare_llvm_length(const struct subject *s);

/* Only accepted instructions may be given, alone or in a sequence: they are executed. Length alone: the same without
 * judging what the instruction did. */
void compare_cpu(const struct subject *s);
void compare_cpu_length(const struct subject *s);
/* Names the instructions whose length it could not see. */
void print_unobservable(void);

/* ---- forms.c: everything behind the opcode ----------------------------------------------------------------------- */

/* The bytes up to and with the opcode, and whether ModRM follows (true where nobody knows). */
struct head {
    uint8_t bytes[16];
    unsigned size;
    bool modrm;
};
void append(struct head *h, uint8_t byte);

/* How many of the forms. ONE_SIB is for opcodes that the table does not know at all. */
enum breadth { BREADTH_ALL, BREADTH_ONE_SIB, BREADTH_SAMPLE };

/* Tries all ModRM bytes, with classes of SIB bytes and a sample of displacements and immediates; salt varies the sample. */
void try_forms(const struct head *h, enum breadth breadth, uint64_t salt);
/* The same for register forms alone, and for one of each kind of operand. */
void try_register_forms(const struct head *h, uint64_t salt);
void try_few_forms(const struct head *h, uint64_t salt);

/* One form: ModRM, SIB (used when ModRM asks for it), displacement (cut as ModRM says), and an immediate as long as the
 * verifier takes it to be. Returns whether it was accepted. */
bool try_form(const struct head *h, uint8_t modrm, uint8_t sib, int32_t disp, uint64_t imm);

/* ---- claims.c: the table's lines ---------------------------------------------------------------------------------- */

enum { LEGACY_SLOTS = 4 * 4 * 256, SLOTS = LEGACY_SLOTS + 3 * 4 * 4 * 256 };
/* What the table claims of a slot (see entry.h). */
enum slot_kind { SLOT_FREE, SLOT_MODRM, SLOT_NO_MODRM };
enum slot_kind slot_kind(unsigned slot);

/* An item for each line and slot: fails if a kind of operand that the line claims is never accepted. */
uint64_t claim_count(void);
void run_claim(uint64_t number, bool sample);

/* ---- generate.c: the whole encoding space ------------------------------------------------------------------------- */

/* The walk is divided into independent items; a number names the same encodings in every run. */
uint64_t item_count(void);
void run_item(uint64_t number, bool sample);

/* ---- sequences.c, refused.c ---------------------------------------------------------------------------------------- */

/* A sequence and its one-byte variations, of which the sample takes a sixteenth. */
uint64_t sequence_count(void);
void run_sequence(uint64_t number, bool sample);

/* Encodings that makers or decoders disagree about: must be refused. */
uint64_t refused_count(void);
void run_refused(uint64_t number, bool sample);

/* ---- main.c --------------------------------------------------------------------------------------------------------- */

/* Judges one instruction, and has the others look at what is accepted. Returns whether it was accepted. */
bool try_insn(const uint8_t *bytes, unsigned size);

static inline uint64_t mix(uint64_t x)
{
    x ^= x >> 31;
    x *= 0x7FB5D329728EA185u;
    x ^= x >> 27;
    x *= 0x81DADEF4BC2DD44Du;
    return x ^ x >> 33;
}

static inline uint64_t hash_bytes(const uint8_t *p, unsigned n)
{
    uint64_t h = n;
    for (unsigned i = 0; i < n; i++)
        h = (h ^ p[i]) * 0x100000001B3u;
    return mix(h);
}

#endif
