/* Into guest code with every register chosen, and out again without trusting any. See probe.h. */
#include "bulkhead/layout.h"
#include "probe.h"

    .text
    .globl probe_enter
    .hidden probe
    .p2align 4
probe_enter:
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, probe+PROBE_HOST_RSP(%rip)
    stmxcsr probe+PROBE_MXCSR(%rip)
    movq probe+PROBE_X87(%rip), %rax
    fxrstor64 (%rax)
    movq probe+PROBE_YMM(%rip), %rax
    testq %rax, %rax
    jz 1f
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vmovdqu 32*\n(%rax), %ymm\n
    .endr
1:  pushq probe+PROBE_FLAGS_IN(%rip)
    popfq
    movl $1, probe+PROBE_RUNNING(%rip)
    movq probe+PROBE_IN+8*0(%rip), %rax
    movq probe+PROBE_IN+8*1(%rip), %rcx
    movq probe+PROBE_IN+8*2(%rip), %rdx
    movq probe+PROBE_IN+8*3(%rip), %rbx
    movq probe+PROBE_IN+8*4(%rip), %rsp
    movq probe+PROBE_IN+8*5(%rip), %rbp
    movq probe+PROBE_IN+8*6(%rip), %rsi
    movq probe+PROBE_IN+8*7(%rip), %rdi
    movq probe+PROBE_IN+8*8(%rip), %r8
    movq probe+PROBE_IN+8*9(%rip), %r9
    movq probe+PROBE_IN+8*10(%rip), %r10
    movq probe+PROBE_IN+8*11(%rip), %r11
    movq probe+PROBE_IN+8*12(%rip), %r12
    movq probe+PROBE_IN+8*13(%rip), %r13
    movq probe+PROBE_IN+8*14(%rip), %r14
    movq probe+PROBE_IN+8*15(%rip), %r15
    jmpq *probe+PROBE_ENTRY(%rip)

    /* One stub an entry of the table: which one was used shows which exit the guest reached. */
    .globl probe_stubs
    .p2align 4
probe_stubs:
    .set number, 0
    .rept BH_HOSTCALL_COUNT
    .p2align 4
    movl $number, probe+PROBE_EXIT(%rip)
    jmp probe_leave
    .set number, number + 1
    .endr

    .globl probe_leave
    .p2align 4
probe_leave:
    movq %rsp, probe+PROBE_OUT+8*4(%rip)
    movq probe+PROBE_HOST_RSP(%rip), %rsp
    movq %rax, probe+PROBE_OUT+8*0(%rip)
    pushfq
    popq %rax
    movq %rax, probe+PROBE_FLAGS_OUT(%rip)
    pushq $2 /* no direction, trap or alignment-check flag */
    popfq
    movl $0, probe+PROBE_RUNNING(%rip)
    movq %rcx, probe+PROBE_OUT+8*1(%rip)
    movq %rdx, probe+PROBE_OUT+8*2(%rip)
    movq %rbx, probe+PROBE_OUT+8*3(%rip)
    movq %rbp, probe+PROBE_OUT+8*5(%rip)
    movq %rsi, probe+PROBE_OUT+8*6(%rip)
    movq %rdi, probe+PROBE_OUT+8*7(%rip)
    movq %r8, probe+PROBE_OUT+8*8(%rip)
    movq %r9, probe+PROBE_OUT+8*9(%rip)
    movq %r10, probe+PROBE_OUT+8*10(%rip)
    movq %r11, probe+PROBE_OUT+8*11(%rip)
    movq %r12, probe+PROBE_OUT+8*12(%rip)
    movq %r13, probe+PROBE_OUT+8*13(%rip)
    movq %r14, probe+PROBE_OUT+8*14(%rip)
    movq %r15, probe+PROBE_OUT+8*15(%rip)
    rdgsbase %rax
    movq %rax, probe+PROBE_GS(%rip)
    rdfsbase %rax
    movq %rax, probe+PROBE_FS(%rip)
    movq probe+PROBE_HOST_FS(%rip), %rcx
    cmpq %rax, %rcx
    je 1f
    wrfsbase %rcx
1:  movw %ds, probe+PROBE_SELECTORS+0(%rip)
    movw %es, probe+PROBE_SELECTORS+2(%rip)
    movw %fs, probe+PROBE_SELECTORS+4(%rip)
    movw %gs, probe+PROBE_SELECTORS+6(%rip)
    movw %ss, probe+PROBE_SS(%rip)
    cmpl $0, probe+PROBE_HAS_PKRU(%rip)
    je 1f
    xorl %ecx, %ecx
    rdpkru
    movl %eax, probe+PROBE_PKRU(%rip)
1:  fninit
    ldmxcsr probe+PROBE_MXCSR(%rip)
    cmpq $0, probe+PROBE_YMM(%rip)
    je 1f
    vzeroupper
1:  popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    ret

    .globl probe_on_stack
    .p2align 4
probe_on_stack:
    pushq %rbp
    movq %rsp, %rbp
    movq %rdx, %rsp
    movq %rdi, %rax
    movq %rsi, %rdi
    callq *%rax
    movq %rbp, %rsp
    popq %rbp
    ret

    .section .note.GNU-stack, "", @progbits
