/* Random system calls of a guest (Inputs/system-calls.c: all numbers, hostile pointers and lengths, threads), with the runtime
 * under AddressSanitizer and UndefinedBehaviorSanitizer:
 *
 *     system-calls [--seed N] [--steps N | --seconds N] PLAIN THREADS DIRECTORY
 *
 * A step is a call of the guest that makes some hundred system calls. DIRECTORY is empty and stays so. Checked: nothing that
 * the sanitizers report; a page of the host that the guest is told of is as it was, and so is a file beside what is granted; a
 * read-only directory keeps its content; in the end no descriptor and no mapping is left. By hand, for hours: --seconds 36000
 * --seed N. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../runtime/Inputs/guest-calls.h"
#include "history.h"

#define CALLS 300
#define DEADLINE 300000000 /* nanoseconds */
#define LARGEST_FILE (8 << 20)
#define CONTENT "as the host left it"

static char secret[4096] __attribute__((aligned(4096)));
static char top[512];
static uint64_t returned, ended;

static const char *in_tree(const char *name) {
    static char path[2][1024];
    static unsigned turn;
    char *at = path[turn++ % 2];
    snprintf(at, sizeof(path[0]), "%s/%s", top, name);
    return at;
}

static void make_file(const char *name) {
    int fd = open(in_tree(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    REQUIRE(fd >= 0 && write(fd, CONTENT, strlen(CONTENT)) == (ssize_t)strlen(CONTENT) && !close(fd));
}

static bool unchanged(const char *name) {
    char found[64] = "";
    int fd = open(in_tree(name), O_RDONLY | O_CLOEXEC);
    ssize_t got = read(fd, found, sizeof(found));
    close(fd);
    return got == (ssize_t)strlen(CONTENT) && !strcmp(found, CONTENT);
}

/* Removes what is in a directory, whatever modes the guest gave it. */
static void empty(const char *path) {
    chmod(path, 0700);
    DIR *directory = opendir(path);
    REQUIRE(directory);
    for (struct dirent *entry; (entry = readdir(directory));) {
        char name[1024];
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
            continue;
        if ((size_t)snprintf(name, sizeof(name), "%s/%s", path, entry->d_name) >= sizeof(name))
            wrong("a name that is too long in %s", path);
        if (unlink(name)) {
            empty(name);
            REQUIRE(!rmdir(name));
        }
    }
    closedir(directory);
}

static void fill(void) {
    empty(in_tree("granted"));
    make_file("granted/f");
    REQUIRE(!mkdir(in_tree("granted/a"), 0700) && !mkdir(in_tree("granted/a/b"), 0700));
    REQUIRE(!symlink("../../..", in_tree("granted/a/up")) && !symlink("f", in_tree("granted/link")) &&
            !mkfifo(in_tree("granted/fifo"), 0600));
}

static void make_tree(const char *directory) {
    snprintf(top, sizeof(top), "%s", directory);
    REQUIRE(!mkdir(in_tree("granted"), 0700) && !mkdir(in_tree("read-only"), 0700));
    make_file("outside");
    make_file("read-only/f");
    REQUIRE(!symlink("../granted/f", in_tree("read-only/link")));
    fill();
}

static unsigned open_descriptors(void) {
    unsigned count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) != -1;
    return count;
}

static void check(void) {
    for (size_t n = 0; n < sizeof(secret); n++)
        if (secret[n] != 0x5a)
            wrong("byte %zu of the host's page has changed", n);
    if (!unchanged("outside") || !unchanged("read-only/f"))
        wrong("a file that the guest may not write has changed");
}

static void step(bh_instance *instance, const char *name) {
    bh_function function;
    bh_value result;
    uint64_t seed = draw();
    remember("%s(%llx)", name, (unsigned long long)seed);
    REQUIRE(!bh_instance_function(instance, name, "l(mlm)", &function));
    bh_error error = bh_invoke(instance, &function, &result, seed, (uint64_t)CALLS, (uint64_t)(uintptr_t)secret);
    returned += !error;
    ended += error != BH_OK;
    check();
    /* It may have ruined its memory though it came back. */
    if ((error || one_in(4)) && bh_instance_reset(instance))
        wrong("no reset: %s", bh_last_error()->text);
    if (one_in(50))
        fill();
}

static bh_policy *make_policy(int null) {
    bh_policy *policy;
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_grant(policy, BH_GRANT_RANDOM | BH_GRANT_CLOCK) &&
            !bh_policy_set_memory_limit(policy, 64 << 20) && !bh_policy_set_thread_limit(policy, 4) &&
            !bh_policy_set_deadline(policy, DEADLINE) &&
            !bh_policy_grant_directory(policy, in_tree("granted"), "/", BH_READ_WRITE) &&
            !bh_policy_grant_directory(policy, in_tree("read-only"), "/ro", BH_READ_ONLY) &&
            !bh_policy_grant_stream(policy, 1, null));
    return policy;
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    int rest = history_start(argc, argv);
    if (!rest || argc - rest != 3) {
        fprintf(stderr, "usage: system-calls [--seed N] [--steps N | --seconds N] PLAIN THREADS DIRECTORY\n");
        return 2;
    }
    /* Files without end would fill the disk. */
    signal(SIGXFSZ, SIG_IGN);
    REQUIRE(!setrlimit(RLIMIT_FSIZE, &(struct rlimit){LARGEST_FILE, LARGEST_FILE}));
    memset(secret, 0x5a, sizeof(secret));
    make_tree(argv[rest + 2]);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    unsigned descriptors = open_descriptors();
    bh_policy *policy = make_policy(null);
    bh_instance *instance[2];
    bh_module *modules[2];
    REQUIRE(!bh_engine_create(NULL, &engine));
    for (int n = 0; n < 2; n++)
        REQUIRE(!bh_module_load(engine, argv[rest + n], NULL, &modules[n]) && !bh_instance_create(modules[n], policy, &instance[n]));
    module = NULL;
    while (history_goes_on()) {
        if (one_in(3))
            step(instance[1], "threads_storm");
        else
            step(instance[0], "storm");
    }
    for (int n = 0; n < 2; n++)
        CHECK(!bh_instance_destroy(instance[n]) && !bh_module_destroy(modules[n]));
    CHECK(bh_engine_mappings(engine) == 0 && !bh_engine_destroy(engine));
    bh_policy_destroy(policy);
    CHECK(open_descriptors() == descriptors);
    empty(top);
    printf("%llu steps, %llu returned, %llu ended; %d failures\n", (unsigned long long)history.done, (unsigned long long)returned,
           (unsigned long long)ended, failures);
    return failures != 0;
}
