/* Ways to more than a policy grants: grant-attacks LIBRARY DIRECTORY. Read-only directories inside read-write ones by all their names,
 * granted directories as names themselves, what else than reading and writing could be done to a stream, descriptors without end.
 * Prints what failed; exit status 0 when nothing did. */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../runtime/Inputs/syscalls.h"
#include "../../runtime/Inputs/tree.h"

#define CONTENT "read-only"
#define PAGE 4096
#define ROUNDS 3000

static bool unchanged(const char *name) {
    char found[64] = "";
    struct stat info;
    int fd = open(in_tree(name), O_RDONLY | O_CLOEXEC);
    bool good = read(fd, found, sizeof(found)) == (ssize_t)strlen(CONTENT) && !strcmp(found, CONTENT) && !fstat(fd, &info) &&
                (info.st_mode & 0777) == 0644 && info.st_mtime > 1000000;
    close(fd);
    return good;
}

/* ---- Read-only inside read-write ---- */

static void make_tree(void) {
    static const char *const directories[] = {"data",      "data/x",       "data/ro",      "data/ro/sub", "data/ro/rw",
                                              "data/deep", "data/deep/ro", "data/include", "data/twice",  "data/empty",
                                              "data/mine", "data/x/ro",    "data/swap",    "data/swap/ro"};
    static const char *const files[] = {"data/x/f",       "data/ro/f",    "data/ro/sub/f", "data/ro/rw/f",  "data/deep/ro/f",
                                        "data/include/f", "data/twice/f", "data/x/ro/f",   "data/swap/ro/f"};
    static const char *const links[][2] = {{"ro", "data/link"},
                                           {"../ro/f", "data/x/to-file"},
                                           {"to-file", "data/x/to-link"},
                                           {"../x/../ro/", "data/x/to-directory"},
                                           {"f", "data/x/own"},
                                           {"own", "data/x/chain"},
                                           {"loop", "data/loop"},
                                           {"../../data/x/f", "data/x/out"},
                                           {"/data/x/f", "data/absolute"},
                                           {"nothing", "data/x/dangling"},
                                           {".", "data/x/here"}};
    for (size_t n = 0; n < sizeof(directories) / sizeof(*directories); n++)
        make_directory(directories[n]);
    for (size_t n = 0; n < sizeof(files) / sizeof(*files); n++)
        make_file(files[n], CONTENT);
    for (size_t n = 0; n < sizeof(links) / sizeof(*links); n++)
        REQUIRE(!symlink(links[n][0], in_tree(links[n][1])));
    REQUIRE(!link(in_tree("data/ro/f"), in_tree("data/x/hard")));
}

static bh_policy *nested_policy(void) {
    static const struct {
        const char *host, *guest;
        int mode;
    } grants[] = {{"data", "/data", BH_READ_WRITE},
                  {"data/ro", "/data/ro", BH_READ_ONLY},
                  {"data/ro/rw", "/data/ro/rw", BH_READ_WRITE},
                  {"data/deep/ro", "/data/deep/ro", BH_READ_ONLY},
                  {"data/include", "/include", BH_READ_ONLY},
                  {"data/twice", "/one", BH_READ_ONLY},
                  {"data/twice", "/two", BH_READ_WRITE},
                  {"data/empty", "/empty", BH_READ_WRITE},
                  {"data/swap/ro", "/swap", BH_READ_ONLY}};
    bh_policy *policy;
    REQUIRE(!bh_policy_create(&policy));
    for (size_t n = 0; n < sizeof(grants) / sizeof(*grants); n++)
        REQUIRE(!bh_policy_grant_directory(policy, in_tree(grants[n].host), grants[n].guest, grants[n].mode));
    return policy;
}

