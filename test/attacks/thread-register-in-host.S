/* In a module built for threads the thread pointer is r14, and a guest may put anything there: its accesses are confined all the
 * same, the host believes nothing of it, and asking for it does not write to the host.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t returns 42
 */
#define ATTACK_FLAGS BH_NOTE_FLAG_LIBRARY + BH_NOTE_FLAG_THREADS
#include "Inputs/attack.h"
    function attack
    movq %rdi, %r14
    movq %rdi, %r13
    /* arch_prctl(ARCH_GET_FS, host address) */
    movl $0x1003, %edi
    movq %r13, %rsi
    movl $158, %eax
    system_call
    cmpq $-14, %rax
    jne 1f
    /* A system call with it in place, by name and by number. */
    movl $186, %eax
    system_call
    cmpq %r13, %r14
    jne 1f
    /* arch_prctl(ARCH_SET_FS): r14 is what was asked for. */
    leaq 64(%r13), %rsi
    movl $0x1002, %edi
    movl $158, %eax
    system_call
    leaq 64(%r13), %rax
    cmpq %rax, %r14
    jne 1f
    /* The upper half is the host's, the lower one an address of ours: that is where the store goes. */
    movq %r13, %r14
    shrq $32, %r14
    shlq $32, %r14
    leaq arena(%rip), %rax
    movl %eax, %eax
    orq %rax, %r14
    .p2align 5
    movl $0x41414141, %gs:(%r14d)
    cmpl $0x41414141, arena(%rip)
    jne 1f
    movl $42, %eax
    return
    .p2align 5
1:  int3
