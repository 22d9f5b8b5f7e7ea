/* What modules name as their program interpreter, which the kernel starts in their place where one is started as a
 * program: it says how to run them. Nothing else reads that name, the verifier and the runtime least of all.
 *
 * Without a C library, so that it depends on nothing; position independent without relocations, so that it needs none
 * to be done. */
#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/uio.h>

enum { STANDARD_ERROR = 2, STATUS_NOT_EXECUTABLE = 126, MAX_AUXILIARY = 64 };

__asm__(".globl _start\n"
        "_start:\n"
        "    xorl %ebp, %ebp\n"
        "    movq %rsp, %rdi\n"
        "    andq $-16, %rsp\n"
        "    call start\n");

static long system_call(long number, long a, long b, long c) {
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}

static struct iovec piece(const char *text) {
    size_t length = 0;
    while (text[length])
        length++;
    return (struct iovec){(char *)(uintptr_t)text, length};
}

/* The name that the module was started by, from what lies on the stack: argc, argv, 0, envp, 0, the auxiliary vector. */
static const char *started_as(const uint64_t *stack) {
    const uint64_t *next = stack + 1 + stack[0] + 1;
    while (*next)
        next++;
    const Elf64_auxv_t *aux = (const Elf64_auxv_t *)(next + 1);
    for (int i = 0; i < MAX_AUXILIARY && aux[i].a_type != AT_NULL; i++)
        if (aux[i].a_type == AT_EXECFN)
            return (const char *)(uintptr_t)aux[i].a_un.a_val;
    return "this";
}

/* Called once, by what the kernel enters. */
_Noreturn void start(const uint64_t *stack);

void start(const uint64_t *stack) {
    const char *name = started_as(stack);
    struct iovec message[] = {piece(name), piece(": a Bulkhead module: run it by bulkhead-run "), piece(name),
                              piece("\n")};
    system_call(SYS_writev, STANDARD_ERROR, (long)message, sizeof message / sizeof *message);
    for (;;)
        system_call(SYS_exit_group, STATUS_NOT_EXECUTABLE, 0, 0);
}
