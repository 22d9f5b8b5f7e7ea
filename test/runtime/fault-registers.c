/* A handler that makes the page writable and returns: the store that faulted finds every register, flag, mode, vector and x87
 * register as it was, whatever the handler did to its own; and the handler sees the general ones. As natively.
 *
 * REQUIRES: avx
 * RUN: %native-clang -O1 -w -mavx %s -o %t.native && %t.native >%t.expected
 * RUN: %bulkhead-clang -O1 -w -mavx %s -o %t && %bulkhead-run --deadline 60 %t >%t.seen
 * RUN: diff %t.expected %t.seen
 * RUN: FileCheck %s <%t.seen
 * CHECK: general 1 flags 1 modes 1 vectors 1 x87 1
 * CHECK: told 1
 * With a thread pointer, which is a register.
 * RUN: %bulkhead-clang -O1 -w -mavx -pthread %s -o %t && %bulkhead-run --deadline 60 %t | diff %t.expected -
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

struct state {
    uint64_t general[16]; /* in the order of the encoding; rax leads to the page */
    uint64_t flags;
    uint32_t mxcsr, control;
    uint8_t vector[16][32];
    uint8_t x87[2][16];
} wanted, seen;

/* Loads all of `wanted`, stores to the page, and writes down all of `seen`. r14 stays what it is. */
__asm__(".text\n.p2align 5\n.globl across\n.type across,@function\nacross:\n"
        "pushq %rbx\npushq %rbp\npushq %r12\npushq %r13\npushq %r15\n"
        "movq %rsp, wanted+32(%rip)\nmovq %r14, wanted+112(%rip)\n"
        "ldmxcsr wanted+136(%rip)\nfldcw wanted+140(%rip)\n"
        ".set n, 0\n.irp r,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\nvmovdqu wanted+144+32*n(%rip), %ymm\\r\n.set n, n+1\n.endr\n"
        "fldt wanted+656(%rip)\nfldt wanted+672(%rip)\n"
        "movq wanted+8(%rip), %rcx\nmovq wanted+16(%rip), %rdx\nmovq wanted+24(%rip), %rbx\nmovq wanted+40(%rip), %rbp\n"
        "movq wanted+48(%rip), %rsi\nmovq wanted+56(%rip), %rdi\nmovq wanted+64(%rip), %r8\nmovq wanted+72(%rip), %r9\n"
        "movq wanted+80(%rip), %r10\nmovq wanted+88(%rip), %r11\nmovq wanted+96(%rip), %r12\nmovq wanted+104(%rip), %r13\n"
        "movq wanted+120(%rip), %r15\n"
        "movl $0x7fffffff, %eax\naddl $1, %eax\nstc\n" /* OF, SF, AF, PF, CF */
        "movq wanted(%rip), %rax\n"
        "movl $42, (%rax)\n"
        "movq %rax, seen(%rip)\nmovq %rcx, seen+8(%rip)\nmovq %rdx, seen+16(%rip)\nmovq %rbx, seen+24(%rip)\n"
        "movq %rsp, seen+32(%rip)\nmovq %rbp, seen+40(%rip)\nmovq %rsi, seen+48(%rip)\nmovq %rdi, seen+56(%rip)\n"
        "movq %r8, seen+64(%rip)\nmovq %r9, seen+72(%rip)\nmovq %r10, seen+80(%rip)\nmovq %r11, seen+88(%rip)\n"
        "movq %r12, seen+96(%rip)\nmovq %r13, seen+104(%rip)\nmovq %r14, seen+112(%rip)\nmovq %r15, seen+120(%rip)\n"
        "pushfq\npopq %rax\nmovq %rax, seen+128(%rip)\n"
        "stmxcsr seen+136(%rip)\nfnstcw seen+140(%rip)\n"
        ".set n, 0\n.irp r,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\nvmovdqu %ymm\\r, seen+144+32*n(%rip)\n.set n, n+1\n.endr\n"
        "fstpt seen+672(%rip)\nfstpt seen+656(%rip)\n"
        "ldmxcsr usual_mxcsr(%rip)\nfldcw usual_control(%rip)\nvzeroupper\n"
        "popq %r15\npopq %r13\npopq %r12\npopq %rbp\npopq %rbx\nretq\n");
void across(void);
uint32_t usual_mxcsr = 0x1f80;
uint16_t usual_control = 0x37f;

static int told;

static void on_fault(int signal, siginfo_t *info, void *context) {
    static const int order[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    static volatile int depth, *other;
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    uint32_t mxcsr;
    uint16_t control;
    if (depth) {
        mprotect((void *)other, 4096, PROT_READ | PROT_WRITE);
        return;
    }
    depth++;
    told = (registers[REG_EFL] & 0x8d5) == 0x895;
    for (int n = 0; n < 16; n++)
        told &= registers[order[n]] == wanted.general[n];
    __asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(mxcsr), "=m"(control));
    told &= mxcsr == 0x1f80 && control == 0x37f;
    /* A fault of its own, with other registers. */
    other = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    __asm__ volatile("movl $1, %%r11d; movl $2, %%ecx; xorl %%eax, %%eax; movl %%eax, (%0)" : : "r"(other) : "rax", "rcx", "r11", "memory");
    told &= depth == 1 && *other == 0;
    mprotect((void *)((uintptr_t)info->si_addr & -4096), 4096, PROT_READ | PROT_WRITE);
    __asm__ volatile("fninit; vzeroall; fld1; cld" : : : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
                     "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}

int main(void) {
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_NODEFER};
    volatile int *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    action.sa_sigaction = on_fault;
    sigaction(SIGSEGV, &action, NULL);
    srand(1);
    for (int n = 0; n < 16; n++)
        wanted.general[n] = (uint64_t)rand() << 40 ^ (uint64_t)rand() << 16 ^ n;
    wanted.general[0] = (uintptr_t)page + 64;
    wanted.mxcsr = 0x5f80; /* rounds up */
    wanted.control = 0x7f; /* short */
    for (int n = 0; n < 16; n++)
        for (int k = 0; k < 32; k++)
            wanted.vector[n][k] = (uint8_t)rand();
    memcpy(wanted.x87[0], &(long double){3.25}, 10);
    memcpy(wanted.x87[1], &(long double){-1e300}, 10);
    across();
    printf("general %d flags %d modes %d vectors %d x87 %d\n", !memcmp(wanted.general, seen.general, sizeof(seen.general)),
           (seen.flags & 0x8d5) == 0x895, wanted.mxcsr == seen.mxcsr && wanted.control == seen.control,
           !memcmp(wanted.vector, seen.vector, sizeof(seen.vector)), !memcmp(wanted.x87, seen.x87, sizeof(seen.x87)));
    printf("told %d stored %d\n", told, page[16]);
    return 0;
}
