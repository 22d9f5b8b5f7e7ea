/* The way into a guest and every way out of it.
 *
 * What must hold here, and what breaks otherwise:
 *   - Between a host-call stub's first instruction and the load of the host's rsp from the frame, nothing is read or
 *     written through rsp, rbp or guest memory: the guest may have pointed rsp anywhere in its slot, and a fault here would
 *     be a fault of the host.
 *   - The guest is entered only through frame->target, which C confined to a bundle start inside the slot and which lies in
 *     host memory: anything else would start between verified instructions. Or it goes on where a fault interrupted it,
 *     with all registers as they were there and were kept in host memory.
 *   - No host value is left in a register when the guest runs, vector and x87 registers included.
 *   - On the way out pending x87 exceptions are cleared before any x87 instruction that would raise them: the guest may have
 *     left an unmasked one, which would become the host's.
 *   - The direction flag and the alignment-check flag need no care: the verifier refuses what could set them, and the fault
 *     handler clears them.
 *
 * The straight path is for modules that touch neither MXCSR nor x87 and write no upper vector halves, called without vector
 * arguments on a CPU with AVX; everything else branches away from it and back.
 */
#include "bulkhead/layout.h"
#include "cross/frame.h"

    .text

/* Clears the vector registers with these numbers: VEX forms to their full width, the others where there is no AVX. */
.macro clear_avx numbers:vararg
    .irp n, \numbers
    vpxor %xmm\n, %xmm\n, %xmm\n
    .endr
.endm
.macro clear_sse numbers:vararg
    .irp n, \numbers
    pxor %xmm\n, %xmm\n
    .endr
.endm
/* In a host call: rcx = frame, whose general registers are stored, rsp = its host_rsp. Stores the vector and x87 state,
 * gives the host its own, and leaves the frame in rbx and rdi. */
.macro take_state
    movq %rcx, %rbx
    /* xrstor wants the header clean where xsave does not write it. */
    .set n, 0
    .rept 8
    movq $0, FRAME_XSAVE_HEADER + 8 * n(%rbx)
    .set n, n + 1
    .endr
    movl $7, %eax
    xorl %edx, %edx
    xsave64 (%rbx)
    testl $FRAME_FLAG_X87, FRAME_FLAGS(%rbx)
    jz 1f
    movq %rbx, %rcx
    call drain_x87
1:  testl $FRAME_FLAG_MXCSR, FRAME_FLAGS(%rbx)
    jz 2f
    ldmxcsr FRAME_MXCSR(%rbx)
2:  testl $FRAME_FLAG_UPPER, FRAME_FLAGS(%rbx)
    jz 3f
    vzeroupper
3:  movq %rbx, %rdi
    xorl %ebp, %ebp
.endm
/* Loads the general registers of the frame at rcx but for rcx, rsp and r11. */
.macro load_general
    movq FRAME_RAX(%rcx), %rax
    movq FRAME_RBX(%rcx), %rbx
    movq FRAME_RDX(%rcx), %rdx
    movq FRAME_RSI(%rcx), %rsi
    movq FRAME_RDI(%rcx), %rdi
    movq FRAME_RBP(%rcx), %rbp
    movq FRAME_R8(%rcx), %r8
    movq FRAME_R9(%rcx), %r9
    movq FRAME_R10(%rcx), %r10
    movq FRAME_R12(%rcx), %r12
    movq FRAME_R13(%rcx), %r13
    movq FRAME_R14(%rcx), %r14
    movq FRAME_R15(%rcx), %r15
.endm
/* Loads the arguments in vector registers from registers at rsi by instruction. */
.macro load_vectors instruction
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    \instruction REGISTERS_VECTOR + 8 * \n(%rsi), %xmm\n
    .endr
.endm

/* bh_enter: rdi = frame, rsi = registers, rdx = where to go, rcx = the guest's rsp, r8 = the word to put there, eax = the frame's
 * flags. In registers rather than through the frame, for what is stored and read back at once costs both. Changes every register
 * but rsp and rbp: the caller (enter.h) says so to its compiler, which saves what it needs and no more. */
    .globl bh_enter
    .hidden bh_enter
    .type bh_enter, @function
    .p2align 5
