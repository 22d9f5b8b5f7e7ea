/* Runs one instruction on the processor, at the end of a page behind which nothing is mapped. One thread. */
#ifndef BULKHEAD_TEST_AGREEMENT_CPU_H
#define BULKHEAD_TEST_AGREEMENT_CPU_H

#include <stdbool.h>
#include <stdint.h>

enum cpu_outcome {
    CPU_STEPPED,  /* executed; the single-step trap came after it */
    CPU_FETCH,    /* the processor wanted bytes beyond those given */
    CPU_UNDEFINED,/* #UD */
    CPU_FAULT,    /* any other fault: it was fetched and decoded as a whole */
};

/* In the order of the encoding: rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8-r15. */
struct cpu_result {
    enum cpu_outcome outcome;
    uint64_t gpr[16];
    uint64_t rip;          /* relative to the instruction's first byte */
    uint64_t flags;
    uint64_t segments;     /* cs, gs, fs, ss as the kernel packs them */
    uint64_t fault_address;
    unsigned trap;         /* the processor's number of the exception */
    uint32_t mxcsr;
    uint16_t x87_control;
    uint8_t x87_tags;      /* a bit for each register in use; none before */
};

/* What the registers hold before: pointers to memory of the slot; zeros, and the stack is not mapped; numbers that look
 * random, and the stack is not mapped. */
enum cpu_preset { CPU_POINTERS, CPU_ZEROS, CPU_NOISE };

/* Maps a slot (4 GiB and 16 MiB around it, mostly not accessible) and points GS there. Prints why and returns false if
 * that cannot be done. */
bool cpu_init(void);

/* Executes bytes[0..n) once. registers: the general registers before it, rsp (number 4) included. */
void cpu_run(const uint8_t *bytes, unsigned n, const uint64_t registers[16], struct cpu_result *result);

void cpu_registers(uint64_t registers[16], enum cpu_preset preset);

/* The slot's first byte. Is nothing mapped from address to address + size? */
uint64_t cpu_slot(void);
bool cpu_is_hole(uint64_t address, uint64_t size);

/* GS still points at the slot. */
bool cpu_intact(void);

#endif
