/* Ways out by descriptors of directories and the working directory: directory-attacks LIBRARY DIRECTORY. While guests
 * and the host move directories up, down, out and in again, others go up from them by names, make files and list what
 * is there. What lies outside is marked; no mark is read, nothing is planted beside it. Both sides are counted. Prints
 * what failed; exit status 0 when nothing did. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../runtime/Inputs/syscalls.h"
#include "../../runtime/Inputs/tree.h"

#define ROUNDS 4000
#define SECRET "a secret of the host"
#define CONTENT "what the guest may see"

static bool exists(const char *name) {
    return !access(in_tree(name), F_OK);
}

/* Whether the guest's descriptor, which it closes, leads to a mark of the host's. */
static bool is_secret(int64_t fd) {
    char found[32] = "";
    int64_t got = SYS(pread64, fd, BUFFER, sizeof(found) - 1, 0);
    CHECK(got == -EISDIR || got == -EINVAL || (got >= 0 && !bh_copy_out(guest, found, BUFFER, (size_t)got)));
    IS(SYS(close, fd), 0);
    return !strncmp(found, SECRET, strlen(SECRET));
}

/* ---- Races ---- */

static atomic_bool stop;
static atomic_uint changes;

/* The host takes a directory out of the grant, and brings it back to another place. */
static void *move_out(void *argument) {
    while (!stop) {
        REQUIRE(!rename(in_tree("granted/a/b/c"), in_tree("outside/deep/c")) &&
                !rename(in_tree("outside/deep/c"), in_tree("granted/c")));
        REQUIRE(!rename(in_tree("granted/c"), in_tree("outside/c")) &&
                !rename(in_tree("outside/c"), in_tree("granted/a/b/c")));
        changes++;
    }
    return argument;
}

/* The same with the granted directory itself, and with one above. */
static void *move_grant(void *argument) {
    while (!stop) {
        REQUIRE(!rename(in_tree("granted"), in_tree("outside/deep/granted")) &&
                !rename(in_tree("outside/deep/granted"), in_tree("granted")));
        changes++;
    }
    return argument;
}

static bh_instance *mover;

/* Another guest moves it up and down inside. */
static void *move_inside(void *argument) {
    static const char *const names[] = {"/w/a/b/c", "/w/c", "/w/a/b/x/y", "/w/a/c"};
    bh_address at[4];
    REQUIRE(!bh_instance_symbol(mover, "zeros", &at[0]));
    for (int n = 0; n < 4; n++) {
        at[n] = at[0] + (uint64_t)n * 64;
        CHECK(!bh_copy_in(mover, at[n], names[n], strlen(names[n]) + 1));
    }
    for (unsigned n = 0; !stop; n++) {
        CHECK(!guest_call(mover, SYS_rename, at[n % 4], at[(n + 1) % 4], 0));
        changes++;
        if (n % 4 == 3 && stop)
            break;
    }
    for (int n = 1; n < 4; n++)
        guest_call(mover, SYS_rename, at[n], at[0], 0);
    return argument;
}

/* Another guest makes the way up a long one, and short again. */
static void *move_deep(void *argument) {
    bh_address at;
    static const char from[] = "/w/a/b", to[] = "/w/long/long/long/long/b";
    REQUIRE(!bh_instance_symbol(mover, "zeros", &at));
    CHECK(!bh_copy_in(mover, at, from, sizeof(from)) && !bh_copy_in(mover, at + 64, to, sizeof(to)));
    while (!stop) {
        CHECK(!guest_call(mover, SYS_rename, at, at + 64, 0) && !guest_call(mover, SYS_rename, at + 64, at, 0));
        changes++;
    }
    return argument;
}