bh_enter:
    .cfi_startproc
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbp, 0
    movq %rsp, FRAME_HOST_RSP(%rdi)
    andl $FRAME_FLAG_X87 | FRAME_FLAG_MXCSR | FRAME_FLAG_VECTORS | FRAME_FLAG_AVX | FRAME_FLAG_START, %eax
    cmpl $FRAME_FLAG_AVX, %eax
    jne prepare
    clear_avx 0, 1, 2, 3, 4, 5, 6, 7
clear_high:
    clear_avx 8, 9, 10, 11, 12, 13, 14, 15
enter:
    .globl bh_enter_store
    .hidden bh_enter_store
bh_enter_store:
    movq %r8, (%rcx)
stored:
    movq %rcx, %rsp
    movq %rdx, %r11
    movq FRAME_R14(%rdi), %r14
    movl REGISTERS_VECTORS(%rsi), %eax
    movq REGISTERS_INTEGER+0(%rsi), %rdi
    movq REGISTERS_INTEGER+16(%rsi), %rdx
    movq REGISTERS_INTEGER+24(%rsi), %rcx
    movq REGISTERS_INTEGER+32(%rsi), %r8
    movq REGISTERS_INTEGER+40(%rsi), %r9
    movq REGISTERS_INTEGER+8(%rsi), %rsi
    xorl %r10d, %r10d
    xorl %ebx, %ebx
    xorl %ebp, %ebp
    xorl %r12d, %r12d
    xorl %r13d, %r13d
    xorl %r15d, %r15d /* and the flags are those of a zero */
    jmpq *%r11

    /* Every way out ends here: rcx = frame, its reason stored. Nothing else is assumed of any register. */
    .globl bh_leave
    .hidden bh_leave
    .p2align 5
bh_leave:
    movq FRAME_HOST_RSP(%rcx), %rsp
    testl $FRAME_FLAG_X87 | FRAME_FLAG_MXCSR | FRAME_FLAG_UPPER | FRAME_FLAG_REFILL, FRAME_FLAGS(%rcx)
    jnz clean
left:
    .cfi_remember_state
    popq %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbp
    ret
    .cfi_restore_state

prepare:
    movl FRAME_FLAGS(%rdi), %eax
    testl $FRAME_FLAG_MXCSR, %eax
    jz 1f
    stmxcsr FRAME_MXCSR(%rdi)
    cmpl $MXCSR_DEFAULT, FRAME_MXCSR(%rdi) /* sticky flags included */
    je 1f
    ldmxcsr default_mxcsr(%rip)
1:  testl $FRAME_FLAG_X87, %eax
    jz 2f
    fnstcw FRAME_FPUCW(%rdi)
    call clear_x87
    movl FRAME_FLAGS(%rdi), %eax
2:  testl $FRAME_FLAG_AVX, %eax
    jz 3f
    testl $FRAME_FLAG_START, %eax
    jnz start
    testl $FRAME_FLAG_VECTORS, %eax
    jz 4f
    load_vectors vmovq
    jmp clear_high
4:  clear_avx 0, 1, 2, 3, 4, 5, 6, 7
    jmp clear_high
3:  /* Unused ones are zero in bh_registers, or the caller's own choice. */
    load_vectors movq
    testl $FRAME_FLAG_VECTORS, %eax
    jnz 5f
    clear_sse 0, 1, 2, 3, 4, 5, 6, 7
5:  clear_sse 8, 9, 10, 11, 12, 13, 14, 15
    testl $FRAME_FLAG_START, %eax
    jz enter
    jmp stored

    /* What is at rsp is the guest's own, and need not be memory. */
start:
    vzeroall
    jmp stored

clean:
    movl FRAME_FLAGS(%rcx), %edx
    testl $FRAME_FLAG_X87, %edx
    jz 2f
    testl $FRAME_FLAG_ST0, %edx
    jz 1f
    /* Saves st0 without raising what may be pending, and initialises as fninit does. */
    fnsave FRAME_FNSAVE(%rcx)
1:  call drain_x87
2:  testl $FRAME_FLAG_MXCSR, %edx
    jz 3f
    ldmxcsr FRAME_MXCSR(%rcx)
3:  testl $FRAME_FLAG_UPPER, %edx
    jz 4f
    vzeroupper
4:  testl $FRAME_FLAG_REFILL, %edx
    jz left
    movl $32, %edx
5:  call 7f
    /* Reached by a misprediction only. */
8:  pause
    lfence
    jmp 8b
