/* A host of two shared objects, each with a runtime of its own, and a handler of its own, which gets its own faults only. */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>

int open_copy_1(const char *path), open_copy_2(const char *path), use_copy_1(void), use_copy_2(void);

static sigjmp_buf out;
static volatile sig_atomic_t faults;

static void on_fault(int signal) {
    faults++;
    siglongjmp(out, 1);
}

static void fault(void) {
    if (!sigsetjmp(out, 1))
        __asm__ volatile("movl $0, (%0)" : : "r"(8l) : "memory");
}

int main(int argc, char **argv) {
    const struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_ONSTACK};
    setvbuf(stdout, NULL, _IONBF, 0);
    sigaction(SIGSEGV, &action, NULL);
    if (open_copy_1(argv[1]) || open_copy_2(argv[1]))
        return 1;
    for (int round = 0; round < 4; round++) {
        if (use_copy_1() || use_copy_2())
            return 1;
        fault();
        if (use_copy_2() || use_copy_1())
            return 1;
        fault();
    }
    printf("faults: %d\n", (int)faults);
    signal(SIGSEGV, SIG_DFL);
    if (use_copy_1() || use_copy_2())
        return 1;
    puts("no handler any more");
    fault();
    return 1;
}
