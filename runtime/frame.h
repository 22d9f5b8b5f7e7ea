/* The record of one call into a guest, shared by C and assembly.
 *
 * It lies on the host's stack, out of the guest's reach. Nesting is a chain of these records through bh_current_frame:
 * leaving always ends the innermost one, whatever the guest's registers and memory say.
 */
#ifndef BULKHEAD_RUNTIME_FRAME_H
#define BULKHEAD_RUNTIME_FRAME_H

/* Offsets; call.c asserts that they are struct bh_frame's. */
#define BH_STACK_GUARD_SIZE 0x100000 /* never mapped below a guest's stack; S2 lets rsp outrun it by 32 KiB at most */

#define FRAME_XSAVE 0
#define FRAME_XSAVE_HEADER 512
#define FRAME_HOST_RSP 832
#define FRAME_FLAGS 864
#define FRAME_REASON 868
#define FRAME_MXCSR 872
#define FRAME_FPUCW 876
#define FRAME_RAX 880
#define FRAME_RBX 888
#define FRAME_RCX 896
#define FRAME_RDX 904
#define FRAME_RSI 912
#define FRAME_RDI 920
#define FRAME_RBP 928
#define FRAME_RSP 936
#define FRAME_R8 944
#define FRAME_R9 952
#define FRAME_R10 960
#define FRAME_R12 968
#define FRAME_R13 976
#define FRAME_R14 984
#define FRAME_R15 992
#define FRAME_TARGET 1000
#define FRAME_HOSTCALL 1008
#define FRAME_XMM 1024
#define FRAME_FNSAVE 1088

/* FRAME_FLAGS: what this call's transitions have to do. */
#define FRAME_FLAG_X87 1    /* the guest can touch x87 or MMX registers */
#define FRAME_FLAG_MXCSR 2  /* MXCSR must be restored on the way out */
#define FRAME_FLAG_AVX 4    /* the CPU has AVX */
#define FRAME_FLAG_ST0 8    /* the result is a long double */
#define FRAME_FLAG_REFILL 16 /* refill the return predictor on the way out */

/* FRAME_REASON: why the guest was left. */
#define LEAVE_RETURN 0
#define LEAVE_FAULT 1
#define LEAVE_DEADLINE 2
#define LEAVE_EXIT 3
#define LEAVE_BAD_HOSTCALL 4
#define LEAVE_STOPPED 5     /* another thread ended the instance */
#define LEAVE_THREAD_EXIT 6 /* this guest thread ended */

#define MXCSR_DEFAULT 0x1f80

#ifndef __ASSEMBLER__
#include <stdint.h>

struct bh_frame {
    _Alignas(64) uint8_t xsave[832]; /* x87, SSE and AVX state of the guest during a host call */
    uint64_t host_rsp;
    struct bh_frame *prev;
    struct bh_instance *instance;
    uint64_t base;
    uint32_t flags;
    uint32_t reason;
    uint32_t mxcsr;
    uint16_t fpucw;
    uint16_t pad;
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8, r9, r10, r12, r13, r14, r15;
    uint64_t target; /* where to go: already confined to a bundle start in the slot, except during a host call */
    uint64_t hostcall;
    uint64_t pad2;
    uint64_t xmm[8]; /* scalar arguments, or results in 0 and 1 */
    uint8_t fnsave[112];
};

/* Enters the guest as the frame says and comes back when the frame's call ends. */
void bh_enter(struct bh_frame *frame);
/* Where the fault handler continues, with rcx = frame and rsp = its host_rsp. */
extern const char bh_leave[];
/* The host-call stubs; entry n is at bh_stub_bad + n * BH_STUB_BAD_SIZE, save those with a name. */
extern const char bh_stub_syscall[], bh_stub_return[], bh_stub_bad[];
#define BH_STUB_BAD_SIZE 16
/* Called by the syscall stub on the host's stack. Zero: go back to the guest; else leave it. */
int bh_hostcall_syscall(struct bh_frame *frame);
/* The innermost call of this thread. Written around bh_enter, read by stubs and signal handlers. */
extern _Thread_local struct bh_frame *bh_current_frame __attribute__((tls_model("initial-exec")));

/* copy.S: copies n bytes; 0, or -1 when either side faulted (then part was copied). */
int bh_guarded_copy(void *to, const void *from, uint64_t n);
/* Copies up to and including a NUL, at most n bytes. Bytes copied, n + 1 when there was no NUL, or -1 after a fault. */
int64_t bh_guarded_string(char *to, const char *from, uint64_t n);
/* blocking.S: the instructions that begin a blocking system call, and where they are given up. */
extern const char bh_blocking_begin[], bh_blocking_end[], bh_blocking_cancel[];
extern const char bh_guard_begin[], bh_guard_end[], bh_guard_fault[];
#endif
#endif
