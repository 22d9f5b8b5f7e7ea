/* How the sanitizers have to behave in a program that runs guests: the signals of faults are the runtime's, alternate signal
 * stacks, too, and the frame of a call lies on the thread's own stack. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void) {
    return "handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:handle_sigtrap=0:use_sigaltstack=0:"
           "detect_stack_use_after_return=0:detect_leaks=1";
}

const char *__tsan_default_options(void) {
    return "handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:handle_sigtrap=0:use_sigaltstack=0:halt_on_error=0:exitcode=66";
}