/* Everything that would change a file of a read-only directory, or the directory. */
static void refuse_changes(const char *directory, const char *file) {
    char name[200], new[200];
    snprintf(name, sizeof(name), "%s/%s", directory, file);
    snprintf(new, sizeof(new), "%s/new", directory);
    printf("%s\n", name);
    static const int flags[] = {O_RDWR, O_WRONLY, O_RDONLY | O_TRUNC, O_RDWR | O_CREAT, O_WRONLY | O_APPEND, O_RDWR | O_CREAT | O_TRUNC};
    for (size_t n = 0; n < sizeof(flags) / sizeof(*flags); n++)
        IS(SYS(open, str(name), flags[n], 0600), -EROFS);
    IS(SYS(open, str(new), O_RDWR | O_CREAT, 0600), -EROFS);
    IS(SYS(open, str(new), O_RDONLY | O_CREAT | O_EXCL, 0600), -EROFS);
    IS(SYS(creat, str(new), 0600), -EROFS);
    IS(SYS(truncate, str(name), 0), -EROFS);
    IS(SYS(chmod, str(name), 0600), -EROFS);
    IS(SYS(chmod, str(directory), 0700), -EROFS);
    IS(SYS(fchmodat, AT_FDCWD, str(name), 0600), -EROFS);
    IS(SYS(chown, str(name), -1, -1), -EROFS);
    IS(SYS(utimensat, AT_FDCWD, str(name), buffer((uint64_t[4]){1, 0, 1, 0}, 32), 0), -EROFS);
    IS(SYS(utimes, str(name), buffer((uint64_t[4]){1, 0, 1, 0}, 32)), -EROFS);
    IS(SYS(access, str(name), W_OK), -EROFS);
    IS(SYS(access, str(name), R_OK), 0);
    IS(SYS(unlink, str(name)), -EROFS);
    IS(SYS(mkdir, str(new), 0700), -EROFS);
    IS(SYS(rmdir, str(new)), -EROFS);
    IS(SYS(rename, str(name), str2("/data/x/stolen")), -EROFS);
    IS(SYS(rename, str("/data/x/f"), str2(new)), -EROFS);
    IS(SYS(renameat2, AT_FDCWD, str("/data/x/f"), AT_FDCWD, str2(name), 0), -EROFS);
    int64_t fd = SYS(open, str(name), O_RDONLY);
    CHECK(fd >= 0);
    IS(SYS(fchmod, fd, 0600), -EROFS);
    IS(SYS(utimensat, fd, 0, buffer((uint64_t[4]){1, 0, 1, 0}, 32), 0), -EROFS);
    IS(SYS(ftruncate, fd, 0), -EINVAL);
    IS(SYS(mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), -EACCES);
    IS(SYS(close, fd), 0);
    fd = SYS(open, str(directory), O_RDONLY | O_DIRECTORY);
    CHECK(fd >= 0);
    IS(SYS(openat, fd, str(file), O_RDWR), -EROFS);
    IS(SYS(unlinkat, fd, str(file), 0), -EROFS);
    IS(SYS(fchmod, fd, 0700), -EROFS);
    IS(SYS(fchdir, fd), 0);
    IS(SYS(open, str(file), O_RDWR), -EROFS);
    IS(SYS(chdir, str("/data")), 0);
    IS(SYS(close, fd), 0);
}

static void allow_changes(const char *name) {
    int64_t fd = SYS(open, str(name), O_RDWR);
    printf("%s\n", name);
    CHECK(fd >= 0);
    IS(SYS(fchmod, fd, 0644), 0);
    IS(SYS(close, fd), 0);
    IS(SYS(access, str(name), W_OK), 0);
    IS(SYS(chmod, str(name), 0644), 0);
}

