/* twin TOP SEED COUNT: COUNT random calls about files in the directory TOP, each with what came of it, a line each.
 * Built for the guest and for the host it says the same of twin directories; where it may not, the table `differences`
 * says why. `twin make DIRECTORY TOP` makes one.
 *
 * What is above TOP is looked at, but not changed: the host's own has more in it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#define FILES 12
#define NOREPLACE 1

#ifdef __bulkhead__
enum { GUEST = 1 };
#else
enum { GUEST = 0 };
#endif

/* Calls that a guest is refused whatever the arguments: there the host's program says so without asking. */
static const struct {
    const char *call;
    int error;
    const char *why;
} differences[] = {
    {"symlink", EPERM, "a link that a guest makes may lead programs of the host elsewhere"},
    {"link", EPERM, "a file would keep a name that can be written when its directory is granted read-only some day"},
};

static const char *top;
static struct stat top_info;
static uint64_t state;
static int file[FILES];
static unsigned number;

static unsigned pick(unsigned most) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state * 0x2545f4914f6cdd1dU) >> 33) % most;
}

/* ---- Names ---- */

static void random_name(char *to, bool last) {
    static const char *const names[] = {"a",  "b",     "c",    "d",        "e",        "f",     "to-a", "to-f",
                                        "up", "above", "loop", "dangling", "absolute", "chain", "out"};
    unsigned kind = pick(100);
    if (kind < 62)
        strcpy(to, names[pick(6)]);
    else if (kind < 76)
        strcpy(to, names[pick(15)]);
    else if (kind < 84)
        strcpy(to, ".");
    else if (kind < 98 || !last)
        strcpy(to, "..");
    else
        memset(to, 'x', 254), strcpy(to + 254, kind == 98 ? "x" : "xx");
}

static void random_path(char path[PATH_MAX + 100]) {
    unsigned kind = pick(200);
    *path = 0;
    if (kind == 0)
        return;
    if (kind == 1) { /* about as long as may be */
        for (int n = 0; n < 1022; n++)
            strcpy(path + 4 * n, "a/..");
        memset(path, '/', 4 * 1000);
        strcpy(
            path + 4 * 1000,
            "a/./b/././././././././././././././././././././././././././././././././././././././././././b///////////");
        path[PATH_MAX - 4 + pick(8)] = 0;
        memcpy(path, ".", 1);
        return;
    }
    if (kind < 30)
        strcpy(path, top), strcat(path, kind < 25 ? "/" : kind < 27 ? "/../top/" : kind < 29 ? "" : "//.//");
    else if (kind == 30)
        strcpy(path, "/");
    for (unsigned n = 0, count = 1 + (pick(2) ? 0 : pick(5)); n < count; n++) {
        random_name(path + strlen(path), n + 1 == count);
        if (n + 1 < count)
            strcat(path, pick(20) ? "/" : "//");
    }
    kind = pick(24);
    strcat(path, kind < 3 ? "/" : kind == 3 ? "//" : kind == 4 ? "/." : kind == 5 ? "/.." : kind == 6 ? "/./" : "");
}

/* Whoever is not root has to be able to search the directories between a name's beginning and TOP. */
static mode_t random_mode(void) {
    return pick(2) ? 0755 : pick(01000) | 0100;
}

static int random_file(void) {
    for (unsigned n = 0; n < FILES; n++) {
        int fd = file[pick(FILES)];
        if (fd >= 0)
            return fd;
    }
    return pick(2) ? -1 : (int)pick(20) + 900;
}

static int random_base(void) {
    return pick(2) ? AT_FDCWD : random_file();
}

/* ---- Inside or above ---- */

