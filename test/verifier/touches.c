/* Does an instruction that the verifier counts as a touch (S2) really access its operand? A processor that skipped the access,
 * for a zero count or an empty mask, would let rsp walk on unseen.
 *
 * Every instruction with the operand 16(%rsp) that settles the debt of a `subq $8,%rsp` is executed with rsp in a page that is
 * not mapped, with all registers zero, and with several immediates: it must not get past its first byte. And those which the
 * verifier does not count, although they have that operand, are listed, with what this processor does.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "verifier/verify.h"

enum { PAGE = 4096, MAX_INSN = 15 };

static uint8_t *code;        /* executable */
static uint64_t unmapped;    /* the middle one of three pages without access */
static volatile uint64_t host_rsp, stopped_at, fault_address;
static unsigned tried, touches, trapped, skipped, failed, silent;

void run(const void *at, uint64_t rsp, volatile uint64_t *save);
__asm__(".pushsection .text\n"
        ".globl run\n"
        "run: pushq %rbx; pushq %rbp; pushq %r12; pushq %r13; pushq %r14; pushq %r15\n"
        "movq %rsp, (%rdx); movq %rsi, %rsp; movq %rdi, %r15; fninit\n"
        "xorl %eax, %eax; xorl %ecx, %ecx; xorl %edx, %edx; xorl %ebx, %ebx; xorl %ebp, %ebp; xorl %esi, %esi; xorl %edi, %edi\n"
        "xorl %r8d, %r8d; xorl %r9d, %r9d; xorl %r10d, %r10d; xorl %r11d, %r11d; xorl %r12d, %r12d; xorl %r13d, %r13d\n"
        "xorl %r14d, %r14d; vzeroall; jmpq *%r15\n"
        ".globl run_end\n"
        "run_end: popq %r15; popq %r14; popq %r13; popq %r12; popq %rbp; popq %rbx; ret\n"
        ".popsection\n");
extern const char run_end[];

static void on_signal(int signal, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    stopped_at = (uint64_t)registers[REG_RIP];
    fault_address = signal == SIGSEGV || signal == SIGBUS ? (uint64_t)(uintptr_t)info->si_addr : 0;
    registers[REG_RIP] = (greg_t)(uintptr_t)run_end;
    registers[REG_RSP] = (greg_t)host_rsp;
}

/* Whether `subq $8,%rsp; INSN; jmp` is accepted, thus INSN a touch. without: without the subq, thus accepted at all. */
static bool accepted(const uint8_t *insn, unsigned length, bool with_debt)
{
    uint8_t bundle[32] __attribute__((aligned(32)));
    uint64_t scratch[8];
    unsigned n = 0;
    memset(bundle, 0xF4, sizeof bundle);
    if (with_debt) {
        memcpy(bundle, "\x48\x83\xec\x08", 4);
        n = 4;
    }
    memcpy(bundle + n, insn, length);
    memcpy(bundle + n + length, "\xeb\x00", 2);
    struct bh_verify_input in = {.code = bundle, .size = sizeof bundle, .isolation = BH_ISOLATE_FULL, .scratch = scratch,
                                 .scratch_size = sizeof scratch};
    return bh_verify_code(&in, NULL) == BH_VERIFY_ACCEPTED;
}

static void execute(const uint8_t *insn, unsigned length)
{
    memset(code, 0xF4, 64);
    memcpy(code, insn, length);
    stopped_at = 0;
    run(code, unmapped, &host_rsp);
}

static void print(const char *what, const uint8_t *insn, unsigned length)
{
    printf("%s:", what);
    for (unsigned i = 0; i < length; i++)
        printf(" %02x", insn[i]);
    putchar('\n');
}

static void try(const uint8_t *insn)
{
    unsigned length = bh_verify_length(insn, MAX_INSN);
    if (!length || length > MAX_INSN || !accepted(insn, length, false))
        return;
    tried++;
    bool counts = accepted(insn, length, true);
    execute(insn, length);
    if (stopped_at == (uint64_t)(uintptr_t)code) {
        if (!counts)
            skipped++;
        else if (fault_address - (unmapped - PAGE) < 3 * PAGE)
            touches++;
        else
            trapped++;
        return;
    }
    if (counts) {
        failed++;
        print("counts as a touch, but accesses nothing", insn, length);
    } else {
        silent++;
    }
}

/* The instruction that starts with `head`, with operand 16(%rsp) and each reg, and several immediates. */
static void try_operands(const uint8_t *head, unsigned n)
{
    static const uint8_t immediates[] = {0x00, 0x08, 0x0F, 0x88, 0xFF};
    uint8_t insn[MAX_INSN + 1];
    for (unsigned reg = 0; reg < 8; reg++)
        for (unsigned i = 0; i < sizeof immediates; i++) {
            memset(insn, immediates[i], sizeof insn);
            memcpy(insn, head, n);
            insn[n] = (uint8_t)(0x44 | reg << 3);
            insn[n + 1] = 0x24;
            insn[n + 2] = 0x10;
            try(insn);
            if (bh_verify_length(insn, MAX_INSN) == n + 3)
                break; /* no immediate */
        }
}

static void legacy(void)
{
    static const uint8_t mandatory[] = {0, 0x66, 0xF3, 0xF2};
    static const char *const maps[] = {"", "\x0f", "\x0f\x38", "\x0f\x3a"};
    for (unsigned variant = 0; variant < 4 * 4 * 2 * 2 * 256; variant++) {
        uint8_t head[8];
        unsigned n = 0, prefix = mandatory[variant >> 8 & 3];
        const char *map = maps[variant >> 10 & 3];
        if (variant >> 13)
            head[n++] = 0xF0;
        if (prefix)
            head[n++] = (uint8_t)prefix;
        if (variant >> 12 & 1)
            head[n++] = 0x48;
        memcpy(head + n, map, strlen(map));
        n += (unsigned)strlen(map);
        head[n++] = (uint8_t)variant;
        try_operands(head, n);
    }
}

static void vex(void)
{
    for (unsigned map = 1; map <= 3; map++)
        for (unsigned variant = 0; variant < 2 * 2 * 2 * 4 * 256; variant++) {
            unsigned pp = variant >> 8 & 3, l = variant >> 10 & 1, w = variant >> 11 & 1, vvvv = variant >> 12 ? 0x78 : 0x70;
            uint8_t head[] = {0xC4, (uint8_t)(0xE0 | map), (uint8_t)(w << 7 | vvvv | l << 2 | pp), (uint8_t)variant};
            try_operands(head, sizeof head);
        }
}

int main(void)
{
    static char stack[65536];
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP};
    code = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t *pages = mmap(NULL, 3 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (code == MAP_FAILED || pages == MAP_FAILED || sigaltstack(&alternate, NULL)) {
        perror("touches");
        return 2;
    }
    unmapped = (uint64_t)(uintptr_t)pages + PAGE;
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &action, NULL);
    legacy();
    vex();
    printf("%s: %u forms tried; of those that count as a touch %u faulted at the operand, %u trapped, %u got past; of the others %u "
           "stopped, %u got past\n", failed || !touches ? "FAIL" : "PASS", tried, touches, trapped, failed, skipped, silent);
    return failed || !touches;
}
