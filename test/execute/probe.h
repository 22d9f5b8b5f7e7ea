/* Where the assembly finds the fields of struct probe (probe.c checks that they are where C puts them). */
#ifndef BULKHEAD_TEST_PROBE_H
#define BULKHEAD_TEST_PROBE_H

#define PROBE_IN 0          /* registers to start with, by number; rsp among them */
#define PROBE_OUT 128       /* and what they were in the end */
#define PROBE_FLAGS_IN 256
#define PROBE_FLAGS_OUT 264
#define PROBE_ENTRY 272     /* address to start at */
#define PROBE_X87 280       /* fxrstor image */
#define PROBE_YMM 288       /* 16 ymm registers, or 0 when the CPU has none */
#define PROBE_GS 296
#define PROBE_FS 304
#define PROBE_SELECTORS 312 /* ds, es, fs, gs, 16 bits each */
#define PROBE_PKRU 320      /* read when PROBE_HAS_PKRU */
#define PROBE_EXIT 324      /* which entry of the table was left through */
#define PROBE_HAS_PKRU 328
#define PROBE_RUNNING 332
#define PROBE_HOST_RSP 336
#define PROBE_HOST_FS 344
#define PROBE_MXCSR 352
#define PROBE_SS 356

#define PROBE_STUB_SIZE 16
#define PROBE_EXIT_FAULT 0xFFFFFFFF

#ifndef __ASSEMBLER__
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One execution of guest code, without the runtime: registers in, registers out, how it ended. Lies in memory that stays
 * writable while the guest runs; everything else of the host is read-only then (see lockdown.h). */
struct probe {
    uint64_t in[16], out[16];
    uint64_t flags_in, flags_out;
    uint64_t entry;
    const void *x87, *ymm;
    uint64_t gs, fs, selectors;
    uint32_t pkru, exit, has_pkru, running;
    uint64_t host_rsp, host_fs;
    uint32_t mxcsr, ss;

    /* When exit is PROBE_EXIT_FAULT: the signal. */
    int signal, code;
    uint64_t fault_rip, fault_address, trap, error;
    uint64_t deadline_ticks; /* timer signals until a running guest is stopped */
    uint64_t ticks;
    uint64_t slot; /* B */
} __attribute__((aligned(4096)));

extern struct probe probe;

/* Installs the signal handlers on an alternate stack of the given memory. The timer ticks each millisecond once
 * probe_start_timer was called. */
void probe_install(void *signal_stack, size_t size);
void probe_start_timer(void);

/* Runs probe.entry until it leaves through the table of host calls, faults, or the deadline passes. GS holds B already. */
void probe_enter(void);

/* The stubs that the table of host calls leads to. */
extern const char probe_stubs[];
/* Calls function(context) on another stack. */
void probe_on_stack(void (*function)(void *), void *context, void *stack_top);

static inline uint64_t probe_rdgs(void)
{
    uint64_t value;
    __asm__ volatile("rdgsbase %0" : "=r"(value));
    return value;
}

static inline void probe_wrgs(uint64_t value)
{
    __asm__ volatile("wrgsbase %0" : : "r"(value));
}
#endif
#endif
