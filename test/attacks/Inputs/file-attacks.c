/* Ways out of a granted directory: file-attacks LIBRARY DIRECTORY. The tree has a secret beside what is granted; the guest
 * tries every name that could lead there, while the host changes the tree, and the name itself, under its feet.
 *
 * The races run for a fixed number of rounds, with both sides counted, so that a lucky schedule is no pass by itself. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

#include "../../runtime/Inputs/guest-calls.h"

#define ROUNDS 20000
#define SECRET "a secret of the host"
#define CONTENT "what the guest may see"

static bh_instance *guest;
static const char *top;
static unsigned refusals;

static void on_refused(void *context, const char *call, const char *detail, int number) {
    (void)context, (void)number;
    CHECK(*call && detail);
    refusals++;
}

static char *in_tree(const char *name) {
    static char path[8][PATH_MAX];
    static unsigned turn;
    char *at = path[turn++ % 8];
    snprintf(at, PATH_MAX, "%s/%s", top, name);
    return at;
}

static void make_file(const char *name, const char *content) {
    int fd = open(in_tree(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    REQUIRE(fd >= 0 && write(fd, content, strlen(content)) == (ssize_t)strlen(content) && !close(fd));
}

static void make_link(const char *to, const char *name) {
    REQUIRE(!symlink(to, in_tree(name)));
}

static void make_tree(void) {
    REQUIRE(!mkdir(in_tree("granted"), 0700) && !mkdir(in_tree("granted/sub"), 0700) && !mkdir(in_tree("outside"), 0700) &&
            !mkdir(in_tree("outside/sub"), 0700) && !mkdir(in_tree("granted/swap"), 0700));
    make_file("secret", SECRET);
    make_file("outside/file", SECRET);
    make_file("outside/sub/file", SECRET);
    make_file("granted/file", CONTENT);
    make_file("granted/sub/file", CONTENT);
    make_file("granted/swap/file", CONTENT);
    make_link("../secret", "granted/relative");
    make_link(in_tree("secret"), "granted/absolute");
    make_link("/", "granted/root");
    make_link("..", "granted/up");
    make_link("../outside", "granted/sideways");
    make_link("/proc/self/mem", "granted/mem");
    make_link("/proc/self/exe", "granted/exe");
    make_link("/proc/self/fd", "granted/fds");
    make_link("/proc/self/root", "granted/procroot");
    make_link("/proc/self/cwd", "granted/cwd");
    make_link("/dev/stdin", "granted/stdin");
    make_link("/dev/mem", "granted/devmem");
    make_link("loop2", "granted/loop1");
    make_link("loop1", "granted/loop2");
    make_link("sub/../../secret", "granted/twisted");
    make_link("relative", "granted/chain");
    REQUIRE(!mkfifo(in_tree("granted/fifo"), 0600));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char here[PATH_MAX];
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "granted/socket"};
    REQUIRE(getcwd(here, sizeof(here)) && !chdir(top) && !bind(fd, (struct sockaddr *)&address, sizeof(address)) && !chdir(here));
    close(fd);
    /* Only root can; without, the names do not exist, and that is an answer too. */
    (void)!mknod(in_tree("granted/null"), S_IFCHR | 0600, makedev(1, 3));
    (void)!mknod(in_tree("granted/memory"), S_IFCHR | 0600, makedev(1, 1));
    (void)!mknod(in_tree("granted/disk"), S_IFBLK | 0600, makedev(7, 0));
}

/* The first bytes of what descriptor fd of the guest leads to. */
static bool leads_to(int64_t fd, const char *content) {
    char found[64] = "";
    bh_address at = text(guest, found);
    int64_t got = guest_call6(guest, SYS_pread64, (uint64_t)fd, at, sizeof(found) - 1, 0, 0, 0);
    return got == (int64_t)strlen(content) && !bh_copy_out(guest, found, at, (size_t)got) && !memcmp(found, content, (size_t)got);
}

static int64_t guest_open(const char *name, uint64_t flags) {
    return guest_call(guest, SYS_open, text(guest, name), flags, 0600);
}

