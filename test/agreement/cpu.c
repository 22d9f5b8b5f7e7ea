/* One instruction on the processor, so placed that its last byte is the last one of a page and the next page is not there.
 * If the processor needs more bytes than it was given, its fetch from that page faults: the fault's error code says that it
 * was a fetch. Any other outcome means that the instruction was complete. The trap flag stops it after one instruction. */
#include "cpu.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <asm/prctl.h>
#include <ucontext.h>
#include <unistd.h>

/* The slot. Registers point to its data, RIP-relative operands to what lies behind the guard page. */
#define GIB4 ((uint64_t)1 << 32)
enum {
    PAGE = 0x1000, MARGIN = 16 << 20,
    DATA = 0x10000, DATA_END = 0x800000,            /* mapped: context page, data, the stack */
    STACK = 0x400000,
    CODE = 0x900000, GUARD = CODE + PAGE, AFTER = GUARD + PAGE, AFTER_END = AFTER + 0x10000,
    HOLE = 0xC00000,                                /* never mapped */
    FLAG_TF = 0x100, FLAGS = 0x202,
    EXCEPTION_PAGE_FAULT = 14, ERROR_FETCH = 16,
};

/* Popped by enter: the registers, then what iretq takes. */
struct frame {
    uint64_t gpr[15]; /* r15 ... r8, rdi, rsi, rbp, rbx, rdx, rcx, rax */
    uint64_t rip, cs, flags, rsp, ss;
};

static uint8_t *slot;
static struct cpu_result *current;
static volatile sig_atomic_t inside;
static uint16_t code_segment, stack_segment;
uint64_t cpu_host_rsp;
static const uint32_t clean_mxcsr = 0x1F80;

void cpu_enter(const struct frame *frame);
extern const uint8_t cpu_leave[];

/* iretq serialises, so bytes written just before are what is executed, and it sets TF and RIP at once. */
__asm__(".text\n"
        ".globl cpu_enter, cpu_leave\n"
        "cpu_enter:\n"
        "    push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
        "    movq %rsp, cpu_host_rsp(%rip)\n"
        "    movq %rdi, %rsp\n"
        "    pop %r15; pop %r14; pop %r13; pop %r12; pop %r11; pop %r10; pop %r9; pop %r8\n"
        "    pop %rdi; pop %rsi; pop %rbp; pop %rbx; pop %rdx; pop %rcx; pop %rax\n"
        "    iretq\n"
        "cpu_leave:\n"
        "    pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
        "    ret\n");

