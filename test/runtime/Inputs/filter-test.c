/* filter-test personality ALL EXEC: under one that refuses personality(), and openat where ALL is 1, whether guest data
 * would be executable (EXEC) is learned from /proc. filter-test DIRECTORY ERROR: under a seccomp filter that answers
 * openat2 with ERROR (0: there is no filter) a directory cannot be granted, and the message says why. */
#include <errno.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "check.h"

static void refuse(long number, unsigned error) {
    struct sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                                 BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
                                 BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
                                 BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {sizeof(code) / sizeof(*code), code};
    REQUIRE(!prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) && !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
}

static int without_personality(bool all, bool executable) {
    bh_engine *engine;
    REQUIRE(!executable || personality(READ_IMPLIES_EXEC) != -1);
    refuse(SYS_personality, EPERM);
    if (all)
        refuse(SYS_openat, EACCES);
    bh_error error = bh_engine_create(NULL, &engine);
    CHECK(all || executable ? error == BH_ERROR_HOST : !error);
    CHECK(!error || strstr(bh_last_error()->text, all ? "/proc/self/personality" : "start it without"));
    if (!error)
        CHECK(!bh_engine_destroy(engine));
    return failures != 0;
}

int main(int argc, char **argv) {
    if (argc == 4 && !strcmp(argv[1], "personality"))
        return without_personality(*argv[2] == '1', *argv[3] == '1');
    if (argc != 3)
        return 2;
    unsigned error = (unsigned)atoi(argv[2]);
    bh_policy *policy;
    if (error)
        refuse(SYS_openat2, error);
    REQUIRE(!bh_policy_create(&policy));
    bh_error result = bh_policy_grant_directory(policy, argv[1], "/data", BH_READ_ONLY);
    CHECK(error ? result == BH_ERROR_SYSTEM && bh_last_error()->system_errno == (int)error &&
                      strstr(bh_last_error()->text, "seccomp")
                : !result);
    bh_policy_destroy(policy);
    return failures != 0;
}