static const char *const names[] = {
    "/data/relative", "/data/absolute", "/data/root/etc/passwd", "/data/up/secret", "/data/sideways/file", "/data/mem", "/data/exe",
    "/data/fds/0", "/data/procroot/etc/passwd", "/data/cwd/secret", "/data/stdin", "/data/devmem", "/data/loop1", "/data/twisted",
    "/data/chain", "/data/fifo", "/data/socket", "/data/null", "/data/memory", "/data/disk", "/data/../secret",
    "/data/sub/../../secret", "/data/./../secret", "/data//..//secret", "/data/sub/../sub/../../secret", "/data/file/../../secret",
    "/data/up/up/up", "/data/up/granted/../secret", "/secret", "/etc/passwd", "/proc/self/mem", "/proc/self/exe",
    "/proc/self/fd/0", "/proc/self/root/etc/passwd", "/proc/thread-self/mem", "/dev/kmsg", "/dev/mem", "/dev/fd/200", "/sys/kernel",
    "//secret", "/../secret", "/../../../../etc/passwd", "secret", "../secret", "/data/nothing/../../secret", "/data\xff/../../secret"};

#define REFUSED(call)                                                                                                          \
    do {                                                                                                                       \
        int64_t got_ = (call);                                                                                                 \
        if (got_ >= 0 || got_ == INT64_MIN) {                                                                                  \
            printf("%s:%d: '%s': %s gives %lld\n", __FILE__, __LINE__, name, #call, (long long)got_);                          \
            failures++;                                                                                                        \
        }                                                                                                                      \
    } while (0)

/* Every call that takes a name, with every name. None may succeed: what these lead to is not the guest's. */
static void test_names(void) {
    for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
        const char *name = names[n];
        uint64_t at = text(guest, name), buffer = text(guest, name) + 16384;
        static const uint64_t flags[] = {O_RDONLY, O_RDWR, O_WRONLY | O_TRUNC, O_RDONLY | O_NONBLOCK, O_RDONLY | O_DIRECTORY, O_RDWR | O_CREAT,
                                         O_PATH, O_RDONLY | O_NOFOLLOW, O_RDWR | O_TMPFILE | O_DIRECTORY, O_RDWR | O_CREAT | O_EXCL};
        for (size_t f = 0; f < sizeof(flags) / sizeof(*flags); f++) {
            REFUSED(guest_call(guest, SYS_open, at, flags[f], 0600));
            REFUSED(guest_call(guest, SYS_openat, (uint64_t)AT_FDCWD, at, flags[f]));
        }
        REFUSED(guest_call(guest, SYS_stat, at, buffer, 0));
        REFUSED(guest_call(guest, SYS_access, at, F_OK, 0));
        REFUSED(guest_call(guest, SYS_truncate, at, 0, 0));
        REFUSED(guest_call(guest, SYS_chmod, at, 0777, 0));
        REFUSED(guest_call(guest, SYS_chown, at, 1000, 1000));
        REFUSED(guest_call(guest, SYS_chdir, at, 0, 0));
        REFUSED(guest_call(guest, SYS_creat, at, 0600, 0));
        REFUSED(guest_call(guest, SYS_utimes, at, 0, 0));
        REFUSED(guest_call(guest, SYS_link, at, text(guest, name), 0));
        REFUSED(guest_call(guest, SYS_symlink, at, at, 0));
        REFUSED(guest_call(guest, SYS_execve, at, 0, 0));
        REFUSED(guest_call(guest, SYS_mknod, at, S_IFCHR | 0600, 0x101));
        if (strncmp(name, "/data/", 6) || strstr(name, "..") || strchr(name + 6, '/')) {
            REFUSED(guest_call(guest, SYS_mkdir, at, 0700, 0));
            REFUSED(guest_call(guest, SYS_rmdir, at, 0, 0));
            REFUSED(guest_call(guest, SYS_unlink, at, 0, 0));
            REFUSED(guest_call(guest, SYS_rename, at, at, 0));
            REFUSED(guest_call(guest, SYS_readlink, at, buffer, 100));
        }
    }
    CHECK(refusals > 100);
    /* What the guest may have, for comparison: the test would find out if everything were refused. */
    int64_t fd = guest_open("/data/sub/../file", O_RDONLY);
    CHECK(fd >= 0 && leads_to(fd, CONTENT) && !guest_call(guest, SYS_close, (uint64_t)fd, 0, 0));
}