static void handler(int number, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    greg_t *g = uc->uc_mcontext.gregs;
    static const int order[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                  REG_R8, REG_R9, REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    if (!inside) {
        signal(number, SIG_DFL);
        return;
    }
    inside = 0;
    for (unsigned i = 0; i < 16; i++)
        current->gpr[i] = (uint64_t)g[order[i]];
    current->rip = (uint64_t)g[REG_RIP];
    current->flags = (uint64_t)g[REG_EFL];
    current->segments = (uint64_t)g[REG_CSGSFS];
    current->fault_address = (uint64_t)info->si_addr;
    current->trap = (unsigned)g[REG_TRAPNO];
    current->mxcsr = uc->uc_mcontext.fpregs->mxcsr;
    current->x87_control = uc->uc_mcontext.fpregs->cwd;
    current->x87_tags = (uint8_t)uc->uc_mcontext.fpregs->ftw;
    bool fetch = current->trap == EXCEPTION_PAGE_FAULT && g[REG_ERR] & ERROR_FETCH &&
                 (uint64_t)g[REG_CR2] == (uint64_t)(slot + GUARD);
    current->outcome = fetch ? CPU_FETCH : number == SIGILL ? CPU_UNDEFINED
                       : number == SIGTRAP && current->trap == 1 ? CPU_STEPPED : CPU_FAULT;
    g[REG_RIP] = (greg_t)(uintptr_t)cpu_leave;
    g[REG_RSP] = (greg_t)cpu_host_rsp;
    g[REG_EFL] = FLAGS;
}

static bool map(uint64_t from, uint64_t to, int protection)
{
    return mmap(slot + from, to - from, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0) ==
           slot + from;
}

bool cpu_init(void)
{
    size_t reserve = 2 * GIB4 + 2 * MARGIN;
    uint8_t *p = mmap(NULL, reserve, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    stack_t stack = {.ss_size = 65536, .ss_sp = malloc(65536)};
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    static const int numbers[] = {SIGSEGV, SIGILL, SIGTRAP, SIGFPE, SIGBUS};
    if (p == MAP_FAILED || !stack.ss_sp || sigaltstack(&stack, NULL)) {
        perror("agreement: no memory for a slot");
        return false;
    }
    slot = (uint8_t *)(((uintptr_t)p + MARGIN + GIB4 - 1) & ~(uintptr_t)(GIB4 - 1));
    if (!map(DATA, DATA_END, PROT_READ | PROT_WRITE) || !map(CODE, GUARD, PROT_READ | PROT_WRITE | PROT_EXEC) ||
        !map(AFTER, AFTER_END, PROT_READ | PROT_WRITE)) {
        perror("agreement: mapping the slot");
        return false;
    }
    memset(slot + CODE, 0xF4, PAGE);
    sigfillset(&action.sa_mask);
    for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
    if (syscall(SYS_arch_prctl, ARCH_SET_GS, slot)) {
        perror("agreement: setting the GS base");
        return false;
    }
    __asm__("mov %%cs, %0; mov %%ss, %1" : "=r"(code_segment), "=r"(stack_segment));
    return true;
}

bool cpu_intact(void)
{
    uint64_t base = 0;
    return !syscall(SYS_arch_prctl, ARCH_GET_GS, &base) && base == (uint64_t)slot;
}

uint64_t cpu_slot(void)
{
    return (uint64_t)slot;
}

bool cpu_is_hole(uint64_t address, uint64_t size)
{
    return address - cpu_slot() >= HOLE && address - cpu_slot() < GIB4 && address - cpu_slot() + size <= GIB4;
}

void cpu_registers(uint64_t registers[16], enum cpu_preset preset)
{
    uint64_t noise = 0x9E3779B97F4A7C15;
    for (unsigned i = 0; i < 16; i++, noise = noise * 0xD1342543DE82EF95 + 1)
        registers[i] = preset == CPU_ZEROS ? 0 : preset == CPU_NOISE ? noise : cpu_slot() + DATA + 0x10000 + 0x140 * i;
    registers[4] = cpu_slot() + (preset == CPU_POINTERS ? (unsigned)STACK : 2u * HOLE);
}

void cpu_run(const uint8_t *bytes, unsigned n, const uint64_t registers[16], struct cpu_result *result)
{
    const uint64_t *r = registers;
    uint8_t *start = slot + GUARD - n;
    struct frame frame = {{r[15], r[14], r[13], r[12], r[11], r[10], r[9], r[8], r[7], r[6], r[5], r[3], r[2], r[1], r[0]},
                          (uint64_t)start, code_segment, FLAGS | FLAG_TF, r[4], stack_segment};
    memcpy(start, bytes, n);
    current = result;
    /* The instruction may have loaded any control word before; start from a clean one. */
    __asm__ volatile("fninit; ldmxcsr %0" : : "m"(clean_mxcsr));
    inside = 1;
    cpu_enter(&frame);
    __asm__ volatile("fninit; ldmxcsr %0; cld" : : "m"(clean_mxcsr) : "cc", "memory", "st", "st(1)", "st(2)", "st(3)", "st(4)",
                     "st(5)", "st(6)", "st(7)");
    if (__builtin_cpu_supports("avx"))
        __asm__ volatile(".byte 0xC5, 0xFC, 0x77" : : : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
                         "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"); /* vzeroall */
    result->rip -= (uint64_t)start;
}
