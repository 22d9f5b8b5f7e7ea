/* The record of one call into a guest, shared by C and assembly.
 *
 * It lies on the host's stack, out of the guest's reach. Nesting is a chain of these records through bh_current_frame:
 * leaving always ends the innermost one, whatever the guest's registers and memory say. All that belongs to one call is
 * here and not in the instance: several threads may run calls in one instance.
 */
#ifndef BULKHEAD_RUNTIME_FRAME_H
#define BULKHEAD_RUNTIME_FRAME_H

/* Offsets; frame.c asserts that they are struct bh_frame's. */
#define FRAME_XSAVE 0
#define FRAME_XSAVE_HEADER 512
#define FRAME_HOST_RSP 832
#define FRAME_BASE 856
#define FRAME_FLAGS 864
#define FRAME_MXCSR 868
#define FRAME_FPUCW 872
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
#define FRAME_REGISTERS 1016
#define FRAME_R11 1024
#define FRAME_RFLAGS 1032
#define FRAME_GUEST_MXCSR 1040
#define FRAME_GUEST_FPUCW 1044
#define FRAME_FNSAVE 1048
#define FRAME_REASON 1176

/* Offsets in bh_registers (bulkhead.h). */
#define REGISTERS_INTEGER 0
#define REGISTERS_VECTOR 48
#define REGISTERS_RAX 112
#define REGISTERS_RDX 120
#define REGISTERS_XMM0 128
#define REGISTERS_XMM1 136
#define REGISTERS_STACK 144
#define REGISTERS_VECTORS 152
#define REGISTERS_SIZE 160

/* FRAME_FLAGS: what this call's transitions have to do. */
#define FRAME_FLAG_X87 1           /* the guest can touch x87 or MMX registers */
#define FRAME_FLAG_MXCSR 2         /* the guest can read or write MXCSR */
#define FRAME_FLAG_AVX 4           /* the CPU has AVX */
#define FRAME_FLAG_ST0 8           /* the result is a long double */
#define FRAME_FLAG_REFILL 16       /* refill the return predictor on the way out */
#define FRAME_FLAG_UPPER 32        /* the guest can write the upper halves of vector registers */
#define FRAME_FLAG_VECTORS 64      /* this call has arguments in vector registers */
#define FRAME_FLAG_FNINIT 128      /* only fninit clears x87's last data address on this CPU */
#define FRAME_FLAG_NO_FSGSBASE 256 /* GS is read and written by system calls */
#define FRAME_FLAG_RETURN_ST0 512  /* the callback's result goes to st0 */
#define FRAME_FLAG_THREADS 1024    /* the module is built for threads: calls take the long way in */
#define FRAME_FLAG_START 2048      /* nothing is stored at rsp: a program's or a thread's start, not a call */
#define FRAME_FLAG_HANDLED 4096    /* a handler of a guest's signal was begun in this call */
#define FRAME_FLAG_EXACT                                                                                               \
    8192 /* target is where a fault interrupted the guest, which had the frame's registers there                       \
          */

/* FRAME_REASON (bh_outcome.reason): why the guest was left. */
#define LEAVE_RETURN 0
#define LEAVE_FAULT 1
#define LEAVE_DEADLINE 2
#define LEAVE_EXIT 3
#define LEAVE_BAD_HOSTCALL 4
#define LEAVE_STACK 5        /* the first word could not be written to the guest's stack */
#define LEAVE_CALLBACK 6     /* a callback asked for it */
#define LEAVE_STOPPED 7      /* the instance was ended elsewhere: in a nested call, or by another of its threads */
#define LEAVE_FORKED 8       /* host code in the call forked, and this is the child */
#define LEAVE_THREAD_EXIT 9  /* this guest thread ended */
#define LEAVE_NOT_ENTERED 10 /* GS could not be set on the way in: nothing of the call ran */
#define LEAVE_GS 11          /* the same on the way back from a host call or a callback */

/* What bh_hostcall_syscall and bh_hostcall_fault return besides 0 and 1: back to target as it is, with all the frame's
 * registers. */
#define GO_EXACTLY 2

#define MXCSR_DEFAULT 0x1f80
#define FPUCW_DEFAULT 0x037f

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stdint.h>

#include "bulkhead/bulkhead.h"
#include "base/local.h"

/* What happened, as the signal handler or the personality noted it. */
struct bh_fault {
    bh_fault_kind kind;
    int signal;
    uint64_t address, pc;
    uint64_t sp, bp; /* the guest's, for a backtrace; sp 0 when unknown */
    /* Of what the processor raised, for a handler of the guest's: si_code, and what the processor says of it. */
    int code;
    uint32_t trap, error;
};

/* How a call, and perhaps the instance with it, ended. */
struct bh_outcome {
    uint32_t reason; /* LEAVE_*; of the rest only what goes with it is set */
    int status;      /* that the guest exited with, or that a callback returned */
    struct bh_fault fault;
};

struct bh_frame {
    _Alignas(64) uint8_t xsave[832]; /* x87, SSE and AVX state of the guest during a system call */
    uint64_t host_rsp;
    struct bh_frame *prev;
    struct bh_instance *instance;
    uint64_t base;
    uint32_t flags;
    uint32_t mxcsr;
    uint16_t fpucw;
    uint16_t pad[3];
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8, r9, r10, r12, r13, r14, r15;
    uint64_t target; /* where to go: already confined to a bundle start in the slot, except during a host call and where
                      * FRAME_FLAG_EXACT says so */
    uint64_t hostcall;
    bh_registers *registers; /* of the call: arguments in, results out */
    uint64_t r11, rflags;    /* of a fault; rcx as well */
    uint32_t guest_mxcsr;    /* during a callback */
    uint16_t guest_fpucw;
    uint16_t pad2;
    uint8_t fnsave[112];
    /* Not read by assembly. */
    struct bh_nesting {
        uint32_t depth; /* 1: the thread's outermost call */
        bool holds;     /* somebody else gives the instance back: an outer call of this thread */
        bool timer;     /* this call set the thread's timer */
        bool paused;    /* the timer rested before */
        bool restores;  /* the alarm is as it was before when the call is over */
        int where;      /* what bh_task.where was before */
    } nesting;
    struct bh_outcome outcome; /* assembly stores its reason */
    uint64_t outer_deadline;   /* the thread's before; 0: none */
    uint64_t outer_alarm;
};

/* The one store of bh_enter to the guest's stack; when it faults the fault handler leaves with LEAVE_STACK. */
extern const char bh_enter_store[];
/* Where the fault handler continues, with rcx = frame and rsp = its host_rsp. */
extern const char bh_leave[];
/* The host-call stubs; entry n is at bh_stub_bad + n * BH_STUB_BAD_SIZE, save those with a name. */
extern const char bh_stub_return[], bh_stub_bad[];
#define BH_STUB_BAD_SIZE 16
/* The innermost call of this thread: NULL until it is prepared for guests, &bh_idle_frame when it runs none. Written
 * around bh_enter, read by stubs and signal handlers. */
extern struct bh_frame bh_idle_frame;
extern BH_THREAD_LOCAL struct bh_frame *bh_current_frame;

#endif
#endif
