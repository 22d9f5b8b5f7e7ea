/* Error values, their texts, and each thread's record of its last error. */
#include "base/fail.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/local.h"

static const char *const error_text[BH_ERROR_COUNT] = {
    [BH_OK] = "no error",
    [BH_ERROR_ARGUMENT] = "invalid argument",
    [BH_ERROR_MEMORY] = "the host is out of memory",
    [BH_ERROR_SYSTEM] = "a system call failed",
    [BH_ERROR_HOST] = "this process or CPU cannot host guests",
    [BH_ERROR_UNREADABLE] = "the module cannot be read",
    [BH_ERROR_NOT_ELF] = "not an ELF file",
    [BH_ERROR_MALFORMED] = "not a module",
    [BH_ERROR_CONTRACT] = "a module of another contract",
    [BH_ERROR_STORES_ONLY] = "the module's loads are not isolated",
    [BH_ERROR_REFUSED] = "the verifier refused the module's code",
    [BH_ERROR_CPU] = "the CPU lacks instructions that the module needs",
    [BH_ERROR_FORBIDDEN] = "the module uses instructions that the host forbids",
    [BH_ERROR_NO_SLOT] = "all slots are taken",
    [BH_ERROR_LIMIT] = "a limit was reached",
    [BH_ERROR_NOT_FOUND] = "no such export",
    [BH_ERROR_SIGNATURE] = "the signature does not fit",
    [BH_ERROR_KIND] = "a module of the wrong kind",
    [BH_ERROR_BUSY] = "the object is in use",
    [BH_ERROR_DEAD] = "the instance has ended",
    [BH_ERROR_RANGE] = "not accessible guest memory",
    [BH_ERROR_FAULT] = "the guest faulted",
    [BH_ERROR_EXITED] = "the guest exited",
    [BH_ERROR_DEADLINE] = "the deadline passed",
    [BH_ERROR_SIGNALS] = "a signal handler without SA_ONSTACK is installed",
    [BH_ERROR_CALLBACK] = "a callback ended the call",
    [BH_ERROR_FORKED] = "the engine belongs to the parent process",
    [BH_ERROR_POLICY] = "not a policy file",
};

static const char *const fault_text[] = {
    [BH_FAULT_NONE] = "no fault",
    [BH_FAULT_ACCESS] = "invalid memory access",
    [BH_FAULT_PROTECTION] = "general protection fault (hlt, or a misaligned operand)",
    [BH_FAULT_STACK_OVERFLOW] = "stack overflow",
    [BH_FAULT_BUS] = "bus error",
    [BH_FAULT_ILLEGAL] = "illegal instruction",
    [BH_FAULT_ARITHMETIC] = "arithmetic exception",
    [BH_FAULT_TRAP] = "breakpoint trap",
    [BH_FAULT_HOSTCALL] = "a host call that does not exist",
    [BH_FAULT_SIGNAL] = "ended by its own signal",
    [BH_FAULT_DEADLOCK] = "waits for something that cannot happen",
    [BH_FAULT_CALLBACK] = "a callback that is not registered",
    [BH_FAULT_HOST_LIMIT] = "the kernel refused a mapping",
};

const char *bh_error_text(bh_error error) {
    return (unsigned)error < BH_ERROR_COUNT ? error_text[error] : "unknown error";
}

const char *bh_fault_text(bh_fault_kind kind) {
    return (unsigned)kind < sizeof(fault_text) / sizeof(*fault_text) ? fault_text[kind] : "unknown fault";
}

/* For threads without memory for a record of their own: what is known of an error by its value alone. */
static bh_error_detail bare[BH_ERROR_COUNT];
static pthread_once_t bare_once = PTHREAD_ONCE_INIT;
static BH_THREAD_LOCAL bh_error bare_error;

static void fill_bare(void) {
    for (int error = 0; error < BH_ERROR_COUNT; error++) {
        bare[error].error = (bh_error)error;
        if (error)
            snprintf(bare[error].text, sizeof(bare[error].text), "%s (no memory for more than that)",
                     error_text[error]);
    }
}

/* Made when it is first needed, and gone with its thread. */
static BH_THREAD_LOCAL bh_error_detail *last;
static pthread_key_t key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static bool key_made;

static void thread_exits(void *unused) {
    free(last);
    last = NULL;
}

static void make_key(void) { key_made = !pthread_key_create(&key, thread_exits); }

const bh_error_detail *bh_last_error(void) {
    if (last)
        return last;
    pthread_once(&bare_once, fill_bare);
    return &bare[bare_error];
}

bh_error_detail *bh_error_slot(void) { return last; }

void bh_error_prepare(void) {
    if (last)
        return;
    pthread_once(&key_once, make_key);
    if (key_made && !pthread_setspecific(key, &last))
        last = calloc(1, sizeof(*last));
    if (last && bare_error) {
        pthread_once(&bare_once, fill_bare);
        *last = bare[bare_error];
    }
}

void bh_error_restore(const bh_error_detail *detail) {
    bare_error = detail->error;
    if (last)
        *last = *detail;
}

static void record(bh_error error, int number, const char *format, va_list arguments) {
    bh_error_prepare();
    bare_error = error;
    if (last) {
        memset(last, 0, sizeof(*last));
        last->error = error;
        last->system_errno = number;
        vsnprintf(last->text, sizeof(last->text), format, arguments);
    }
}

bh_error bh_fail(bh_error error, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    record(error, 0, format, arguments);
    va_end(arguments);
    return error;
}

bh_error bh_fail_number(bh_error error, int number, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    record(error, number, format, arguments);
    va_end(arguments);
    return error;
}

bh_error bh_fail_errno(bh_error error, const char *format, ...) {
    int number = errno;
    va_list arguments;
    va_start(arguments, format);
    record(error, number, format, arguments);
    va_end(arguments);
    size_t length = last ? strlen(last->text) : 0;
    if (last && number)
        snprintf(last->text + length, sizeof(last->text) - length, ": %s", strerror(number));
    return error;
}