7:  addq $8, %rsp
    decl %edx
    jnz 5b
    lfence
    jmp left
    .cfi_endproc
    .size bh_enter, . - bh_enter

    /* Leaves nothing of the host in x87: rdi = frame; changes eax. The registers become zero, the control word and the flags
     * those of a new process, the condition codes those of the comparison, and the addresses of the last instruction and
     * its operand (fnstenv shows them) those of the instruction here. emms first, in case the host left MMX state: on a full
     * stack the load would not happen. Where the CPU keeps the last operand's address of an older exception, and where the
     * host left a flag set, fninit does it at ten times the price. */
    .type clear_x87, @function
    .p2align 5
clear_x87:
    emms
    flds zero(%rip)
    ftst
    pxor %mm0, %mm0
    pxor %mm1, %mm1
    pxor %mm2, %mm2
    pxor %mm3, %mm3
    pxor %mm4, %mm4
    pxor %mm5, %mm5
    pxor %mm6, %mm6
    pxor %mm7, %mm7
    emms
    testl $FRAME_FLAG_FNINIT, FRAME_FLAGS(%rdi)
    jnz 1f
    fnstsw %ax
    testb $0xff, %al
    jnz 1f
    cmpw $FPUCW_DEFAULT, FRAME_FPUCW(%rdi)
    jne 1f
    ret
1:  fninit
    ret
    .size clear_x87, . - clear_x87

    /* Gives x87 back to the host: rcx = frame; changes eax. fnstsw and fnclex do not raise what is pending, emms and fldcw
     * would. fnclex costs as much as all the rest, and is needed only when a flag is set: one that the guest masked and
     * the host does not would be raised there. */
    .type drain_x87, @function
    .p2align 4
drain_x87:
    fnstsw %ax
    testb $0xff, %al
    jz 1f
    fnclex
1:  emms
    fldcw FRAME_FPUCW(%rcx)
    ret
    .size drain_x87, . - drain_x87

    /* The fault handler's way to a handler of the guest's: rcx = frame with the general registers of the fault, rsp = its
     * host_rsp. The rest is as in a system call. */
    .globl bh_fault_caught
    .hidden bh_fault_caught
    .type bh_fault_caught, @function
    .p2align 4
bh_fault_caught:
    take_state
    call bh_hostcall_fault
    jmp called
    .size bh_fault_caught, . - bh_fault_caught

    /* The same way to look at the guest's signals. */
    .globl bh_guest_interrupted
    .hidden bh_guest_interrupted
    .type bh_guest_interrupted, @function
    .p2align 4
bh_guest_interrupted:
    take_state
    call bh_hostcall_interrupted
    jmp called
    .size bh_guest_interrupted, . - bh_guest_interrupted

    .section .rodata
    .p2align 2
default_mxcsr:
    .long MXCSR_DEFAULT
zero:
    .long 0

/* The addresses of these stubs are public to guests, so they have pages of their own. */
    .section .text.bh_stubs, "ax", @progbits
    .p2align 12

    /* Host call 0: a Linux system call. rax number; rdi rsi rdx r10 r8 r9; r11 the return address. Everything but rax,
     * rcx and r11 survives, vector and x87 state included: that is what compilers believe of the instruction. */
    .globl bh_stub_syscall
    .hidden bh_stub_syscall
    .type bh_stub_syscall, @function
bh_stub_syscall:
    movq bh_current_frame@gottpoff(%rip), %rcx
    movq %fs:(%rcx), %rcx
    movq %rax, FRAME_RAX(%rcx)
    movq %rbx, FRAME_RBX(%rcx)
    movq %rdx, FRAME_RDX(%rcx)
    movq %rsi, FRAME_RSI(%rcx)
    movq %rdi, FRAME_RDI(%rcx)
    movq %rbp, FRAME_RBP(%rcx)
    movq %rsp, FRAME_RSP(%rcx)
    movq %r8, FRAME_R8(%rcx)
    movq %r9, FRAME_R9(%rcx)
    movq %r10, FRAME_R10(%rcx)
    movq %r12, FRAME_R12(%rcx)
    movq %r13, FRAME_R13(%rcx)
    movq %r14, FRAME_R14(%rcx)
    movq %r15, FRAME_R15(%rcx)
    movq %r11, FRAME_TARGET(%rcx)
    movq FRAME_HOST_RSP(%rcx), %rsp
    take_state
    call bh_hostcall_syscall