static void test_names(void) {
    static const char *const read_only[][2] = {{"/data/ro", "f"},
                                               {"/data/x/../ro", "f"},
                                               {"/data/./x/..//ro", "f"},
                                               {"/data/link", "f"},
                                               {"/data/link/sub", "f"},
                                               {"/data/link/../ro/sub/..", "f"},
                                               {"/data/x/to-directory", "f"},
                                               {"/data/x/here/../ro", "sub/f"},
                                               {"/data/deep/ro", "f"},
                                               {"/data/x/../deep/ro", "f"},
                                               {"/include", "f"},
                                               {"/data/include", "f"},
                                               {"/data/x/../include", "f"},
                                               {"/one", "f"},
                                               {"/data/twice", "f"}};
    for (size_t n = 0; n < sizeof(read_only) / sizeof(*read_only); n++)
        refuse_changes(read_only[n][0], read_only[n][1]);
    /* Through links to files; the links' own directory may be changed. */
    IS(SYS(open, str("/data/x/to-file"), O_RDWR), -EROFS);
    IS(SYS(open, str("/data/x/to-link"), O_WRONLY | O_CREAT | O_TRUNC, 0600), -EROFS);
    IS(SYS(truncate, str("/data/x/to-link"), 0), -EROFS);
    IS(SYS(open, str("/data/x/to-link"), O_WRONLY | O_NOFOLLOW), -ELOOP);
    /* What is the guest's stays so: names that pass by, a second name that the host made, the inner grant of three. */
    static const char *const writable[] = {"/data/x/f",    "/data/x/../x/f", "/data/x/own",        "/data/x/chain",
                                           "/data/x/hard", "/data/ro/rw/f",  "/data/x/../ro/rw/f", "/data/link/rw/f",
                                           "/two/f",       "/data/x/here/f",   "/data/absolute",       "/data/x/out",
                                           "/data/ro/../x/f"};
    for (size_t n = 0; n < sizeof(writable) / sizeof(*writable); n++)
        allow_changes(writable[n]);
    /* Links that lead nowhere, in circles or out. */
    IS(SYS(open, str("/data/loop"), O_RDWR), -ELOOP);
    IS(SYS(open, str("/data/ro/rw/../f"), O_RDWR), -EROFS);
    IS(SYS(open, str("/data/x/dangling"), O_RDWR), -ENOENT);
    IS(SYS(open, str("/data/x/f/"), O_RDWR | O_DIRECTORY), -ENOTDIR);
    CHECK(unchanged("data/ro/f") && unchanged("data/include/f") && unchanged("data/deep/ro/f") && unchanged("data/ro/sub/f"));
}

/* The granted directories themselves, and those above them. */
static void test_moves(void) {
    static const char *const granted[] = {"/data/ro",    "/data/x/../ro", "/data/include", "/data/x/here/../deep/ro",
                                          "/data/empty", "/data/twice",   "/data/ro/rw"};
    for (size_t n = 0; n < sizeof(granted) / sizeof(*granted); n++) {
        printf("%s\n", granted[n]);
        IS(SYS(rename, str(granted[n]), str2("/data/gone")), -EBUSY);
        IS(SYS(rmdir, str(granted[n])), -EBUSY);
        IS(SYS(unlink, str(granted[n])), -EISDIR);
    }
    /* An empty directory would give way to another one. */
    IS(SYS(rename, str("/data/mine"), str2("/data/empty")), -EBUSY);
    IS(SYS(rename, str("/data/mine"), str2("/data/x/../empty")), -EBUSY);
    /* Whatever the directory above is called. */
    IS(SYS(rename, str("/data/deep"), str2("/data/deeper")), 0);
    refuse_changes("/data/deeper/ro", "f");
    refuse_changes("/data/deep/ro", "f");
    IS(SYS(mkdir, str("/data/deep"), 0755), 0);
    IS(SYS(rename, str("/data/deeper"), str2("/data/x/deeper")), 0);
    refuse_changes("/data/x/deeper/ro", "f");
    IS(SYS(mkdir, str("/data/deep/ro"), 0755), -EEXIST); /* the name of the grant */
    IS(SYS(rmdir, str("/data/deep/ro")), -EBUSY);
    IS(SYS(rename, str("/data/x/f"), str2("/data/deep/ro")), -EBUSY);
    CHECK(unchanged("data/x/deeper/ro/f"));
}

static atomic_bool stop;

/* Another guest gives a directory of its own the place of the one in which the read-only one is, and back. */
static void *exchange(void *argument) {
    bh_instance *other = argument;
    const char *const names[] = {"/data/x", "/data/turn", "/data/swap"};
    bh_address at[3] = {0};
    REQUIRE(!bh_instance_symbol(other, "zeros", &at[0]));
    for (int n = 0; n < 3; n++) {
        at[n] = at[0] + (uint64_t)n * 64;
        CHECK(!bh_copy_in(other, at[n], names[n], strlen(names[n]) + 1));
    }
    while (!stop) {
        CHECK(!guest_call(other, SYS_rename, at[0], at[1], 0) && !guest_call(other, SYS_rename, at[2], at[0], 0) &&
              !guest_call(other, SYS_rename, at[1], at[2], 0));
    }
    return NULL;
}