/* What lies above the grant is the guest's own root, in which nothing but the grant is; and a link may be looked at, not used. */
static void test_above(void) {
    static const char *const above[] = {"/data/..", "/data/up", "/", "/data/sub/../../", "/data/up/../..", "/data/root"};
    uint64_t buffer = text(guest, "") + 16384;
    for (size_t n = 0; n < sizeof(above) / sizeof(*above); n++) {
        const char *name = above[n];
        char found[200];
        REFUSED(guest_open(name, O_RDWR));
        REFUSED(guest_open(name, O_WRONLY | O_CREAT));
        REFUSED(guest_call(guest, SYS_chmod, text(guest, name), 0777, 0));
        REFUSED(guest_call(guest, SYS_chown, text(guest, name), 1000, 1000));
        REFUSED(guest_call(guest, SYS_utimes, text(guest, name), 0, 0));
        REFUSED(guest_call(guest, SYS_rmdir, text(guest, name), 0, 0));
        int64_t fd = guest_open(name, O_RDONLY | O_DIRECTORY);
        CHECK(guest_call(guest, SYS_getdents64, (uint64_t)fd, buffer, 200) == 24 + 24 + 24);
        CHECK(!bh_copy_out(guest, found, buffer, 72) && !strcmp(found + 19, ".") && !strcmp(found + 43, "..") && !strcmp(found + 67, "data"));
        REFUSED(guest_call(guest, SYS_openat, (uint64_t)fd, text(guest, "secret"), O_RDONLY));
        REFUSED(guest_call(guest, SYS_openat, (uint64_t)fd, text(guest, "outside/file"), O_RDONLY));
        REFUSED(guest_call(guest, SYS_openat, (uint64_t)fd, text(guest, "../secret"), O_RDONLY));
        REFUSED(guest_call(guest, SYS_mkdirat, (uint64_t)fd, text(guest, "new"), 0700));
        int64_t inside = guest_call(guest, SYS_openat, (uint64_t)fd, text(guest, "data/file"), O_RDONLY);
        CHECK(leads_to(inside, CONTENT) && !guest_call(guest, SYS_close, (uint64_t)inside, 0, 0));
        CHECK(!guest_call(guest, SYS_close, (uint64_t)fd, 0, 0));
    }
    static const char *const links[] = {"/data/relative", "/data/absolute", "/data/mem", "/data/up", "/data/root", "/data/loop1"};
    for (size_t n = 0; n < sizeof(links) / sizeof(*links); n++) {
        const char *name = links[n];
        uint64_t fd = (uint64_t)guest_open(name, O_PATH | O_NOFOLLOW);
        CHECK(guest_call(guest, SYS_readlinkat, fd, text(guest, ""), buffer) < 0); /* no room */
        CHECK(guest_call6(guest, SYS_readlinkat, fd, text(guest, ""), buffer, 100, 0, 0) > 0);
        REFUSED(guest_call(guest, SYS_read, fd, buffer, 10));
        REFUSED(guest_call(guest, SYS_openat, fd, text(guest, "secret"), O_RDONLY));
        REFUSED(guest_call(guest, SYS_openat, fd, text(guest, "."), O_RDONLY));
        REFUSED(guest_call(guest, SYS_fchdir, fd, 0, 0));
        REFUSED(guest_call(guest, SYS_fchmod, fd, 0777, 0));
        REFUSED(guest_call6(guest, SYS_mmap, 0, 4096, PROT_READ, MAP_PRIVATE, fd, 0));
        CHECK(!guest_call(guest, SYS_close, fd, 0, 0));
    }
}