static void try_names(int64_t directory, unsigned *reached, unsigned *refused) {
    static const char *const names[] = {"mark",
                                        "../mark",
                                        "../../mark",
                                        "../../../mark",
                                        "../../../../mark",
                                        "x/../../mark",
                                        "x/../../../mark",
                                        "../deep/mark",
                                        "../c/../mark",
                                        "../c/x/../../mark",
                                        "../outside/mark",
                                        "x/up/mark",
                                        "x/up/../mark",
                                        "../../outside/deep/mark",
                                        "./.././mark",
                                        "../b/../../../mark"};
    for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
        int64_t fd = SYS(openat, directory, str(names[n]), n % 2 ? O_RDONLY : O_RDWR);
        *(fd >= 0 ? reached : refused) += 1;
        if (fd >= 0 && is_secret(fd)) {
            printf("'%s' is outside\n", names[n]);
            failures++;
        }
    }
    static const char *const planted[] = {"../planted", "../../planted", "x/../../planted", "../../../planted"};
    for (size_t n = 0; n < sizeof(planted) / sizeof(*planted); n++) {
        int64_t fd = SYS(openat, directory, str(planted[n]), O_WRONLY | O_CREAT, 0600);
        if (fd >= 0)
            IS(SYS(close, fd), 0);
        SYS(mkdirat, directory, str("../../planted-directory"), 0700);
        SYS(renameat, directory, str("x/f"), directory, str2("../../planted-too"));
        SYS(renameat, directory, str("../../planted-too"), directory, str2("x/f"));
        SYS(unlinkat, directory, str("../../keep"), 0);
        SYS(fchmodat, directory, str("../../keep"), 0600);
    }
    /* Up, and what is there. */
    int64_t above = SYS(openat, directory, str(".."), O_RDONLY | O_DIRECTORY);
    char bytes[2048];
    int64_t size = above < 0 ? 0 : SYS(getdents64, above, BUFFER, sizeof(bytes));
    CHECK(size <= 0 || !bh_copy_out(guest, bytes, BUFFER, (size_t)size));
    for (int64_t at = 0; at < size; at += *(uint16_t *)(void *)(bytes + at + 16))
        if (!strcmp(bytes + at + 19, "keep")) {
            printf("the directory outside was listed\n");
            failures++;
        }
    if (above >= 0)
        IS(SYS(close, above), 0);
}