static void test_race(const bh_policy *policy) {
    bh_instance *other = new_instance(policy);
    pthread_t thread;
    unsigned opened = 0, refused = 0;
    stop = false;
    REQUIRE(!pthread_create(&thread, NULL, exchange, other));
    for (unsigned n = 0; n < ROUNDS || ((!opened || !refused) && n < 100 * ROUNDS); n++) {
        int64_t fd = SYS(open, str("/data/x/ro/f"), O_WRONLY | O_TRUNC);
        refused += fd == -EROFS;
        opened += fd >= 0;
        if (fd >= 0)
            IS(SYS(close, fd), 0);
        SYS(truncate, str("/data/x/ro/f"), 3);
        SYS(chmod, str("/data/x/ro/f"), 0600);
        SYS(close, SYS(creat, str("/data/x/ro/new"), 0600));
        SYS(unlink, str("/data/x/ro/new"));
    }
    stop = true;
    pthread_join(thread, NULL);
    printf("%u opened, %u refused\n", opened, refused);
    CHECK(opened && refused && !bh_instance_destroy(other));
    struct stat one, two;
    /* Which of the two it is by now: the granted one is unchanged. */
    REQUIRE(!stat(in_tree("data/swap/ro"), &one) && !stat(in_tree("data/x/ro"), &two));
    int64_t fd = SYS(open, str("/swap"), O_RDONLY | O_DIRECTORY);
    struct stat granted;
    IS(SYS(fstat, fd, BUFFER), 0);
    CHECK(!bh_copy_out(guest, &granted, BUFFER, sizeof(granted)) && (granted.st_ino == one.st_ino || granted.st_ino == two.st_ino));
    CHECK(unchanged(granted.st_ino == one.st_ino ? "data/swap/ro/f" : "data/x/ro/f"));
    IS(SYS(close, fd), 0);
}

static void test_nested(void) {
    make_tree();
    bh_policy *policy = nested_policy();
    start_guest(policy);
    IS(SYS(chdir, str("/data")), 0);
    test_names();
    test_moves();
    test_race(policy);
    CHECK(!bh_instance_destroy(guest));
    bh_policy_destroy(policy);
}

/* ---- Other mounts beneath a granted directory ---- */

static void test_mounts(void) {
    bh_policy *policy;
    struct stat root, proc;
    REQUIRE(!stat("/", &root) && !stat("/proc/version", &proc) && root.st_dev != proc.st_dev);
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_grant_directory(policy, "/", "/", BH_READ_ONLY));
    start_guest(policy);
    static const char *const names[] = {"/proc/version", "/proc/self/maps", "/proc/1/../version", "/proc"};
    for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
        IS(SYS(open, str(names[n]), O_RDONLY), -EACCES);
        IS(SYS(stat, str(names[n]), BUFFER), -EACCES);
        IS(SYS(chdir, str(names[n])), -EACCES);
    }
    IS(SYS(stat, str("/"), BUFFER), 0);
    CHECK(!bh_instance_destroy(guest));
    bh_policy_destroy(policy);
    /* The same for what changes something. */
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_grant_directory(policy, "/", "/", BH_READ_WRITE));
    start_guest(policy);
    IS(SYS(open, str("/proc/self/comm"), O_RDWR), -EACCES);
    IS(SYS(truncate, str("/proc/self/comm"), 0), -EACCES);
    IS(SYS(chmod, str("/proc/self/comm"), 0644), -EACCES);
    IS(SYS(creat, str("/proc/self/comm"), 0600), -EACCES);
    IS(SYS(mkdir, str("/proc/new"), 0700), -EACCES);
    IS(SYS(unlink, str("/proc/self/comm")), -EACCES);
    CHECK(!bh_instance_destroy(guest));
    bh_policy_destroy(policy);
}

/* ---- Streams ---- */