/* Names that are no good string. */
static void test_bad_names(void) {
    static char name[9000];
    bh_address base = bh_instance_base(guest);
    memset(name, 'a', 8000);
    name[8000] = 0;
    CHECK(guest_open(name, O_RDONLY) == -ENAMETOOLONG);
    for (int n = 0; n < 4000; n++)
        memcpy(name + 2 * n, "./", 3);
    CHECK(guest_open(name, O_RDONLY) == -ENAMETOOLONG);
    memcpy(name, "/data", 5);
    for (int n = 0; n < 1360; n++)
        memcpy(name + 5 + 3 * n, "/..", 4);
    CHECK(guest_open(name, O_RDWR) == -EISDIR);
    strcpy(name + 5 + 3 * 1360, "/x");
    CHECK(guest_open(name, O_RDONLY) == -ENOENT);
    memset(name, '/', 4000);
    memcpy(name + 4000, "secret", 7);
    CHECK(guest_open(name, O_RDONLY) < 0);
    memset(name, 'b', 300);
    memcpy(name, "/data/", 6);
    name[300] = 0;
    CHECK(guest_open(name, O_RDONLY) == -ENAMETOOLONG);
    /* A working directory, and a name relative to it, that together are too long. */
    memcpy(name, "/data", 5);
    for (int n = 0; n < 2000; n++)
        memcpy(name + 5 + 2 * n, "/.", 3);
    CHECK(guest_call(guest, SYS_chdir, text(guest, name), 0, 0) == 0);
    CHECK(guest_call(guest, SYS_chdir, text(guest, "/data/sub"), 0, 0) == 0);
    memset(name, 'c', 4090);
    for (int n = 0; n < 4090; n += 200)
        name[n] = '/';
    memcpy(name, "cc", 2);
    name[4090] = 0;
    CHECK(guest_open(name, O_RDONLY) < 0);
    CHECK(guest_call(guest, SYS_chdir, text(guest, "/data"), 0, 0) == 0);
    CHECK(guest_open("", O_RDONLY) == -ENOENT);
    /* No NUL before the guest's memory ends, and names that begin outside it. */
    bh_address last = base + BH_SLOT_SIZE - BH_TAIL_GUARD_SIZE - 4096;
    CHECK(guest_call6(guest, SYS_mmap, last, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, UINT64_MAX, 0) == (int64_t)last);
    memset(name, 'a', 4096);
    CHECK(!bh_copy_in(guest, last, name, 4096));
    CHECK(guest_call(guest, SYS_open, last + 4000, O_RDONLY, 0) == -EFAULT);
    CHECK(guest_call(guest, SYS_open, last, O_RDONLY, 0) < 0);
    CHECK(guest_call(guest, SYS_stat, last + 4095, last, 0) == -EFAULT);
    const uint64_t outside[] = {0, 1, base - 1, base, base + BH_SLOT_SIZE - 1, base + BH_SLOT_SIZE, UINT64_MAX, (uint64_t)1 << 63, (uint64_t)(uintptr_t)SECRET};
    for (size_t n = 0; n < sizeof(outside) / sizeof(*outside); n++)
        CHECK(guest_call(guest, SYS_open, outside[n], O_RDONLY, 0) == -EFAULT);
    CHECK(!guest_call(guest, SYS_munmap, last, 4096, 0));
}

