/* See probe.h: the C half, which is signal handling. */
#include "probe.h"

#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include "bulkhead/layout.h"

#define AT(offset, field) _Static_assert(offsetof(struct probe, field) == offset, #field)
AT(PROBE_IN, in);
AT(PROBE_OUT, out);
AT(PROBE_FLAGS_IN, flags_in);
AT(PROBE_FLAGS_OUT, flags_out);
AT(PROBE_ENTRY, entry);
AT(PROBE_X87, x87);
AT(PROBE_YMM, ymm);
AT(PROBE_GS, gs);
AT(PROBE_FS, fs);
AT(PROBE_SELECTORS, selectors);
AT(PROBE_PKRU, pkru);
AT(PROBE_EXIT, exit);
AT(PROBE_HAS_PKRU, has_pkru);
AT(PROBE_RUNNING, running);
AT(PROBE_HOST_RSP, host_rsp);
AT(PROBE_HOST_FS, host_fs);
AT(PROBE_MXCSR, mxcsr);
AT(PROBE_SS, ss);

/* Fills pages of its own (see its alignment): they stay writable when the rest of the host is locked. */
struct probe probe;

extern const char probe_leave[];

static void end_guest(siginfo_t *info, ucontext_t *context)
{
    greg_t *regs = context->uc_mcontext.gregs;
    probe.exit = PROBE_EXIT_FAULT;
    probe.signal = info->si_signo;
    probe.code = info->si_code;
    probe.fault_rip = (uint64_t)regs[REG_RIP];
    probe.fault_address = info->si_signo == SIGSEGV || info->si_signo == SIGBUS ? (uint64_t)info->si_addr : 0;
    probe.trap = (uint64_t)regs[REG_TRAPNO];
    probe.error = (uint64_t)regs[REG_ERR];
    regs[REG_RIP] = (greg_t)(uintptr_t)probe_leave;
}

/* The kernel delivers signals with the interrupted thread's FS base, which a broken guest may have changed; nothing here
 * uses it. */
static void on_fault(int number, siginfo_t *info, void *context)
{
    static const char text[] = "the harness itself faulted\n";
    (void)number;
    if (probe.running) {
        end_guest(info, context);
        return;
    }
    (void)!write(2, text, sizeof text - 1);
    _exit(99);
}

static void on_tick(int number, siginfo_t *info, void *context)
{
    const greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
    (void)number;
    if (!probe.running || (uint64_t)regs[REG_RIP] - probe.slot >= BH_SLOT_SIZE || ++probe.ticks <= probe.deadline_ticks)
        return;
    /* In the middle of a sequence S3 rsp is a 32-bit number: not a moment to judge it. The next tick will find another. */
    if ((uint64_t)regs[REG_RSP] >= BH_SLOT_SIZE)
        end_guest(info, context);
}

void probe_install(void *signal_stack, size_t size)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS};
    stack_t stack = {.ss_sp = signal_stack, .ss_size = size};
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaltstack(&stack, NULL);
    sigaddset(&action.sa_mask, SIGALRM);
    for (unsigned i = 0; i < sizeof faults / sizeof *faults; i++)
        sigaction(faults[i], &action, NULL);
    action.sa_sigaction = on_tick;
    sigaction(SIGALRM, &action, NULL);
    unsigned a = 0, b, c = 0, d;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if (a >= 7) {
        a = 7, c = 0;
        __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
        probe.has_pkru = c >> 4 & 1; /* OSPKE */
    }
    __asm__ volatile("rdfsbase %0" : "=r"(probe.host_fs));
}

void probe_start_timer(void)
{
    setitimer(ITIMER_REAL, &(struct itimerval){{0, 1000}, {0, 1000}}, NULL);
}
