/* Start code of a module without main. The host enters it once for each instance, with the same initial stack that a
 * program gets. It initialises the C library, runs the constructors, and goes back to the host, which may call exports
 * from then on.
 *
 * It never returns through its stack: the way out is the host call that ends the innermost call into the guest.
 */
#include <bulkhead/layout.h>

#define STRING_(x) #x
#define STRING(x) STRING_(x)

/* musl's own, hidden: not in its headers, but the same in every release since 1.1.20. */
__attribute__((visibility("hidden"))) void __init_libc(char **environment, char *program_name);
__attribute__((visibility("hidden"))) void __libc_start_init(void);

#ifdef BULKHEAD_THREADS
__attribute__((visibility("hidden"))) void bulkhead_threads_start(void);
#else
static void bulkhead_threads_start(void) {}
#endif

__attribute__((used, visibility("hidden"))) void bulkhead_start_library(long *stack) {
    long argc = stack[0];
    char **argv = (char **)(stack + 1);
    __init_libc(argv + argc + 1, argv[0]);
    bulkhead_threads_start();
    __libc_start_init();
}

__asm__(".text\n"
        ".p2align 5\n"
        ".globl _start\n"
        ".hidden _start\n"
        ".type _start,@function\n"
        "_start:\n"
        "    xorl %ebp, %ebp\n"
        "    movq %rsp, %rdi\n"
        "    andq $-16, %rsp\n"
        "    call bulkhead_start_library\n"
        "    xorl %eax, %eax\n"
        "    jmpq *%gs:" STRING(BH_HOSTCALL_TABLE) "+8*" STRING(BH_HOSTCALL_RETURN) "\n"
                                                                                    ".size _start, .-_start\n");