static void refuse_all_but_io(uint64_t fd) {
    IS(SYS(ftruncate, fd, 0), -EINVAL);
    IS(SYS(fallocate, fd, 0, 0, 1 << 20), -ESPIPE);
    IS(SYS(fsync, fd), -EINVAL);
    IS(SYS(fdatasync, fd), -EINVAL);
    IS(SYS(fchmod, fd, 0777), -EPERM);
    IS(SYS(utimensat, fd, 0, buffer((uint64_t[4]){1, 0, 1, 0}, 32), 0), -EPERM);
    IS(SYS(flock, fd, LOCK_EX), -EINVAL);
    struct flock lock = {.l_type = F_WRLCK};
    IS(SYS(fcntl, fd, F_SETLK, buffer(&lock, sizeof(lock))), -EINVAL);
    for (int command = F_SETOWN; command <= F_GETLEASE; command++)
        if (command != F_SETLKW && command != F_GETLK && command != F_SETLK)
            CHECK(SYS(fcntl, fd, command, 1) == -EINVAL);
    IS(SYS(fcntl, fd, F_SETFL, O_NONBLOCK), 0);
    IS(SYS(mmap, 0, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), -EACCES);
    IS(SYS(mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, fd, 0), -EACCES);
    IS(SYS(ioctl, fd, FIONBIO, buffer((int[]){1}, 4)), -ENOTTY);
    IS(SYS(ioctl, fd, FIOASYNC, buffer((int[]){1}, 4)), -ENOTTY);
    IS(SYS(getdents64, fd, BUFFER, 1000), -ENOTDIR);
    IS(SYS(openat, fd, str("x"), O_RDONLY), -ENOTDIR);
    IS(SYS(fchdir, fd), -ENOTDIR);
}

static void test_streams(void) {
    int log = open(in_tree("log"), O_CREAT | O_EXCL | O_RDWR | O_APPEND | O_CLOEXEC, 0644);
    REQUIRE(log >= 0 && write(log, "important", 9) == 9);
    int flags = fcntl(log, F_GETFL);
    bh_policy *policy;
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_grant_stream(policy, 1, log));
    start_guest(policy);
    refuse_all_but_io(1);
    IS(SYS(dup, 1), 0);
    refuse_all_but_io(0);
    IS(SYS(dup2, 1, 5), 5);
    refuse_all_but_io(5);
    IS(SYS(write, 1, str("more"), 4), 4);
    IS(SYS(lseek, 1, 0, SEEK_SET), 0);
    IS(SYS(read, 1, BUFFER, 100), 13);
    IS(SYS(fstat, 1, BUFFER), 0);
    IS(SYS(close, 1), 0);
    struct stat info;
    CHECK(fcntl(log, F_GETFL) == flags && !fstat(log, &info) && info.st_size == 13 && (info.st_mode & 0777) == 0644 && info.st_mtime > 1);
    CHECK(!bh_instance_destroy(guest));
    bh_policy_destroy(policy);
    close(log);
}

/* ---- Descriptors ---- */

/* How many more the guest opens until it gets an error, which it returns. */
static unsigned open_all(int64_t *error) {
    unsigned count = 0;
    while ((*error = count % 2 ? SYS(dup, 0) : SYS(open, str("/f"), O_RDONLY)) >= 0)
        count++;
    return count;
}

static void test_descriptors(const char *path) {
    struct rlimit old;
    bh_policy *policy;
    int64_t error;
    REQUIRE(!getrlimit(RLIMIT_NOFILE, &old) && !setrlimit(RLIMIT_NOFILE, &(struct rlimit){600, old.rlim_max}));
    make_directory("files");
    make_file("files/f", CONTENT);
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_grant_directory(policy, in_tree("files"), "/", BH_READ_ONLY));
    CHECK(bh_policy_set_descriptor_limit(policy, 2) == BH_ERROR_ARGUMENT &&
          bh_policy_set_descriptor_limit(policy, 1025) == BH_ERROR_ARGUMENT);
    for (int round = 0; round < 3; round++) { /* whatever was held is given back */
        start_guest(policy);
        bh_instance *first = guest;
        CHECK(open_all(&error) == 256 && error == -EMFILE);
        IS(SYS(dup2, 0, 256), -EBADF);
        IS(SYS(dup3, 0, 300, 0), -EBADF);
        IS(SYS(fcntl, 0, F_DUPFD, 256), -EINVAL);
        IS(SYS(close, 0), 0); /* free, but below where it is wanted */
        IS(SYS(fcntl, 1, F_DUPFD, 1), -EMFILE);
        IS(SYS(dup, 1), 0);
        IS(SYS(getrlimit, RLIMIT_NOFILE, BUFFER), 0);
        uint64_t limit[2];
        CHECK(!bh_copy_out(guest, limit, BUFFER, sizeof(limit)) && limit[0] == 256 && limit[1] == 256);
        /* Two share what the process lets guests have, half of 600. */
        start_guest(policy);
        bh_instance *second = guest;
        CHECK(open_all(&error) == 44 && error == -ENFILE);
        IS(SYS(fcntl, 0, F_DUPFD_CLOEXEC, 0), -ENFILE);
        IS(SYS(open, str("/dev/null"), O_RDONLY), -ENFILE);
        IS(SYS(memfd_create, str("f"), 0), -ENFILE);
        IS(SYS(eventfd2, 0, 0), -ENFILE);
        IS(SYS(pipe, BUFFER), -ENFILE);
        IS(SYS(close, 43), 0);
        IS(SYS(pipe, BUFFER), -ENFILE); /* one end would have room */
        IS(SYS(dup, 0), 43);
        guest = first;
        IS(SYS(close, 255), 0);
        IS(SYS(dup2, 0, 255), 255); /* one was given back */
        /* The host goes on. */
        bh_module *another;
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        CHECK(fd >= 0 && !bh_module_load(engine, path, NULL, &another) && !bh_module_destroy(another) && !close(fd));
        CHECK(!bh_instance_reset(first));
        guest = second;
        CHECK(open_all(&error) == 212 && error == -EMFILE);
        CHECK(!bh_instance_destroy(first) && !bh_instance_destroy(second));
    }
    CHECK(!bh_policy_set_descriptor_limit(policy, 5));
    start_guest(policy);
    CHECK(open_all(&error) == 5 && error == -EMFILE && !bh_instance_destroy(guest));
    bh_policy_destroy(policy);
    setrlimit(RLIMIT_NOFILE, &old);
}