called:
    movq %rbx, %rcx
    testl %eax, %eax
    jnz not_back
    movl $7, %eax
    xorl %edx, %edx
    xrstor64 (%rcx)
    load_general
    movq FRAME_RSP(%rcx), %rsp
    xorl %r11d, %r11d
    movq FRAME_TARGET(%rcx), %rcx
    jmpq *%rcx

not_back:
    cmpl $GO_EXACTLY, %eax
    jne bh_leave
    /* Where a fault interrupted the guest, with every register as it was. iret, of the host's stack, is the one instruction
     * that loads rip, rsp and the flags at once. */
    movl $7, %eax
    xorl %edx, %edx
    xrstor64 (%rcx)
    movl %ss, %eax
    pushq %rax
    pushq FRAME_RSP(%rcx)
    pushq FRAME_RFLAGS(%rcx)
    movl %cs, %eax
    pushq %rax
    pushq FRAME_TARGET(%rcx)
    load_general
    movq FRAME_R11(%rcx), %r11
    movq FRAME_RCX(%rcx), %rcx
    iretq
    .size bh_stub_syscall, . - bh_stub_syscall

    /* Host call 1: the innermost call is over. */
    .globl bh_stub_return
    .hidden bh_stub_return
    .type bh_stub_return, @function
    .p2align 5
bh_stub_return:
    movq bh_current_frame@gottpoff(%rip), %rcx
    movq %fs:(%rcx), %rcx
    movq FRAME_HOST_RSP(%rcx), %rsp
    movq FRAME_REGISTERS(%rcx), %rsi
    movq %rax, REGISTERS_RAX(%rsi)
    movq %rdx, REGISTERS_RDX(%rsi)
    movq %xmm0, REGISTERS_XMM0(%rsi)
    movq %xmm1, REGISTERS_XMM1(%rsi)
    movl $LEAVE_RETURN, FRAME_REASON(%rcx)
    testl $FRAME_FLAG_X87 | FRAME_FLAG_MXCSR | FRAME_FLAG_UPPER | FRAME_FLAG_REFILL, FRAME_FLAGS(%rcx)
    jnz clean
    popq %rbp
    ret
    .size bh_stub_return, . - bh_stub_return

    /* Host call 2: a callback, its number in r11d, arguments as in any call, the return address on the guest's stack. The
     * callee-saved registers are the guest's while C runs; C keeps them. The way back is through a gate that pops the
     * return address as any guest code does: the host never reads it. */
    .globl bh_stub_callback
    .hidden bh_stub_callback
    .type bh_stub_callback, @function
    .p2align 5
bh_stub_callback:
    movq bh_current_frame@gottpoff(%rip), %r10
    movq %fs:(%r10), %r10
    movq %rsp, FRAME_RSP(%r10)
    movq %rbp, FRAME_RBP(%r10)
    movq FRAME_HOST_RSP(%r10), %rsp
    subq $REGISTERS_SIZE, %rsp
    movq %rdi, REGISTERS_INTEGER+0(%rsp)
    movq %rsi, REGISTERS_INTEGER+8(%rsp)
    movq %rdx, REGISTERS_INTEGER+16(%rsp)
    movq %rcx, REGISTERS_INTEGER+24(%rsp)
    movq %r8, REGISTERS_INTEGER+32(%rsp)
    movq %r9, REGISTERS_INTEGER+40(%rsp)
    movq %xmm0, REGISTERS_VECTOR+0(%rsp)
    movq %xmm1, REGISTERS_VECTOR+8(%rsp)
    movq %xmm2, REGISTERS_VECTOR+16(%rsp)
    movq %xmm3, REGISTERS_VECTOR+24(%rsp)
    movq %xmm4, REGISTERS_VECTOR+32(%rsp)
    movq %xmm5, REGISTERS_VECTOR+40(%rsp)
    movq %xmm6, REGISTERS_VECTOR+48(%rsp)
    movq %xmm7, REGISTERS_VECTOR+56(%rsp)
    testl $FRAME_FLAG_X87 | FRAME_FLAG_MXCSR | FRAME_FLAG_UPPER, FRAME_FLAGS(%r10)
    jnz callback_clean
