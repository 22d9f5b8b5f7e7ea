/* The way into a guest, and the ways out of it that lead to the end of the call. The others, guest/hostcall.S and
 * host/callback.S, are built like this one.
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
#include "cross/clear.h"
#include "cross/frame.h"

    .text

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
    call bh_clear_x87
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
1:  call bh_drain_x87
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
    .globl bh_clear_x87
    .hidden bh_clear_x87
    .type bh_clear_x87, @function
    .p2align 5
bh_clear_x87:
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
    .size bh_clear_x87, . - bh_clear_x87

    /* Gives x87 back to the host: rcx = frame; changes eax. fnstsw and fnclex do not raise what is pending, emms and fldcw
     * would. fnclex costs as much as all the rest, and is needed only when a flag is set: one that the guest masked and
     * the host does not would be raised there. */
    .globl bh_drain_x87
    .hidden bh_drain_x87
    .type bh_drain_x87, @function
    .p2align 4
bh_drain_x87:
    fnstsw %ax
    testb $0xff, %al
    jz 1f
    fnclex
1:  emms
    fldcw FRAME_FPUCW(%rcx)
    ret
    .size bh_drain_x87, . - bh_drain_x87

    .section .rodata
    .p2align 2
default_mxcsr:
    .long MXCSR_DEFAULT
zero:
    .long 0

/* The addresses of these stubs are public to guests, so they have pages of their own. */
    .section .text.bh_stubs, "ax", @progbits
    .p2align 12

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