static void race(const char *name, void *(*change)(void *)) {
    pthread_t thread;
    unsigned reached = 0, refused = 0;
    int64_t fd = SYS(open, str("/w/a/b/c"), O_RDONLY | O_DIRECTORY);
    IS(SYS(chdir, str("/w/a/b/c/x")), 0);
    stop = false;
    changes = 0;
    REQUIRE(!pthread_create(&thread, NULL, change, NULL));
    struct timespec begin, now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do {
        try_names(fd, &reached, &refused);
        try_names(AT_FDCWD, &reached, &refused);
        SYS(getcwd, BUFFER, 4096);
        if (SYS(chdir, str("..")) == 0)
            SYS(chdir, str("/w/a/b/c/x"));
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while (reached + refused < ROUNDS || ((changes < 200 || !reached || !refused) && now.tv_sec - begin.tv_sec < 20));
    stop = true;
    pthread_join(thread, NULL);
    printf("%s: %u reached, %u not, %u changes\n", name, reached, refused, changes);
    CHECK(reached && refused && changes >= 200);
    IS(SYS(close, fd), 0);
    IS(SYS(chdir, str("/")), 0);
    static const char *const outside[] = {"planted",
                                          "planted-too",
                                          "planted-directory",
                                          "outside/planted",
                                          "outside/planted-too",
                                          "outside/planted-directory",
                                          "outside/deep/planted",
                                          "outside/deep/planted-too",
                                          "outside/deep/planted-directory"};
    for (size_t n = 0; n < sizeof(outside) / sizeof(*outside); n++)
        CHECK(!exists(outside[n]));
    struct stat info;
    CHECK(!stat(in_tree("outside/keep"), &info) && (info.st_mode & 0777) == 0644 && exists("keep") &&
          exists("outside/deep/keep"));
}

static bh_policy *grant(const char *const (*grants)[2]) {
    bh_policy *policy;
    REQUIRE(!bh_policy_create(&policy));
    for (; (*grants)[0]; grants++)
        REQUIRE(!bh_policy_grant_directory(policy, in_tree((*grants)[0]), (*grants)[1], BH_READ_WRITE));
    return policy;
}

static void test_races(void) {
    bh_policy *policy = grant((const char *const[][2]){{"granted", "/w"}, {NULL, NULL}});
    mover = new_instance(policy);
    start_guest(policy);
    race("the host moves it out", move_out);
    race("the host moves the grant", move_grant);
    race("a guest moves it", move_inside);
    race("a guest moves what is above", move_deep);
    CHECK(!bh_instance_destroy(guest) && !bh_instance_destroy(mover));
    bh_policy_destroy(policy);
}

/* ---- From grant to grant ---- */

/* A guest with two grants moves a directory from one to the other: who has but the first gets nothing of the second. */
static void test_two_grants(void) {
    bh_policy *both = grant((const char *const[][2]){{"one", "/one"}, {"two", "/two"}, {NULL, NULL}});
    bh_policy *first = grant((const char *const[][2]){{"one", "/one"}, {NULL, NULL}});
    bh_instance *wide = new_instance(both);
    start_guest(first);
    bh_instance *narrow = guest;
    IS(SYS(mkdir, str("/one/d"), 0755), 0);
    int64_t fd = SYS(open, str("/one/d"), O_RDONLY | O_DIRECTORY);
    IS(SYS(chdir, str("/one/d")), 0);
    IS(SYS(close, SYS(creat, str("own"), 0600)), 0);
    guest = wide;
    REQUIRE(!bh_instance_symbol(guest, "zeros", &zeros));
    int64_t other = SYS(open, str("/one/d"), O_RDONLY | O_DIRECTORY);
    IS(SYS(chdir, str("/one/d")), 0);
    IS(SYS(rename, str("/one/d"), str2("/two/d")), 0);
    /* Both are its own. */
    IS(SYS(faccessat, other, str("../mark-of-two"), F_OK), 0);
    IS(SYS(access, str("../mark-of-two"), F_OK), 0);
    IS(SYS(access, str("../../one/mark-of-one"), F_OK), 0);
    IS(SYS(getcwd, BUFFER, 100), 7);
    char name[7];
    CHECK(!bh_copy_out(guest, name, BUFFER, 7) && !strcmp(name, "/two/d"));
    guest = narrow;
    REQUIRE(!bh_instance_symbol(guest, "zeros", &zeros));
    static const char *const names[] = {"own", "../mark-of-two", "..", ".", "../d/own", "../../one/mark-of-one"};
    for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
        IS(SYS(openat, fd, str(names[n]), O_RDONLY), -EACCES);
        IS(SYS(open, str(names[n]), O_RDONLY), -EACCES);
    }
    IS(SYS(openat, fd, str("new"), O_WRONLY | O_CREAT, 0600), -EACCES);
    IS(SYS(getcwd, BUFFER, 100), -ENOENT);
    CHECK(!bh_instance_destroy(wide) && !bh_instance_destroy(narrow));
    bh_policy_destroy(both);
    bh_policy_destroy(first);
}

/* ---- Depth ---- */

#define LEVELS 1500