callback_call:
    xorl %ebp, %ebp
    movq %r10, %rdi
    movl %r11d, %esi
    movq %rsp, %rdx
    call bh_hostcall_callback
    movq bh_current_frame@gottpoff(%rip), %rcx
    movq %fs:(%rcx), %rcx
    testl %eax, %eax
    jnz bh_leave
    /* The callback may have run another instance. */
    movl FRAME_FLAGS(%rcx), %eax
    andl $FRAME_FLAG_NO_FSGSBASE | FRAME_FLAG_X87 | FRAME_FLAG_MXCSR | FRAME_FLAG_AVX, %eax
    cmpl $FRAME_FLAG_AVX, %eax
    jne callback_restore
    rdgsbase %rax
    cmpq FRAME_BASE(%rcx), %rax
    jne callback_restore
    vmovq REGISTERS_XMM0(%rsp), %xmm0
    vmovq REGISTERS_XMM1(%rsp), %xmm1
    clear_avx 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
callback_return:
    movq REGISTERS_RAX(%rsp), %rax
    movq REGISTERS_RDX(%rsp), %rdx
    movq FRAME_RBP(%rcx), %rbp
    movq FRAME_RSP(%rcx), %rsp
    movq FRAME_BASE(%rcx), %rcx
    addq $BH_GATE_OFFSET + BH_BUNDLE_SIZE, %rcx /* BH_GATE_CALLBACK_RETURN */
    xorl %esi, %esi
    xorl %edi, %edi
    xorl %r8d, %r8d
    xorl %r9d, %r9d
    xorl %r10d, %r10d
    xorl %r11d, %r11d /* and the flags are those of a zero */
    jmpq *%rcx

callback_clean:
    movq %r10, %rcx
    movl FRAME_FLAGS(%rcx), %edx
    testl $FRAME_FLAG_X87, %edx
    jz 1f
    fnstcw FRAME_GUEST_FPUCW(%rcx)
    call drain_x87
1:  testl $FRAME_FLAG_MXCSR, %edx
    jz 2f
    stmxcsr FRAME_GUEST_MXCSR(%rcx)
    ldmxcsr FRAME_MXCSR(%rcx)
2:  testl $FRAME_FLAG_UPPER, %edx
    jz callback_call
    vzeroupper
    jmp callback_call

    /* GS first, which C sets where it is not as it should be. The guest's control words are callee-saved, so the guest gets them back; the rest is as on entry. */
callback_restore:
    movq %rcx, %rdi
    call bh_set_gs
    movq bh_current_frame@gottpoff(%rip), %rcx
    movq %fs:(%rcx), %rcx
    testb %al, %al
    jz callback_no_gs
    movl FRAME_FLAGS(%rcx), %edx
    testl $FRAME_FLAG_MXCSR, %edx
    jz 1f
    ldmxcsr FRAME_GUEST_MXCSR(%rcx)
1:  testl $FRAME_FLAG_X87, %edx
    jz 2f
    movq %rcx, %rdi
    call clear_x87
    fldcw FRAME_GUEST_FPUCW(%rcx)
    testl $FRAME_FLAG_RETURN_ST0, %edx
    jz 2f
    fldt FRAME_FNSAVE(%rcx)
    andl $~FRAME_FLAG_RETURN_ST0, FRAME_FLAGS(%rcx)
2:  testl $FRAME_FLAG_AVX, %edx
    jz 3f
    vzeroall
    vmovq REGISTERS_XMM0(%rsp), %xmm0
    vmovq REGISTERS_XMM1(%rsp), %xmm1
    jmp callback_return
3:  movq REGISTERS_XMM0(%rsp), %xmm0
    movq REGISTERS_XMM1(%rsp), %xmm1
    clear_sse 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    jmp callback_return

callback_no_gs:
    movl $LEAVE_GS, FRAME_REASON(%rcx)
    jmp bh_leave
    .size bh_stub_callback, . - bh_stub_callback

bad_hostcall:
    movq bh_current_frame@gottpoff(%rip), %rcx
    movq %fs:(%rcx), %rcx
    movq %r11, FRAME_HOSTCALL(%rcx)
    movq %rsp, FRAME_RSP(%rcx)
    movl $LEAVE_BAD_HOSTCALL, FRAME_REASON(%rcx)
    jmp bh_leave

    /* One for each table entry, so that the message can name the number. */
    .globl bh_stub_bad
    .hidden bh_stub_bad
    .p2align 5
bh_stub_bad:
    .set n, 0
    .rept BH_HOSTCALL_COUNT
    .p2align 4
    movl $n, %r11d
    jmp bad_hostcall
    .set n, n + 1
    .endr
    .p2align 12, 0xf4

    .section .note.GNU-stack, "", @progbits