/* ---- Modes ---- */

static mode_t mode_of(const char *name) {
    struct stat info;
    return stat(in_tree(name), &info) ? 0 : info.st_mode & 07777;
}

/* The guest's umask counts, the host's does not. */
static void test_modes(void) {
    mode_t old = umask(077);
    bh_policy *policy;
    REQUIRE(!mkdir(in_tree("modes"), 0700) && !mkdir(in_tree("modes/group"), 0700) && !chmod(in_tree("modes/group"), 02755));
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_grant_directory(policy, in_tree("modes"), "/", BH_READ_WRITE));
    start_guest(policy);
    CHECK(SYS(open, str("/a"), O_CREAT | O_RDWR, 0666) >= 0 && mode_of("modes/a") == 0644);
    CHECK(SYS(mkdir, str("/b"), 0777) == 0 && mode_of("modes/b") == 0755);
    CHECK(SYS(umask, 0) == 022);
    CHECK(SYS(open, str("/c"), O_CREAT | O_RDWR, 0666) >= 0 && mode_of("modes/c") == 0666);
    CHECK(SYS(creat, str("/d"), 0777) >= 0 && mode_of("modes/d") == 0777);
    CHECK(SYS(openat, AT_FDCWD, str("/e"), O_CREAT | O_EXCL | O_WRONLY, 04444) >= 0 && mode_of("modes/e") == 0444);
    CHECK(SYS(mkdir, str("/f"), 0777) == 0 && mode_of("modes/f") == 0777);
    CHECK(SYS(mkdirat, AT_FDCWD, str("/g"), 01000) == 0 && mode_of("modes/g") == 0);
    CHECK(SYS(mkdir, str("/group/h"), 0777) == 0 && mode_of("modes/group/h") == 02777);
    CHECK(SYS(open, str("/c"), O_CREAT | O_RDWR, 0600) >= 0 && mode_of("modes/c") == 0666);
    /* Microseconds that are none, UTIME_NOW and UTIME_OMIT of another call among them. */
    static const uint64_t odd[] = {1000000, UINT64_MAX, INT64_MAX, (uint64_t)INT64_MAX / 1000 + 1, UTIME_NOW, UTIME_OMIT};
    for (size_t n = 0; n < 2 * sizeof(odd) / sizeof(*odd); n++)
        IS(SYS(utimes, str("/a"), buffer((uint64_t[4]){1, n % 2 ? odd[n / 2] : 0, 1, n % 2 ? 0 : odd[n / 2]}, 32)), -EINVAL);
    CHECK(!bh_instance_destroy(guest));
    bh_policy_destroy(policy);
    umask(old);
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    umask(022);
    top = argv[2];
    open_module(argv[1], 4);
    test_nested();
    test_mounts();
    test_streams();
    test_descriptors(argv[1]);
    test_modes();
    close_module();
    printf(failures ? "%d checks failed\n" : "ok\n", failures);
    return failures != 0;
}