/* Deeper than any name is long: there and back, by ".." alone and all at once. */
static void test_depth(void) {
    bh_policy *policy = grant((const char *const[][2]){{"deep", "/w"}, {NULL, NULL}});
    start_guest(policy);
    static char up[PATH_MAX];
    IS(SYS(chdir, str("/w")), 0);
    for (int n = 0; n < LEVELS; n++) {
        IS(SYS(mkdir, str("dir"), 0755), 0);
        IS(SYS(chdir, str("dir")), 0);
    }
    IS(SYS(getcwd, BUFFER, 4096), -ENAMETOOLONG);
    IS(SYS(close, SYS(creat, str("f"), 0600)), 0);
    IS(SYS(access, str("../dir/../dir/../dir/f"), F_OK), 0);
    for (int n = 0; n < 1300; n++)
        strcpy(up + 3 * n, "../");
    strcpy(up + 3 * 1300, "mark-of-deep");
    IS(SYS(access, str(up), F_OK), -ENOENT);
    up[3 * 1300] = 0;
    IS(SYS(chdir, str(up)), 0); /* LEVELS - 1300 are left */
    IS(SYS(access, str(up), F_OK), 0); /* the root */
    strcpy(up + 3 * 1300, "w/mark-of-deep");
    IS(SYS(access, str(up), F_OK), 0);
    strcpy(up + 3 * 1300, "mark");
    IS(SYS(access, str(up), F_OK), -ENOENT);
    IS(SYS(chdir, str("/w")), 0);
    /* Down and up again, inside and above the grant, as often as fits. */
    static const char *const steps[] = {"dir/../", "../w/", "dir/../../w/", "dir/dir/../../../w/dir/../"};
    for (int n = 0; n < 4; n++) {
        size_t size = strlen(steps[n]);
        for (size_t at = 0; at + size < PATH_MAX - 1; at += size)
            strcpy(up + at, steps[n]);
        IS(SYS(access, str(up), F_OK), 0);
        strcpy(up + strlen(up) - 1, "");
        IS(SYS(chdir, str(up)), 0);
        IS(SYS(getcwd, BUFFER, 100), 3);
    }
    CHECK(!bh_instance_destroy(guest));
    bh_policy_destroy(policy);
}

/* The host's, which rm -r may not manage by names. */
static void remove_deep(void) {
    int at = open(in_tree("deep"), O_RDONLY | O_DIRECTORY | O_CLOEXEC), levels = 0;
    for (int next; (next = openat(at, "dir", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0; at = next, levels++)
        close(at);
    CHECK(levels == LEVELS && !unlinkat(at, "f", 0));
    for (int n = 0; n < levels; n++) {
        int above = openat(at, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close(at);
        at = above;
        CHECK(!unlinkat(at, "dir", AT_REMOVEDIR));
    }
    close(at);
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    top = argv[2];
    static const char *const directories[] = {"granted",
                                              "granted/a",
                                              "granted/a/b",
                                              "granted/a/b/c",
                                              "granted/a/b/c/x",
                                              "granted/a/b/x",
                                              "granted/long",
                                              "granted/long/long",
                                              "granted/long/long/long",
                                              "granted/long/long/long/long",
                                              "outside",
                                              "outside/deep",
                                              "one",
                                              "two",
                                              "deep"};
    static const char *const inside[] = {"granted/mark",       "granted/a/mark",    "granted/a/b/mark",
                                         "granted/a/b/c/mark", "granted/a/b/c/x/f", "one/mark-of-one",
                                         "two/mark-of-two",    "deep/mark-of-deep"};
    static const char *const outside[] = {"mark", "outside/mark", "outside/deep/mark",
                                          "keep", "outside/keep", "outside/deep/keep"};
    for (size_t n = 0; n < sizeof(directories) / sizeof(*directories); n++)
        make_directory(directories[n]);
    for (size_t n = 0; n < sizeof(inside) / sizeof(*inside); n++)
        make_file(inside[n], CONTENT);
    for (size_t n = 0; n < sizeof(outside) / sizeof(*outside); n++)
        make_file(outside[n], SECRET);
    REQUIRE(!symlink("../..", in_tree("granted/a/b/c/x/up")));
    open_module(argv[1], 2);
    test_two_grants();
    test_depth();
    test_races();
    close_module();
    remove_deep();
    printf(failures ? "%d checks failed\n" : "ok\n", failures);
    return failures != 0;
}
