/* How the sanitizers have to behave in a program that runs guests: the signals of faults are the runtime's, alternate signal
 * stacks, too, and the frame of a call lies on the thread's own stack. */
#include <signal.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RESTORER 0x04000000

const char *__asan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void) {
    return "handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:handle_sigtrap=0:use_sigaltstack=0:"
           "detect_stack_use_after_return=0:detect_leaks=1";
}

const char *__tsan_default_options(void) {
    return "handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:handle_sigtrap=0:use_sigaltstack=0:halt_on_error=0:exitcode=66";
}

#ifdef sigaction /* in the runtime's files for ThreadSanitizer: the system call by itself */
struct kernel_action {
    void *handler;
    unsigned long flags;
    void (*restorer)(void);
    uint64_t mask;
};

void stress_restore(void);
__asm__(".text\n"
        ".type stress_restore, @function\n"
        "stress_restore: movl $15, %eax\n" /* rt_sigreturn */
        "syscall\n"
        ".size stress_restore, . - stress_restore\n");

int sigaction(int signal, const struct sigaction *set, struct sigaction *get) {
    struct kernel_action action = {(void *)set->sa_sigaction, (unsigned)set->sa_flags | RESTORER, stress_restore, 0};
    for (int other = 1; other < NSIG; other++)
        if (sigismember(&set->sa_mask, other) == 1)
            action.mask |= (uint64_t)1 << (other - 1);
    return get ? -1 : (int)syscall(SYS_rt_sigaction, signal, &action, NULL, sizeof(action.mask));
}
#endif