/* Descriptors: only the guest's own count, and none is a way up. */
static void test_descriptors(void) {
    int host = open(in_tree("secret"), O_RDONLY | O_CLOEXEC), directory = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    REQUIRE(host >= 0 && directory >= 0);
    int64_t sub = guest_open("/data/sub", O_RDONLY | O_DIRECTORY), file = guest_open("/data/file", O_RDWR);
    CHECK(sub == 0 && file == 1);
    uint64_t buffer = text(guest, "") + 16384;
    for (uint64_t fd = 2; fd < 1100; fd++) {
        CHECK(guest_call(guest, SYS_read, fd, buffer, 16) == -EBADF);
        if (fd % 50 == (uint64_t)host % 50)
            CHECK(guest_call(guest, SYS_openat, fd, text(guest, "secret"), O_RDONLY) == -EBADF);
    }
    CHECK(guest_call(guest, SYS_openat, (uint64_t)directory, text(guest, "secret"), O_RDONLY) == -EBADF);
    CHECK(guest_call(guest, SYS_fchdir, (uint64_t)directory, 0, 0) == -EBADF);
    static const uint64_t odd[] = {UINT64_MAX, (uint64_t)-2, INT32_MAX, (uint64_t)INT32_MIN, 1024, UINT32_MAX, (uint64_t)1 << 32 | 3};
    for (size_t n = 0; n < sizeof(odd) / sizeof(*odd); n++) {
        CHECK(guest_call(guest, SYS_read, odd[n], buffer, 16) == -EBADF);
        CHECK(guest_call(guest, SYS_dup2, 1, odd[n], 0) < 0 || odd[n] >> 32);
        CHECK(guest_call(guest, SYS_fcntl, 1, F_DUPFD, odd[n]) < 0 || odd[n] >> 32);
    }
    CHECK(!guest_call(guest, SYS_close, 3, 0, 0) && !guest_call(guest, SYS_close, 4, 0, 0));
    /* A directory's descriptor with every name that could lead up or elsewhere. */
    static const char *const up[] = {"..", "../..", "../../secret", "../up/secret", "../relative", "../../outside/file", "../fifo", "/secret",
                                     "/etc/passwd", "/proc/self/mem", "../root/etc/passwd"};
    for (size_t n = 0; n < sizeof(up) / sizeof(*up); n++) {
        const char *name = up[n];
        if (strcmp(name, "..") && strcmp(name, "../..")) {
            REFUSED(guest_call(guest, SYS_openat, (uint64_t)sub, text(guest, name), O_RDONLY));
            REFUSED(guest_call(guest, SYS_newfstatat, (uint64_t)sub, text(guest, name), buffer));
            REFUSED(guest_call6(guest, SYS_statx, (uint64_t)sub, text(guest, name), 0, STATX_BASIC_STATS, buffer, 0));
        }
        if (!strcmp(name, "../relative") || !strcmp(name, "../fifo"))
            continue; /* these names themselves are the guest's to remove, though not to follow */
        REFUSED(guest_call6(guest, SYS_unlinkat, (uint64_t)sub, text(guest, name), 0, 0, 0, 0));
        REFUSED(guest_call(guest, SYS_mkdirat, (uint64_t)sub, text(guest, name), 0700));
        REFUSED(guest_call6(guest, SYS_linkat, (uint64_t)sub, text(guest, name), (uint64_t)sub, text(guest, name), 0x400, 0));
        REFUSED(guest_call6(guest, SYS_renameat, (uint64_t)sub, text(guest, name), (uint64_t)sub, text(guest, name), 0, 0));
    }
    CHECK(guest_call(guest, SYS_openat, (uint64_t)file, text(guest, "file"), O_RDONLY) == -ENOTDIR);
    /* Nor is one of the host's a place to copy from or to. */
    CHECK(guest_call6(guest, SYS_sendfile, (uint64_t)file, (uint64_t)host, 0, 16, 0, 0) == -EBADF);
    CHECK(guest_call6(guest, SYS_sendfile, (uint64_t)directory, (uint64_t)file, 0, 16, 0, 0) == -EBADF);
    CHECK(guest_call6(guest, SYS_copy_file_range, (uint64_t)host, 0, (uint64_t)file, 0, 16, 0) == -EBADF);
    CHECK(guest_call6(guest, SYS_copy_file_range, (uint64_t)file, 0, (uint64_t)directory, 0, 16, 0) == -EBADF);
    CHECK(guest_call6(guest, SYS_splice, (uint64_t)file, 0, (uint64_t)host, 0, 16, 0) == -EBADF);
    CHECK(guest_call6(guest, SYS_splice, (uint64_t)file, 0, (uint64_t)file, 0, 16, 0) == -EINVAL);
    /* What the system calls that the guest does not have would do with a descriptor. */
    static const long none[] = {SYS_openat2, SYS_open_by_handle_at, SYS_name_to_handle_at, SYS_vmsplice, SYS_pidfd_getfd,
                                SYS_mount, SYS_open_tree, SYS_execveat, SYS_inotify_init, SYS_fanotify_init};
    for (size_t n = 0; n < sizeof(none) / sizeof(*none); n++)
        CHECK(guest_call(guest, none[n], (uint64_t)file, (uint64_t)sub, 0) == -ENOSYS);
    CHECK(!guest_call(guest, SYS_close, (uint64_t)sub, 0, 0) && !guest_call(guest, SYS_close, (uint64_t)file, 0, 0));
    close(host);
    close(directory);
}

/* A second name of a file, made by the host, is inside: the guest gets it, as it gets all that the host puts there. */
static void test_hard_links(void) {
    REQUIRE(!link(in_tree("outside/file"), in_tree("granted/hard")));
    int64_t fd = guest_open("/data/hard", O_RDONLY);
    CHECK(fd >= 0 && leads_to(fd, SECRET) && !guest_call(guest, SYS_close, (uint64_t)fd, 0, 0));
    REQUIRE(!unlink(in_tree("granted/hard")));
    CHECK(guest_call(guest, SYS_link, text(guest, "/data/relative"), text(guest, "/data/new"), 0) == -EPERM);
}

/* ---- Races ---- */

static atomic_bool stop;
static atomic_uint changes;

static void exchange(const char *a, const char *b) {
    REQUIRE(!syscall(SYS_renameat2, AT_FDCWD, in_tree(a), AT_FDCWD, in_tree(b), 2 /* RENAME_EXCHANGE */));
    changes++;
}

static void *swap_entries(void *argument) {
    while (!stop) {
        /* A directory becomes a link that leads out, and a file a link to the secret; and back. */
        exchange("granted/swap", "granted/sideways");
        exchange("granted/file", "granted/relative");
        exchange("granted/swap", "granted/sideways");
        exchange("granted/file", "granted/relative");
    }
    return argument;
}

