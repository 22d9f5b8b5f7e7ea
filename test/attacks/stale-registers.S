/* Reads what the host left in registers: all but arguments must be zero, MXCSR fresh.
 *
 * RUN: %S/Inputs/link %s %t
 * RUN: %build/test/attacks/attack-host %t returns 0
 */
#include "Inputs/attack.h"
#include "Inputs/stale-registers.h"
    function attack
    orq %rbx, %rax
    orq %rbp, %rax
    orq %r8, %rax
    orq %r9, %rax
    .p2align 5
    orq %r10, %rax
    orq %r12, %rax
    orq %r13, %rax
    orq %r14, %rax
    orq %r15, %rax

    gather_ymm
    gather_mm %rcx
    gather_mxcsr
    return