static bool same(const struct stat *a, const struct stat *b) {
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whether the directory lies in TOP, by what is above it. Closes it. */
static bool inside(int at) {
    struct stat info, above;
    bool found = false;
    if (at < 0 || fstat(at, &info))
        return false;
    while (!(found = same(&info, &top_info))) {
        int next = openat(at, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
        close(at);
        at = next;
        if (at < 0 || fstat(at, &above) || same(&above, &info))
            break;
        info = above;
    }
    if (at >= 0)
        close(at);
    return found;
}

/* Whether a change by this path is a change in TOP, or fails before it could be one. */
static bool changes_inside(int base, const char *path) {
    char parent[PATH_MAX + 100];
    strcpy(parent, path);
    size_t length = strlen(parent);
    while (length && parent[length - 1] == '/')
        length--;
    while (length && parent[length - 1] != '/')
        length--;
    parent[length] = 0;
    int at = openat(base, *parent ? parent : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return at < 0 || inside(at);
}

static bool directory_inside(int base, const char *path, int flags) {
    return inside(openat(base, *path ? path : ".",
                         O_PATH | O_DIRECTORY | O_CLOEXEC | (flags & AT_SYMLINK_NOFOLLOW ? O_NOFOLLOW : 0)));
}

/* ---- What came of it ---- */

static void say(const char *call, long result) {
    if (result < 0)
        printf("%u %s: error %d\n", number, call, errno);
    else
        printf("%u %s: %ld\n", number, call, result);
}

static void say_stat(const char *call, long result, const struct stat *info, bool is_inside) {
    if (result || (S_ISDIR(info->st_mode) && !is_inside)) {
        say(call, result);
        return;
    }
    printf("%u %s: mode %o, links %u", number, call, (unsigned)info->st_mode, (unsigned)info->st_nlink);
    if (!S_ISDIR(info->st_mode))
        printf(", size %lld", (long long)info->st_size);
    if (info->st_mtime < 1000000)
        printf(", time %lld.%09ld", (long long)info->st_mtime, (long)info->st_mtim.tv_nsec);
    printf(", %s\n", info->st_uid == getuid() && info->st_gid == getgid() ? "own" : "other's");
}

static bool is_refused(const char *call) {
    for (size_t n = 0; n < sizeof(differences) / sizeof(*differences); n++)
        if (!strcmp(differences[n].call, call)) {
            errno = differences[n].error;
            return true;
        }
    return false;
}

/* ---- Calls ---- */

static void keep(int fd) {
    if (fd < 0)
        return;
    unsigned at = pick(FILES);
    if (file[at] >= 0)
        close(file[at]);
    file[at] = fd;
}

static void do_open(int base, const char *path) {
    bool plain = pick(2); /* a directory to begin names at, mostly */
    static const int some[] = {O_CREAT,    O_EXCL,     O_TRUNC, O_APPEND,  O_DIRECTORY,
                               O_NOFOLLOW, O_NONBLOCK, O_SYNC,  O_CLOEXEC, O_PATH};
    int flags = (int)pick(3);
    for (size_t n = 0; n < sizeof(some) / sizeof(*some); n++)
        flags |= pick(plain ? 20 : 4) ? 0 : some[n];
    if (plain)
        flags &= ~3; /* musl counts O_PATH to O_ACCMODE */
    if (flags & O_PATH && pick(2))
        flags &= ~O_PATH;
    mode_t mode = random_mode();
    if (strlen(path) > NAME_MAX) /* in a removed directory the kernel does not see how long it is */
        flags &= ~O_CREAT;
    if ((flags & O_EXCL) && !(flags & O_CREAT)) /* has no meaning */
        flags &= ~O_EXCL;
    if ((flags & (O_CREAT | O_PATH)) == O_CREAT && !changes_inside(base, path)) {
        say("open above", 0);
        return;
    }
    int fd = (int)syscall(SYS_openat, base, path, flags, mode);
    printf("%o ", (unsigned)flags);
    say("open", fd);
    keep(fd);
}

static void do_change(int base, const char *path) {
    unsigned kind = pick(9);
    if (!changes_inside(base, path)) {
        say("above", 0);
    } else if (kind < 7) {
        say("mkdir", syscall(SYS_mkdirat, base, path, random_mode()));
    } else if (kind == 7) {
        say("rmdir", syscall(SYS_unlinkat, base, path, AT_REMOVEDIR));
    } else {
        say("unlink", syscall(SYS_unlinkat, base, path, pick(50) ? 0 : (int)pick(1024)));
    }
}

static void do_rename(int base, const char *path) {
    char to[PATH_MAX + 100];
    int to_base = pick(2) ? base : random_base();
    random_path(to);
    printf("to %s ", to);
    if (!changes_inside(base, path) || !changes_inside(to_base, to))
        say("rename above", 0);
    else
        say("rename", syscall(SYS_renameat2, base, path, to_base, to, pick(4) ? 0 : NOREPLACE));
}

static void do_link(int base, const char *path) {
    char to[PATH_MAX + 100];
    random_path(to);
    bool hard = pick(2);
    const char *call = hard ? "link" : "symlink";
    if (!GUEST && is_refused(call))
        say(call, -1);
    else
        say(call, hard ? syscall(SYS_linkat, base, path, AT_FDCWD, to, 0) : syscall(SYS_symlinkat, path, base, to));
}

struct kernel_statx { /* which not every C library has */
    uint32_t mask, block_size;
    uint64_t attributes;
    uint32_t links, user, group;
    uint16_t mode, pad;
    uint64_t inode, size, blocks, attributes_mask;
    struct {
        int64_t seconds;
        uint32_t nanoseconds, pad;
    } accessed, born, changed, modified;
    uint64_t rest[16];
};

static long look_at(int base, const char *path, int flags, struct stat *info) {
    struct kernel_statx told;
    if (pick(2))
        return syscall(SYS_newfstatat, base, path, info, flags);
    unsigned mask = 0x7ff | (pick(20) ? 0 : pick(0x1000)) | (pick(20) ? 0 : 0x80000000);
    long result = syscall(SYS_statx, base, path, flags | (pick(8) ? 0 : (int)pick(4) << 13), mask, &told);
    if (result)
        return result;
    *info = (struct stat){.st_mode = told.mode, .st_nlink = told.links, .st_uid = told.user, .st_gid = told.group};
    info->st_size = (off_t)told.size;
    info->st_mtim = (struct timespec){(time_t)told.modified.seconds, told.modified.nanoseconds};
    return 0;
}

static void do_look(int base, const char *path) {
    struct stat info;
    unsigned kind = pick(8);
    char target[300];
    if (kind < 5) {
        int flags = kind == 4 ? (int)pick(0x1000) & ~0x800
                              : (pick(2) ? AT_SYMLINK_NOFOLLOW : 0) | (pick(3) ? 0 : AT_EMPTY_PATH);
        if (!pick(8))
            path = "";
        long result = look_at(base, path, flags, &info);
        printf("%x ", (unsigned)flags);
        say_stat("stat", result, &info, !result && S_ISDIR(info.st_mode) && directory_inside(base, path, flags));
    } else if (kind < 7) {
        int mode = (int)pick(pick(20) ? 8 : 16),
            flags = pick(30) ? (pick(3) ? 0 : AT_SYMLINK_NOFOLLOW) | (pick(3) ? 0 : AT_EACCESS) : (int)pick(0x2000);
        bool above = (mode & W_OK) && directory_inside(AT_FDCWD, "/", 0) !=
                                          directory_inside(base, path, flags & AT_SYMLINK_NOFOLLOW)
                         ? false
                         : mode & W_OK;
        printf("%d %x ", mode, (unsigned)flags);
        long result = syscall(SYS_faccessat2, base, path, above ? mode & ~W_OK : mode, flags);
        say("access", result);
    } else {
        long length = syscall(SYS_readlinkat, base, path, target, pick(5) ? sizeof(target) : pick(3) - 1);
        if (length > 0)
            printf("%.*s ", (int)length, target);
        say("readlink", length);
    }
}

static void do_attributes(int base, const char *path) {
    unsigned kind = pick(4);
    int flags = pick(3) ? 0 : AT_SYMLINK_NOFOLLOW;
    if (pick(10) == 0)
        flags |= AT_EMPTY_PATH, path = pick(2) ? "" : path;
    if (!changes_inside(base, path) || (directory_inside(AT_FDCWD, "/", 0) == directory_inside(base, path, flags))) {
        struct stat info; /* a file, a link, nothing, or a directory above */
        if (syscall(SYS_newfstatat, base, path, &info, flags) || S_ISDIR(info.st_mode)) {
            say("attributes above or of nothing", 0);
            return;
        }
    }
    if (kind == 0) {
        say("chmod", syscall(SYS_fchmodat2, base, path, random_mode(), flags));
    } else if (kind == 1) {
        say("chown",
            syscall(SYS_fchownat, base, path, pick(2) ? getuid() : (uid_t)-1, pick(2) ? getgid() : (gid_t)-1, flags));
    } else if (kind == 2) {
        struct timespec times[2] = {{pick(1000), pick(1000)}, {pick(1000), pick(1000)}};
        if (!pick(4))
            times[pick(2)].tv_nsec = pick(2) ? UTIME_OMIT : pick(2) ? UTIME_NOW : 1000000000;
        say("utimensat", syscall(SYS_utimensat, base, path, times, flags));
    } else if (base == AT_FDCWD) {
        say("truncate", syscall(SYS_truncate, path, pick(10) ? (long)pick(10000) : -1L));
    }
}

static void do_directory(int base, const char *path) {
    char name[PATH_MAX];
    unsigned kind = pick(4);
    if (kind == 0) {
        say("chdir", syscall(SYS_chdir, path));
    } else if (kind == 1) {
        say("fchdir", syscall(SYS_fchdir, base));
    } else if (kind == 2) {
        say("chdir", syscall(SYS_chdir, top));
    } else {
        long length = syscall(SYS_getcwd, name, pick(4) ? sizeof(name) : strlen(top) + pick(3));
        if (length > 0)
            printf("%s ", name);
        say("getcwd", length);
    }
}

static int compare(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* All the names, sorted. */
static void do_list(void) {
    static char bytes[1 << 16];
    static const char *names[2000];
    size_t count = 0, used = 0;
    int fd = random_file();
    bool above = fd >= 0 && !inside(openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    long size;
    size_t piece = pick(2) ? 1024 : sizeof(bytes) / 2;
    if (!pick(3))
        say("lseek", syscall(SYS_lseek, fd, 0, SEEK_SET));
    while ((size = syscall(SYS_getdents64, fd, bytes + used, piece)) > 0 && used < sizeof(bytes) / 2) {
        for (long at = 0; at < size; at += *(uint16_t *)(void *)(bytes + used + at + 16))
            names[count++] = bytes + used + at + 19;
        used += (size_t)size;
    }
    qsort(names, count, sizeof(*names), compare);
    for (size_t n = 0; n < count && !above; n++)
        printf("%s ", names[n]);
    if (!above || !size)
        say("getdents", size);
}

static void do_file(void) {
    char bytes[100];
    struct stat info;
    int fd = random_file();
    unsigned kind = pick(11);
    static const struct timespec times[2] = {{7, 7}, {8, 8}};
    bool above = fd >= 0 && (kind == 0 || kind > 5) && !fstat(fd, &info) && S_ISDIR(info.st_mode) &&
                 !inside(openat(fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC));
    memset(bytes, 'a' + (int)pick(26), sizeof(bytes));
    if (above) {
        say("descriptor above", 0);
    } else if (kind == 0) {
        say("read", syscall(SYS_read, fd, bytes, pick(100)));
    } else if (kind == 1) {
        say("write", syscall(SYS_write, fd, bytes, pick(100)));
    } else if (kind == 2) {
        if (fstat(fd, &info) || !S_ISDIR(info.st_mode))
            say("lseek", syscall(SYS_lseek, fd, pick(200), (int)pick(3)));
    } else if (kind == 3) {
        say("close", syscall(SYS_close, fd));
        for (unsigned n = 0; n < FILES; n++)
            file[n] = file[n] == fd ? -1 : file[n];
    } else if (kind == 4) {
        int copy = (int)syscall(SYS_fcntl, fd, pick(2) ? F_DUPFD : F_DUPFD_CLOEXEC, pick(20));
        say("dup", copy);
        keep(copy);
    } else if (kind == 5) {
        long flags = syscall(SYS_fcntl, fd, F_GETFL);
        say("fcntl", flags < 0 ? flags : flags & (3 | O_APPEND | O_NONBLOCK));
    } else if (kind == 6) {
        say("ftruncate", syscall(SYS_ftruncate, fd, pick(5000)));
    } else if (kind == 7) {
        say("fchmod", syscall(SYS_fchmod, fd, random_mode()));
    } else if (kind == 8) {
        say("utimensat", syscall(SYS_utimensat, fd, NULL, times, pick(10) ? 0 : AT_SYMLINK_NOFOLLOW));
    } else if (kind == 9) {
        say("umask", syscall(SYS_umask, pick(2) ? 022 : pick(01000) & ~0100U));
    } else {
        long result = pick(2) ? syscall(SYS_fstat, fd, &info) : look_at(fd, "", AT_EMPTY_PATH, &info);
        say_stat("fstat", result, &info, true);
    }
}

static void do_one(void) {
    char path[PATH_MAX + 100];
    unsigned kind = pick(100);
    int base = random_base();
    random_path(path);
    printf("%s %d ", strlen(path) < 600 ? path : "(long)", base);
    if (kind < 25)
        do_open(base, path);
    else if (kind < 42)
        do_change(base, path);
    else if (kind < 52)
        do_rename(base, path);
    else if (kind < 53)
        do_link(base, path);
    else if (kind < 68)
        do_look(base, path);
    else if (kind < 76)
        do_attributes(base, path);
    else if (kind < 84)
        do_directory(base, path);
    else if (kind < 90)
        do_list();
    else
        do_file();
    printf("\n");
}

/* ---- The tree to begin with ---- */

static int make(const char *directory) {
    static const char *const directories[] = {"a", "b", "a/b", "a/b/c", "d"}, *const files[] = {"f", "a/f", "a/b/f",
                                                                                                "d/e"};
    char absolute[PATH_MAX];
    snprintf(absolute, sizeof(absolute), "%s/a/b", top);
    const char *const links[][2] = {{"a", "to-a"},
                                    {"f", "to-f"},
                                    {"..", "a/up"},
                                    {"../..", "above"},
                                    {"loop", "loop"},
                                    {"made", "dangling"},
                                    {absolute, "absolute"},
                                    {"to-a/b/../up/to-f", "chain"},
                                    {"../../nowhere/x", "out"},
                                    {"b/c/../../..", "a/chain"},
                                    {"../../f", "a/b/to-f"},
                                    {"../../d/", "a/b/to-a"},
                                    {"none/", "a/dangling"},
                                    {"/nowhere/x", "d/absolute"}};
    if (chdir(directory))
        return 1;
    for (size_t n = 0; n < sizeof(directories) / sizeof(*directories); n++)
        if (mkdir(directories[n], 0755))
            return 1;
    for (size_t n = 0; n < sizeof(files) / sizeof(*files); n++) {
        int fd = open(files[n], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
        if (fd < 0 || write(fd, files[n], strlen(files[n])) < 0 || close(fd))
            return 1;
    }
    for (size_t n = 0; n < sizeof(links) / sizeof(*links); n++)
        if (symlink(links[n][0], links[n][1]))
            return 1;
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 4)
        return 2;
    if (!strcmp(argv[1], "make")) {
        top = argv[3];
        return make(argv[2]);
    }
    top = argv[1];
    state = strtoull(argv[2], NULL, 0) * 2654435761U + 88172645463325252U;
    unsigned count = (unsigned)strtoul(argv[3], NULL, 0);
    umask(022);
    for (int fd = 3; fd < 256; fd++) /* what the test's shell left open */
        close(fd);
    if (chdir(top) || stat(top, &top_info))
        return perror(top), 1;
    for (unsigned n = 0; n < FILES; n++)
        file[n] = -1;
    for (number = 0; number < count; number++)
        do_one();
    return 0;
}
