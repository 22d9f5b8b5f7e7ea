/* For attacks by the handler of a fault, which finds its frame at rsp and its ucontext at rdx. */
#include "attack.h"
#define PAGE 4096+arena /* not writable after protect_page */
#define STACK 32768+arena
#define SIGSEGV 11
#define SA_NODEFER 0x40000000
#define SA_ONSTACK 0x08000000
/* Offsets in a ucontext. */
#define GENERAL 40
#define RIP_INDEX 16
#define RIP GENERAL + 8 * RIP_INDEX
#define LAST_INDEX 23 /* the pointer to the state of x87 and the vectors */

    /* rt_sigaction(SIGSEGV, {handler, flags}). */
    .macro on_fault handler, flags
    leaq \handler(%rip), %rax
    set_handler \flags
    .endm
    /* The same with the handler in rax. */
    .macro set_handler flags
    .p2align 5
    movq %rax, arena(%rip)
    movq $\flags, 8+arena(%rip)
    .p2align 5
    movl $SIGSEGV, %edi
    leaq arena(%rip), %rsi
    xorl %edx, %edx
    movl $8, %r10d
    movl $13, %eax
    system_call
    .endm

    /* sigaltstack({rax, size}). */
    .macro alternate_stack size
    .p2align 5
    movq %rax, 64+arena(%rip)
    movq $\size, 80+arena(%rip)
    .p2align 5
    leaq 64+arena(%rip), %rdi
    xorl %esi, %esi
    movl $131, %eax
    system_call
    .endm

    /* mprotect(PAGE, 4096, protection). */
    .macro protect_page protection
    .p2align 5
    leaq PAGE(%rip), %rdi
    movl $4096, %esi
    movl $\protection, %edx
    movl $10, %eax
    system_call
    .endm

    .macro sigreturn
    .p2align 5
    popq %rax
    movl $15, %eax
    system_call
    hlt
    .endm

    .macro return_one
    movl $1, %eax
    jmpq *%gs:BH_HOSTCALL_TABLE + 8
    .endm