static void *move_directories(void *argument) {
    while (!stop) {
        /* The granted directory itself, and one beneath it, leave and come back. */
        REQUIRE(!rename(in_tree("granted/sub"), in_tree("moved-sub")) && !rename(in_tree("moved-sub"), in_tree("granted/sub")));
        REQUIRE(!rename(in_tree("granted"), in_tree("moved")) && !rename(in_tree("moved"), in_tree("granted")));
        changes++;
    }
    return argument;
}

static void *rewrite_name(void *argument) {
    bh_address at = *(bh_address *)argument;
    for (unsigned n = 0; !stop; n++) {
        /* Between two names of one length, in small pieces and at once. */
        bh_copy_in(guest, at, n % 2 ? "/data/file\0" : "/data/../secret", 16);
        bh_copy_in(guest, at + 6, n % 3 ? "file" : "../s", 4);
        changes++;
    }
    return NULL;
}

static void race(void *(*change)(void *), const char *const *wanted, unsigned count, bool rewritten) {
    pthread_t thread;
    bh_address at = text(guest, "/data/file");
    unsigned opened = 0, refused = 0;
    stop = false;
    changes = 0;
    pthread_create(&thread, NULL, change, &at);
    /* Until both sides have done enough; the other one may be slow to start. */
    for (unsigned n = 0; n < ROUNDS || changes < 200 || !opened || !refused; n++) {
        if (n == 100 * ROUNDS)
            break;
        if (!rewritten)
            text(guest, wanted[n % count]);
        int64_t fd = guest_call(guest, SYS_open, at, O_RDONLY, 0);
        if (fd < 0) {
            refused++;
            continue;
        }
        opened++;
        char found[32] = "";
        int64_t got = guest_call6(guest, SYS_pread64, (uint64_t)fd, at + 64, sizeof(found) - 1, 0, 0, 0);
        CHECK(got == -EISDIR || (got >= 0 && !bh_copy_out(guest, found, at + 64, (size_t)got) && !memcmp(found, CONTENT, (size_t)got)));
        CHECK(!guest_call(guest, SYS_close, (uint64_t)fd, 0, 0));
    }
    stop = true;
    pthread_join(thread, NULL);
    printf("%u opened, %u refused, %u changes\n", opened, refused, changes);
    CHECK(opened && refused && changes >= 200);
}

static void test_races(void) {
    static const char *const swapped[] = {"/data/swap/file", "/data/file", "/data/sideways/file", "/data/relative"};
    race(swap_entries, swapped, 4, false);
    static const char *const moved[] = {"/data/sub/../file", "/data/sub/../../secret", "/data/sub/../up/secret", "/data/sub/file"};
    race(move_directories, moved, 4, false);
    race(rewrite_name, NULL, 0, true);
}

/* Every descriptor of this process, so that a leak shows. */
static unsigned count_descriptors(void) {
    unsigned count = 0;
    for (int fd = 0; fd < 2000; fd++)
        count += fcntl(fd, F_GETFD) != -1;
    return count;
}

static bool unchanged(const char *name) {
    char found[64] = "";
    int fd = open(in_tree(name), O_RDONLY | O_CLOEXEC);
    ssize_t got = read(fd, found, sizeof(found));
    struct stat info;
    bool good = got == (ssize_t)strlen(SECRET) && !memcmp(found, SECRET, strlen(SECRET)) && !fstat(fd, &info) && (info.st_mode & 0777) == 0600;
    close(fd);
    return good;
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    top = argv[2];
    make_tree();
    open_module(argv[1], 1);
    bh_policy *policy;
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_grant_directory(policy, in_tree("granted"), "/data", BH_READ_WRITE) &&
            !bh_policy_set_log(policy, on_refused, NULL));
    guest = new_instance(policy);
    bh_policy_destroy(policy);
    unsigned descriptors = count_descriptors();
    test_names();
    test_above();
    test_bad_names();
    test_descriptors();
    test_hard_links();
    test_races();
    CHECK(count_descriptors() == descriptors);
    CHECK(unchanged("secret") && unchanged("outside/file") && unchanged("outside/sub/file"));
    CHECK(!bh_instance_destroy(guest));
    close_module();
    printf(failures ? "%d checks failed\n" : "ok\n", failures);
    return failures != 0;
}
