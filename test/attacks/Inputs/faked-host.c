/* faked-host CALL MODULE: a host that runs under something which says yes to a system call of that name and does nothing: guests cannot be
 * contained there, so none runs. */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "../../runtime/Inputs/check.h"

/* late: only where it sets something. */
static void fake(long number, bool late) {
    const struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO);
    struct sock_filter instructions[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    if (!late)
        instructions[2] = all;
    struct sock_fprog program = {.len = sizeof(instructions) / sizeof(*instructions), .filter = instructions};
    REQUIRE(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

static void on_alarm(int unused) {
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        long number;
    } calls[] = {{"sigaction", SYS_rt_sigaction}, {"sigaltstack", SYS_sigaltstack}, {"sigprocmask", SYS_rt_sigprocmask}};
    bh_engine *engine;
    bh_module *module = NULL;
    bh_instance *instance = NULL;
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    for (unsigned n = 0; n < sizeof(calls) / sizeof(*calls); n++)
        if (!strcmp(argv[1], calls[n].name))
            fake(calls[n].number, false);
    bh_error error = bh_engine_create(NULL, &engine);
    if (!strcmp(argv[1], "sigaction-late")) {
        signal(SIGALRM, on_alarm);
        fake(SYS_rt_sigaction, true);
    }
    if (!error) {
        REQUIRE(!bh_module_load(engine, argv[2], NULL, &module));
        error = bh_instance_create(module, NULL, &instance); /* the start code of a library */
    }
    printf("%d: %s\n", error == BH_ERROR_HOST, bh_last_error()->text);
    return !error;
}
