/* Directories by what they are: descriptors and the working directory after renames, what lies above a grant, grants
 * inside others, and each kind of name that ends in a slash or in dots: directories-test MODULE DIRECTORY. MODULE is
 * library.S; DIRECTORY is empty. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "syscalls.h"
#include "tree.h"

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

static void begin(const char *const (*grants)[3]) {
    bh_policy *policy;
    REQUIRE(!bh_policy_create(&policy));
    for (; (*grants)[0]; grants++)
        REQUIRE(!bh_policy_grant_directory(policy, in_tree((*grants)[0]), (*grants)[1],
                                           (*grants)[2] ? BH_READ_WRITE : BH_READ_ONLY));
    start_guest(policy);
    bh_policy_destroy(policy);
}

static void end(void) {
    CHECK(!bh_instance_destroy(guest));
}

static int64_t make(int64_t directory, const char *name) {
    int64_t fd = SYS(openat, directory, str(name), O_WRONLY | O_CREAT | O_EXCL, 0644);
    return fd < 0 ? fd : SYS(close, fd);
}

/* The working directory's name. */
#define CWD_IS(wanted) cwd_is(wanted, __LINE__)
static void cwd_is(const char *wanted, int line) {
    char found[PATH_MAX] = "";
    int64_t length = SYS(getcwd, BUFFER, 4096);
    if (length < 0 || bh_copy_out(guest, found, BUFFER, (size_t)length) || strcmp(found, wanted)) {
        printf("line %d: the working directory is '%s' (%lld), not '%s'\n", line, found, (long long)length, wanted);
        failures++;
    }
}

/* The names in a directory, each followed by a space, in the order in which they come. */
#define LIST_IS(name, wanted) list_is(name, wanted, __LINE__)
static void list_is(const char *name, const char *wanted, int line) {
    static char bytes[4096];
    char found[1000] = "";
    int64_t fd = SYS(open, str(name), O_RDONLY | O_DIRECTORY), size;
    while ((size = SYS(getdents64, fd, BUFFER, 64)) > 0) { /* a few at a time */
        CHECK(!bh_copy_out(guest, bytes, BUFFER, (size_t)size));
        for (int64_t at = 0; at < size; at += *(uint16_t *)(void *)(bytes + at + 16))
            snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s ", bytes + at + 19);
    }
    if (fd < 0 || size || strcmp(found, wanted)) {
        printf("line %d: in '%s' (%lld) is '%s' (%lld), not '%s'\n", line, name, (long long)fd, found, (long long)size,
               wanted);
        failures++;
    }
    IS(SYS(close, fd), 0);
}

/* ---- Descriptors and the working directory ---- */

static void test_renamed(void) {
    begin((const char *const[][3]){{"w", "/w", "rw"}, {NULL, NULL, NULL}});
    IS(SYS(mkdir, str("/w/d1"), 0755), 0);
    int64_t fd = SYS(open, str("/w/d1"), O_RDONLY | O_DIRECTORY), path = SYS(open, str("/w/d1"), O_PATH);
    IS(SYS(chdir, str("/w/d1")), 0);
    IS(SYS(rename, str("/w/d1"), str2("/w/d2")), 0);
    IS(SYS(mkdir, str("/w/d1"), 0755), 0);
    IS(make(fd, "file"), 0);
    IS(make(path, "other"), 0);
    IS(make(AT_FDCWD, "third"), 0);
    IS(SYS(access, str("/w/d2/file"), F_OK), 0);
    IS(SYS(access, str("/w/d2/other"), F_OK), 0);
    IS(SYS(access, str("/w/d2/third"), F_OK), 0);
    IS(SYS(access, str("/w/d1/file"), F_OK), -ENOENT);
    CWD_IS("/w/d2");
    /* Further down, and what is above is another directory then. */
    IS(SYS(mkdir, str("/w/d1/deep"), 0755), 0);
    IS(SYS(rename, str("/w/d2"), str2("/w/d1/deep/d3")), 0);
    CWD_IS("/w/d1/deep/d3");
    IS(make(fd, "../in-deep"), 0);
    IS(SYS(access, str("/w/d1/deep/in-deep"), F_OK), 0);
    IS(SYS(access, str("../../deep/d3/../in-deep"), F_OK), 0);
    IS(SYS(access, str("../../../d1/deep/d3/file"), F_OK), 0);
    IS(SYS(rename, str("/w/d1/deep/d3"), str2("/w/d4")), 0);
    CWD_IS("/w/d4");
    IS(SYS(access, str("../d1/deep/in-deep"), F_OK), 0);
    IS(SYS(chdir, str("..")), 0);
    CWD_IS("/w");
    IS(SYS(fchdir, fd), 0);
    CWD_IS("/w/d4");
    IS(SYS(fchdir, path), 0);
    /* A link is where it leads. */
    IS(SYS(chdir, str("/w/link")), 0);
    CWD_IS("/w/a/b");
    IS(SYS(access, str("../mark"), F_OK), 0);
    /* Removed: nothing can be made there, but there is a way out. */
    IS(SYS(mkdir, str("/w/gone"), 0755), 0);
    IS(SYS(chdir, str("/w/gone")), 0);
    IS(SYS(rmdir, str("/w/gone")), 0);
    IS(SYS(getcwd, BUFFER, 4096), -ENOENT);
    IS(make(AT_FDCWD, "file"), -ENOENT);
    IS(SYS(access, str("../a/mark"), F_OK), 0);
    IS(SYS(chdir, str("..")), 0);
    CWD_IS("/w");
    IS(SYS(close, fd), 0);
    IS(SYS(close, path), 0);
    end();
}

/* The host moves a directory, and what the guest has open of it is good for nothing that lies outside. */
static void test_moved_out(void) {
    begin((const char *const[][3]){{"w", "/w", "rw"}, {NULL, NULL, NULL}});
    IS(SYS(mkdir, str("/w/sub"), 0755), 0);
    IS(SYS(mkdir, str("/w/sub/dir"), 0755), 0);
    int64_t fd = SYS(open, str("/w/sub/dir"), O_RDONLY | O_DIRECTORY);
    IS(SYS(chdir, str("/w/sub/dir")), 0);
    IS(make(fd, "before"), 0);
    static const char *const places[] = {"outside/dir", "outside", "dir"};
    REQUIRE(!rename(in_tree("w/sub/dir"), in_tree("outside/dir")));
    static const char *const names[] = {
        "before", ".", "..", "../secret", "../outside/secret", "../../outside/secret", "../../w/a/mark", "sub"};
    for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
        printf("%s\n", names[n]);
        IS(SYS(openat, fd, str(names[n]), O_RDONLY), -EACCES);
        IS(SYS(newfstatat, fd, str(names[n]), BUFFER, 0), -EACCES);
        IS(SYS(stat, str(names[n]), BUFFER), -EACCES);
        IS(SYS(chdir, str(names[n])), -EACCES);
        IS(SYS(truncate, str(names[n]), 0), -EACCES);
        IS(SYS(openat, fd, str(names[n]), O_WRONLY | O_CREAT, 0600), -EACCES);
    }
    IS(SYS(mkdirat, fd, str("new"), 0755), -EACCES);
    IS(SYS(unlinkat, fd, str("before"), 0), -EACCES);
    IS(SYS(renameat, fd, str("before"), fd, str2("after")), -EACCES);
    IS(SYS(renameat, fd, str("before"), AT_FDCWD, str2("/w/after")), -EACCES);
    IS(SYS(getcwd, BUFFER, 4096), -ENOENT);
    IS(SYS(access, str("/w/a/mark"), F_OK), 0);
    /* Back, somewhere else. */
    REQUIRE(!rename(in_tree(places[0]), in_tree("w/back")));
    IS(SYS(faccessat, fd, str("before"), F_OK), 0);
    IS(SYS(faccessat, fd, str("../a/mark"), F_OK), 0);
    CWD_IS("/w/back");
    IS(SYS(close, fd), 0);
    end();
}

/* Into another grant, which then says what the directory is called and whether it may be changed. */
static void test_moved_over(void) {
    static const char *const to[][2] = {{"other/dir", "/o/dir"}, {"ro/dir", "/ro/dir"}};
    begin((const char *const[][3]){{"w", "/w", "rw"}, {"other", "/o", "rw"}, {"ro", "/ro", NULL}, {NULL, NULL, NULL}});
    for (size_t n = 0; n < 2; n++) {
        IS(SYS(mkdir, str("/w/dir"), 0755), 0);
        IS(SYS(chdir, str("/w/dir")), 0);
        REQUIRE(!rename(in_tree("w/dir"), in_tree(to[n][0])));
        CWD_IS(to[n][1]);
        IS(SYS(mkdir, str("sub"), 0755), n ? -EROFS : 0);
        IS(SYS(rmdir, str("sub")), n ? -EROFS : 0);
        REQUIRE(!rmdir(in_tree(to[n][0])));
    }
    end();
}

/* Deeper than the way up has room in a path. */
static void test_deep(void) {
    enum { LEVELS = 1900 };
    char name[2 * LEVELS + 4] = "/w";
    int w = open(in_tree("w"), O_PATH | O_CLOEXEC);
    for (int n = 0; n < LEVELS; n++) {
        strcpy(name + 2 + 2 * n, "/x");
        REQUIRE(!mkdirat(w, name + 3, 0755));
    }
    begin((const char *const[][3]){{"w", "/w", "rw"}, {NULL, NULL, NULL}});
    IS(SYS(chdir, str(name)), 0);
    IS(make(AT_FDCWD, "file"), 0);
    IS(SYS(unlink, str("file")), 0);
    end();
    for (int n = LEVELS; n-- > 0; name[2 + 2 * n] = 0)
        REQUIRE(!unlinkat(w, name + 3, AT_REMOVEDIR));
    close(w);
}

/* ---- Above a grant ---- */

static void test_ancestors(void) {
    struct stat info, root;
    begin((const char *const[][3]){
        {"w", "/usr/local/w", "rw"}, {"ro", "/usr/share", NULL}, {"w", "/usr/local/again", "rw"}, {NULL, NULL, NULL}});
    CWD_IS("/");
    LIST_IS("/", ". .. usr ");
    LIST_IS("/usr", ". .. local share ");
    LIST_IS("/usr/local", ". .. w again ");
    static const char *const above[] = {
        "/", "/usr", "/usr/", "/usr/.", "/usr/local", "/usr/local/w/..", "/usr/local/w/../..", "/../usr", "usr"};
    for (size_t n = 0; n < sizeof(above) / sizeof(*above); n++) {
        const char *name = above[n];
        printf("%s\n", name);
        IS(SYS(stat, str(name), BUFFER), 0);
        CHECK(!bh_copy_out(guest, &info, BUFFER, sizeof(info)) && info.st_mode == (S_IFDIR | 0555) && info.st_ino);
        IS(SYS(access, str(name), R_OK | X_OK), 0);
        IS(SYS(access, str(name), W_OK), -EROFS);
        IS(SYS(readlink, str(name), BUFFER, 100), -EINVAL);
        IS(SYS(open, str(name), O_RDWR), -EISDIR);
        IS(SYS(open, str(name), O_RDONLY | O_TRUNC), -EISDIR);
        IS(SYS(open, str(name), O_RDONLY | O_CREAT), -EISDIR);
        IS(SYS(chmod, str(name), 0700), -EROFS);
        IS(SYS(chown, str(name), 1000, 1000), -EROFS);
        IS(SYS(utimes, str(name), 0), -EROFS);
        IS(SYS(truncate, str(name), 0), -EISDIR);
        IS(SYS(mkdir, str(name), 0755), -EEXIST);
        int64_t fd = SYS(open, str(name), O_RDONLY);
        IS(SYS(fstat, fd, BUFFER + 200), 0);
        CHECK(!bh_copy_out(guest, &root, BUFFER + 200, sizeof(root)) && root.st_ino == info.st_ino &&
              root.st_dev == info.st_dev);
        IS(SYS(newfstatat, fd, str(""), BUFFER, AT_EMPTY_PATH), 0);
        IS(SYS(read, fd, BUFFER, 10), -EISDIR);
        IS(SYS(write, fd, BUFFER, 10), -EBADF);
        IS(SYS(mmap, 0, 4096, PROT_READ, MAP_PRIVATE, fd, 0), -EACCES);
        IS(SYS(ftruncate, fd, 0), -EINVAL);
        IS(SYS(fchmod, fd, 0700), -EROFS);
        IS(SYS(fchown, fd, 1000, 1000), -EROFS);
        IS(SYS(utimensat, fd, 0, 0, 0), -EROFS);
        IS(SYS(fchmodat2, fd, str(""), 0700, AT_EMPTY_PATH), -EROFS);
        IS(SYS(faccessat2, fd, str(""), R_OK, AT_EMPTY_PATH), 0);
        IS(SYS(faccessat2, fd, str(""), W_OK, AT_EMPTY_PATH), -EROFS);
        IS(SYS(getdents64, fd, BUFFER, 10), -EINVAL);
        IS(SYS(getdents64, fd, BUFFER, 24), 24);
        int64_t copy = SYS(dup, fd);
        IS(SYS(getdents64, copy, BUFFER, 24), 24); /* ".." */
        IS(SYS(lseek, fd, 0, SEEK_CUR), 2);
        IS(SYS(lseek, fd, 0, SEEK_SET), 0);
        IS(SYS(fchdir, copy), 0);
        IS(SYS(chdir, str("/")), 0);
        IS(SYS(close, copy), 0);
        IS(SYS(close, fd), 0);
    }
    IS(SYS(stat, str("/"), BUFFER), 0);
    CHECK(!bh_copy_out(guest, &root, BUFFER, sizeof(root)) && root.st_ino != info.st_ino);
    IS(SYS(mkdir, str("/new"), 0755), -EROFS);
    IS(SYS(mkdir, str("/usr/new/"), 0755), -EROFS);
    IS(SYS(mkdir, str("/usr/local/w"), 0755), -EEXIST);
    IS(SYS(mkdir, str("/usr/local/w/sub-of-w"), 0755), 0);
    IS(SYS(rmdir, str("/usr/local/w/sub-of-w")), 0);
    IS(SYS(rmdir, str("/usr")), -EROFS);
    IS(SYS(rmdir, str("/usr/local/w")), -EBUSY);
    IS(SYS(rmdir, str("/")), -EBUSY);
    IS(SYS(unlink, str("/usr")), -EROFS);
    IS(SYS(unlink, str("/none")), -EROFS);
    IS(SYS(rename, str("/usr"), str2("/other")), -EROFS);
    IS(SYS(rename, str("/usr/local/w"), str2("/usr/local/v")), -EBUSY);
    IS(SYS(rename, str("/usr/local/w/a"), str2("/usr/a")), -EROFS);
    IS(SYS(open, str("/usr/none"), O_RDONLY), -ENOENT);
    IS(SYS(open, str("/usr/none"), O_RDWR | O_CREAT, 0600), -EROFS);
    IS(SYS(open, str("/usr/none/"), O_RDWR | O_CREAT, 0600), -EISDIR);
    IS(SYS(open, str("/usr/none/x"), O_RDWR | O_CREAT, 0600), -ENOENT);
    IS(SYS(open, str("/us"), O_RDONLY), -ENOENT);
    IS(SYS(open, str("/usr/loca"), O_RDONLY), -ENOENT);
    IS(SYS(open, str("/usr/local/w2"), O_RDONLY), -ENOENT);
    /* In and out again. */
    IS(SYS(chdir, str("/usr/local")), 0);
    CWD_IS("/usr/local");
    IS(SYS(access, str("w/a/mark"), W_OK), 0);
    IS(SYS(chdir, str("w/a")), 0);
    CWD_IS("/usr/local/w/a");
    IS(SYS(access, str("../../../share/x"), R_OK), 0);
    IS(SYS(access, str("../../../share/x"), W_OK), -EROFS);
    IS(SYS(access, str("../../again/../w/a/mark"), F_OK), 0);
    IS(SYS(access, str("../../../../../../usr/share/x"), F_OK), 0);
    IS(SYS(access, str("../../../none/../share/x"), F_OK), -ENOENT);
    IS(SYS(access, str("../../../share/x/../x"), F_OK), -ENOTDIR);
    IS(SYS(chdir, str("../../..")), 0);
    CWD_IS("/usr");
    IS(SYS(chdir, str("/usr/local/again/a/..")), 0);
    CWD_IS("/usr/local/again");
    IS(SYS(chdir, str("..")), 0);
    CWD_IS("/usr/local");
    char longest[400];
    memset(longest, 'x', sizeof(longest));
    memcpy(longest, "/usr/", 5);
    longest[5 + NAME_MAX] = 0;
    IS(SYS(open, str(longest), O_RDONLY), -ENOENT);
    longest[5 + NAME_MAX] = 'x';
    longest[6 + NAME_MAX] = 0;
    IS(SYS(open, str(longest), O_RDONLY), -ENAMETOOLONG);
    end();
}

/* Grants inside others are where their names say, also for relative names and where the outer one has nothing of that
 * name, or another. */
static void test_inside(void) {
    begin((const char *const[][3]){
        {"w", "/w", "rw"}, {"ro", "/w/a/ro", NULL}, {"other", "/w/none/there/o", "rw"}, {NULL, NULL, NULL}});
    IS(SYS(access, str("/w/a/ro/x"), W_OK), -EROFS);
    IS(SYS(access, str("/w/./a//ro/./x"), R_OK), 0);
    IS(SYS(access, str("/w/a/b/../ro/x"), R_OK), 0);
    IS(SYS(access, str("/w/link/../ro/x"), R_OK), 0);
    IS(SYS(chdir, str("/w/a")), 0);
    IS(SYS(access, str("ro/x"), R_OK), 0);
    IS(SYS(access, str("ro/y"), R_OK), -ENOENT);
    IS(SYS(open, str("ro/new"), O_WRONLY | O_CREAT, 0600), -EROFS);
    IS(SYS(chdir, str("ro")), 0);
    CWD_IS("/w/a/ro");
    IS(SYS(access, str("../mark"), W_OK), 0);
    IS(SYS(chdir, str("..")), 0);
    CWD_IS("/w/a");
    IS(SYS(rmdir, str("ro")), -EBUSY);
    IS(SYS(mkdir, str("ro"), 0755), -EEXIST);
    IS(SYS(unlink, str("ro")), -EISDIR);
    IS(SYS(rename, str("mark"), str2("ro")), -EBUSY);
    /* What the outer one lacks looks like other ancestors, until it is made. */
    IS(SYS(chdir, str("/w")), 0);
    IS(SYS(stat, str("none/there"), BUFFER), 0);
    IS(SYS(access, str("none/there/o/y"), W_OK), 0);
    IS(SYS(access, str("none/other"), F_OK), -ENOENT);
    IS(make(AT_FDCWD, "none/file"), -EROFS);
    LIST_IS("none", ". .. there ");
    IS(SYS(chdir, str("none/there/o/..")), 0);
    CWD_IS("/w/none/there");
    IS(SYS(access, str("../../a/mark"), F_OK), 0);
    IS(SYS(mkdir, str("/w/none"), 0755), 0);
    IS(make(AT_FDCWD, "/w/none/file"), 0);
    IS(SYS(access, str("/w/none/there/o/y"), W_OK), 0);
    IS(SYS(chdir, str("/w/none")), 0);
    IS(SYS(access, str("there/o/y"), W_OK), 0);
    IS(SYS(access, str("there/o/../../file"), W_OK), 0);
    /* The grant stays at its name when the directory around it gets another. */
    IS(SYS(rename, str("/w/none"), str2("/w/renamed")), 0);
    IS(SYS(access, str("/w/none/there/o/y"), W_OK), 0);
    IS(SYS(access, str("there/o/y"), W_OK), -ENOENT);
    CWD_IS("/w/renamed");
    IS(SYS(rename, str("/w/renamed"), str2("/w/none")), 0);
    IS(SYS(chdir, str("/")), 0);
    IS(SYS(unlink, str("/w/none/file")), 0);
    IS(SYS(rmdir, str("/w/none")), 0);
    end();
}

/* What the outer grant has at the name of a directory above the inner one is no directory, or leads away. The order of grants is none. */
static void test_hidden(void) {
    static const struct {
        const char *link; /* NULL: a file */
        int64_t above;
    } hidden[] = {{NULL, 0}, {"../outside", 0}, {"none", -ELOOP}};
    begin((const char *const[][3]){
        {"ro", "/w/a/ro", NULL}, {"other", "/w/none/there/o", "rw"}, {"w", "/w", "rw"}, {NULL, NULL, NULL}});
    IS(SYS(access, str("/w/a/ro/x"), W_OK), -EROFS);
    IS(SYS(access, str("/w/a/mark"), W_OK), 0);
    IS(SYS(access, str("/w/a/mark/x"), F_OK), -ENOTDIR);
    IS(SYS(mkdir, str("/w/a/ro/x"), 0755), -EEXIST);
    IS(SYS(faccessat2, 99, str(""), R_OK, AT_EMPTY_PATH), -EBADF);
    for (size_t n = 0; n < sizeof(hidden) / sizeof(*hidden); n++) {
        if (hidden[n].link)
            REQUIRE(!symlink(hidden[n].link, in_tree("w/none")));
        else
            make_file("w/none", "");
        IS(SYS(access, str("/w/none/there/o/.."), F_OK), hidden[n].above);
        REQUIRE(!unlink(in_tree("w/none")));
    }
    /* What is above a grant is so in its own place alone. */
    IS(SYS(access, str("/w/o/y"), F_OK), -ENOENT);
    IS(SYS(access, str("/w/there/o/y"), F_OK), -ENOENT);
    /* A list is put nowhere but in the guest's memory. */
    static const char *const lists[] = {"/w/none", "/w/a"};
    static char host[4096], untouched[4096];
    for (size_t n = 0; n < 2; n++) {
        int64_t fd = SYS(open, str(lists[n]), O_RDONLY);
        IS(SYS(getdents64, fd, bh_instance_base(guest) + BH_SLOT_SIZE - 4096, 4096), -EFAULT);
        IS(SYS(getdents64, fd, (uintptr_t)host, 4096), -EFAULT);
        IS(SYS(close, fd), 0);
    }
    CHECK(!memcmp(host, untouched, sizeof(host)));
    /* A link that fits, and then what follows it does not. */
    char target[PATH_MAX], path[200] = "/w/long/";
    memset(target, '/', sizeof(target));
    memcpy(target, "a", 1);
    target[sizeof(target) - 100] = 0;
    REQUIRE(!symlink(target, in_tree("w/long")));
    IS(SYS(access, str("/w/long/b"), F_OK), 0);
    memset(path + 8, '/', sizeof(path) - 8);
    strcpy(path + sizeof(path) - 2, "b");
    IS(SYS(access, str(path), F_OK), -ENAMETOOLONG);
    REQUIRE(!unlink(in_tree("w/long")));
    end();
}

/* The host closed a grant's descriptor, and its number is another directory's now. */
static void test_closed(void) {
    struct stat wanted, info;
    begin((const char *const[][3]){{"w", "/w", "rw"}, {"other", "/w/none/there/o", "rw"}, {NULL, NULL, NULL}});
    make_directory("outside/none");
    make_directory("outside/none/there");
    REQUIRE(!stat(in_tree("w"), &wanted));
    int grant = 3, outside = open(in_tree("outside"), O_PATH | O_CLOEXEC);
    while (fstat(grant, &info) || info.st_dev != wanted.st_dev || info.st_ino != wanted.st_ino)
        REQUIRE(grant++ < 1000);
    REQUIRE(outside >= 0 && dup2(outside, grant) == grant);
    IS(SYS(access, str("/w/none/there/o/.."), F_OK), -EIO);
    IS(SYS(access, str("/w/secret"), F_OK), -EIO);
    IS(SYS(access, str("/w/."), F_OK), -EIO);
    end();
    close(outside);
    close(grant);
    REQUIRE(!rmdir(in_tree("outside/none/there")) && !rmdir(in_tree("outside/none")));
}

/* A working directory whose name is longer than a name may be, though the host's is not. */
static void test_long_name(void) {
    static char name[2200], part[201];
    memset(name, 'n', sizeof(name) - 1);
    memset(part, 'p', sizeof(part) - 1);
    for (size_t n = 0; n < sizeof(name) - 1; n += 200)
        name[n] = '/';
    begin((const char *const[][3]){{"w", name, "rw"}, {NULL, NULL, NULL}});
    IS(SYS(chdir, str(name)), 0);
    for (int n = 0; n < 10; n++) {
        IS(SYS(mkdir, str(part), 0755), 0);
        IS(SYS(chdir, str(part)), 0);
    }
    IS(SYS(getcwd, BUFFER, 8192), -ENAMETOOLONG);
    for (int n = 0; n < 10; n++) {
        IS(SYS(chdir, str("..")), 0);
        IS(SYS(rmdir, str(part)), 0);
    }
    end();
}

/* The root itself may be granted, and others in it. */
static void test_root(void) {
    begin((const char *const[][3]){{"w", "/", "rw"}, {"ro", "/ro", NULL}, {NULL, NULL, NULL}});
    CWD_IS("/");
    IS(SYS(access, str("/a/mark"), W_OK), 0);
    IS(SYS(access, str("../../a/mark"), W_OK), 0);
    IS(SYS(access, str("/../a/../../a/mark"), W_OK), 0);
    IS(SYS(access, str("ro/x"), W_OK), -EROFS);
    IS(SYS(chdir, str("ro")), 0);
    CWD_IS("/ro");
    IS(SYS(access, str("../a/mark"), W_OK), 0);
    IS(SYS(chdir, str("/a")), 0);
    CWD_IS("/a");
    IS(SYS(rmdir, str("/")), -EBUSY);
    end();
}

/* ---- Slashes, dots, and other ends of names ---- */

#define FILES "/w/t/"
struct row {
    long number;
    const char *first, *second; /* in FILES */
    int64_t flags;
    int64_t wanted;
};

static int64_t ask(const struct row *row) {
    char path[1000];
    snprintf(path, sizeof(path), "%s%s", *row->first && *row->first != '/' ? FILES : "", row->first);
    str(path);
    if (row->second) {
        snprintf(path, sizeof(path), "%s%s", FILES, row->second);
        str2(path);
    }
    int64_t got = guest_call6(guest, row->number, zeros + 40000, row->second ? zeros + 50000 : (uint64_t)row->flags,
                              0644, 0, 0, 0);
    if (got >= 0 && (row->number == SYS_open || row->number == SYS_creat))
        got = SYS(close, got);
    return got;
}

static void test_ends(void) {
    static const struct row rows[] = {{SYS_unlink, "f/", NULL, 0, -ENOTDIR},
                                      {SYS_unlink, "f/.", NULL, 0, -ENOTDIR},
                                      {SYS_unlink, "d/", NULL, 0, -EISDIR},
                                      {SYS_unlink, "d/.", NULL, 0, -EISDIR},
                                      {SYS_unlink, "d/..", NULL, 0, -EISDIR},
                                      {SYS_unlink, "none/", NULL, 0, -ENOENT},
                                      {SYS_unlink, "to-d/", NULL, 0, -ENOTDIR},
                                      {SYS_unlink, "/", NULL, 0, -EISDIR},
                                      {SYS_unlink, "", NULL, 0, -ENOENT},
                                      {SYS_rmdir, "d/.", NULL, 0, -EINVAL},
                                      {SYS_rmdir, "d/./", NULL, 0, -EINVAL},
                                      {SYS_rmdir, "d/..", NULL, 0, -ENOTEMPTY},
                                      {SYS_rmdir, "d/../", NULL, 0, -ENOTEMPTY},
                                      {SYS_rmdir, "f/", NULL, 0, -ENOTDIR},
                                      {SYS_rmdir, "to-d/", NULL, 0, -ENOTDIR},
                                      {SYS_rmdir, "none/", NULL, 0, -ENOENT},
                                      {SYS_rmdir, "/", NULL, 0, -EBUSY},
                                      {SYS_rmdir, "", NULL, 0, -ENOENT},
                                      {SYS_mkdir, "new/", NULL, 0755, 0},
                                      {SYS_rmdir, "new//", NULL, 0, 0},
                                      {SYS_mkdir, "new/.", NULL, 0755, -ENOENT},
                                      {SYS_mkdir, "d/.", NULL, 0755, -EEXIST},
                                      {SYS_mkdir, "d/..", NULL, 0755, -EEXIST},
                                      {SYS_mkdir, "dangling/", NULL, 0755, -EEXIST},
                                      {SYS_mkdir, "f/", NULL, 0755, -EEXIST},
                                      {SYS_mkdir, "", NULL, 0755, -ENOENT},
                                      {SYS_mkdir, "/", NULL, 0755, -EEXIST},
                                      {SYS_rename, "f/", "g", 0, -ENOTDIR},
                                      {SYS_rename, "f", "g/", 0, -ENOTDIR},
                                      {SYS_rename, "d/", "e", 0, 0},
                                      {SYS_rename, "e", "d/", 0, 0},
                                      {SYS_rename, "d/.", "e", 0, -EBUSY},
                                      {SYS_rename, "d/..", "e", 0, -EBUSY},
                                      {SYS_rename, "f", "d/.", 0, -EBUSY},
                                      {SYS_rename, "f", "d/..", 0, -EBUSY},
                                      {SYS_rename, "to-d/", "x", 0, -ENOTDIR},
                                      {SYS_rename, "d", "d/e", 0, -EINVAL},
                                      {SYS_rename, "/", "x", 0, -EBUSY},
                                      {SYS_rename, "none/", "x", 0, -ENOENT},
                                      {SYS_open, "f/", NULL, O_RDONLY, -ENOTDIR},
                                      {SYS_open, "f/.", NULL, O_RDONLY, -ENOTDIR},
                                      {SYS_open, "f/", NULL, O_RDONLY | O_CREAT, -EISDIR},
                                      {SYS_open, "none/", NULL, O_RDWR | O_CREAT, -EISDIR},
                                      {SYS_open, "none/", NULL, O_RDONLY, -ENOENT},
                                      {SYS_open, "d/", NULL, O_RDONLY, 0},
                                      {SYS_open, "d/.", NULL, O_RDONLY | O_CREAT, -EISDIR},
                                      {SYS_open, "d/..", NULL, O_RDONLY | O_CREAT | O_EXCL, -EEXIST},
                                      {SYS_open, "d", NULL, O_RDONLY | O_CREAT, -EISDIR},
                                      {SYS_open, "d", NULL, O_RDONLY | O_CREAT | O_DIRECTORY, -EINVAL},
                                      {SYS_open, "f", NULL, O_RDONLY | O_DIRECTORY, -ENOTDIR},
                                      {SYS_open, "to-f/", NULL, O_RDONLY, -ENOTDIR},
                                      {SYS_open, "to-d/", NULL, O_RDONLY | O_NOFOLLOW, 0},
                                      {SYS_open, "to-d", NULL, O_RDONLY | O_NOFOLLOW, -ELOOP},
                                      {SYS_open, "to-d", NULL, O_RDONLY | O_NOFOLLOW | O_DIRECTORY, -ENOTDIR},
                                      {SYS_open, "to-d", NULL, O_PATH | O_NOFOLLOW, 0},
                                      {SYS_open, "to-d", NULL, O_PATH | O_NOFOLLOW | O_DIRECTORY, -ENOTDIR},
                                      {SYS_open, "loop", NULL, O_RDONLY, -ELOOP},
                                      {SYS_open, "loop", NULL, O_RDWR | O_CREAT, -ELOOP},
                                      {SYS_open, "loop/x", NULL, O_RDONLY, -ELOOP},
                                      {SYS_open, "dangling", NULL, O_RDONLY, -ENOENT},
                                      {SYS_open, "dangling", NULL, O_RDWR | O_CREAT | O_EXCL, -EEXIST},
                                      {SYS_open, "dangling", NULL, O_RDWR | O_CREAT, 0},
                                      {SYS_unlink, "made", NULL, 0, 0},
                                      {SYS_open, "", NULL, O_RDONLY, -ENOENT},
                                      {SYS_open, "f", NULL, O_PATH | O_RDWR | O_TRUNC | O_CREAT, 0},
                                      {SYS_open, "d", NULL, O_TMPFILE | O_RDWR, -EOPNOTSUPP},
                                      {SYS_creat, "f/", NULL, 0644, -EISDIR},
                                      {SYS_truncate, "f/", NULL, 0, -ENOTDIR},
                                      {SYS_truncate, "d", NULL, 0, -EISDIR},
                                      {SYS_chdir, "f/", NULL, 0, -ENOTDIR},
                                      {SYS_chdir, "to-d/", NULL, 0, 0},
                                      {SYS_chdir, "", NULL, 0, -ENOENT},
                                      {SYS_access, "f/", NULL, 0, -ENOTDIR},
                                      {SYS_access, "to-f/", NULL, 0, -ENOTDIR},
                                      {SYS_access, "to-d/.", NULL, 0, 0},
                                      {SYS_access, "f/..", NULL, 0, -ENOTDIR},
                                      {SYS_access, "none/..", NULL, 0, -ENOENT},
                                      {SYS_access, "dangling/", NULL, 0, -ENOENT},
                                      {SYS_chmod, "f/", NULL, 0644, -ENOTDIR},
                                      {SYS_chmod, "", NULL, 0644, -ENOENT},
                                      {SYS_chmod, "d/", NULL, 0755, 0}};
    begin((const char *const[][3]){{"w", "/w", "rw"}, {NULL, NULL, NULL}});
    IS(SYS(mkdir, str("/w/t/d"), 0755), 0);
    for (size_t n = 0; n < sizeof(rows) / sizeof(*rows); n++) {
        int64_t got = ask(&rows[n]);
        if (got != rows[n].wanted) {
            printf("system call %ld of '%s', '%s', %llo is %lld, not %lld\n", rows[n].number, rows[n].first,
                   rows[n].second ? rows[n].second : "", (unsigned long long)rows[n].flags, (long long)got,
                   (long long)rows[n].wanted);
            failures++;
        }
    }
    /* Links: lstat and readlink follow one that a slash follows. */
    struct stat info;
    IS(SYS(lstat, str("/w/t/to-d/"), BUFFER), 0);
    CHECK(!bh_copy_out(guest, &info, BUFFER, sizeof(info)) && S_ISDIR(info.st_mode));
    IS(SYS(lstat, str("/w/t/to-d"), BUFFER), 0);
    CHECK(!bh_copy_out(guest, &info, BUFFER, sizeof(info)) && S_ISLNK(info.st_mode));
    IS(SYS(readlink, str("/w/t/to-d/"), BUFFER, 100), -EINVAL);
    IS(SYS(renameat2, AT_FDCWD, str("/w/t/f"), AT_FDCWD, str2("/w/t/d/.."), 1), -EEXIST);
    end();
}

/* ---- Descriptors without a path ---- */

static void test_empty(void) {
    struct stat info;
    begin((const char *const[][3]){{"w", "/w", "rw"}, {"ro", "/ro", NULL}, {NULL, NULL, NULL}});
    int64_t file = SYS(open, str("/w/t/f"), O_PATH), directory = SYS(open, str("/w/t"), O_PATH | O_DIRECTORY);
    int64_t link = SYS(open, str("/w/t/to-f"), O_PATH | O_NOFOLLOW), fixed = SYS(open, str("/ro/x"), O_PATH),
            open_file = SYS(open, str("/w/t/f"), O_RDONLY);
    const int64_t named[] = {file, directory, link, fixed};
    for (size_t n = 0; n < 4; n++) {
        IS(SYS(fstat, named[n], BUFFER), 0);
        IS(SYS(read, named[n], BUFFER, 1), -EBADF);
        IS(SYS(write, named[n], BUFFER, 1), -EBADF);
        IS(SYS(lseek, named[n], 0, SEEK_SET), -EBADF);
        IS(SYS(getdents64, named[n], BUFFER, 100), -EBADF);
        IS(SYS(fchmod, named[n], 0600), -EBADF);
        IS(SYS(fchown, named[n], 1000, 1000), -EBADF);
        IS(SYS(utimensat, named[n], 0, 0, 0), -EBADF);
        IS(SYS(ftruncate, named[n], 0), -EBADF);
        IS(SYS(fsync, named[n]), -EBADF);
        IS(SYS(fcntl, named[n], F_SETFL, O_APPEND), -EBADF);
        IS(SYS(newfstatat, named[n], str(""), BUFFER, AT_EMPTY_PATH), 0);
        int64_t copy = SYS(dup, named[n]);
        IS(SYS(read, copy, BUFFER, 1), -EBADF);
        IS(SYS(fchmod, copy, 0600), -EBADF);
        IS(SYS(close, copy), 0);
    }
    IS(SYS(faccessat, directory, str("f"), R_OK), 0);
    IS(SYS(faccessat, file, str("f"), R_OK), -ENOTDIR);
    IS(SYS(faccessat, link, str("f"), R_OK), -ENOTDIR);
    IS(SYS(readlinkat, link, str(""), BUFFER, 10), 1);
    IS(SYS(readlinkat, file, str(""), BUFFER, 10), -ENOENT);
    IS(SYS(readlinkat, 99, str(""), BUFFER, 10), -EBADF);
    IS(SYS(readlinkat, directory, str(""), BUFFER, 10), -ENOENT);
    static const uint64_t empty = AT_EMPTY_PATH;
    IS(SYS(fchmodat2, file, str(""), 0600, empty), 0);
    IS(SYS(fchmodat2, fixed, str(""), 0600, empty), -EROFS);
    IS(SYS(fchmodat2, file, str(""), 0600, 0), -ENOENT);
    IS(SYS(fchmodat2, 99, str(""), 0600, empty), -EBADF);
    IS(SYS(fchmodat2, AT_FDCWD, str("/w/t/to-f"), 0600, AT_SYMLINK_NOFOLLOW), -EOPNOTSUPP);
    IS(SYS(fchmodat2, AT_FDCWD, str("/w/t/f"), 0640, AT_SYMLINK_NOFOLLOW), 0);
    IS(SYS(fchmodat2, AT_FDCWD, str("/w/t/f"), 0640, 4), -EINVAL);
    IS(SYS(fchownat, file, str(""), 1000, 1000, empty), 0);
    IS(SYS(fchownat, fixed, str(""), 1000, 1000, empty), -EROFS);
    IS(SYS(fchownat, AT_FDCWD, str("/w/t/to-f"), 1000, 1000, AT_SYMLINK_NOFOLLOW), 0);
    IS(SYS(fchownat, AT_FDCWD, str("/w/t/f"), 1000, 1000, 1), -EINVAL);
    IS(SYS(faccessat2, file, str(""), R_OK | W_OK, empty), 0);
    IS(SYS(faccessat2, fixed, str(""), R_OK, empty), 0);
    IS(SYS(faccessat2, fixed, str(""), W_OK, empty), -EROFS);
    IS(SYS(faccessat2, AT_FDCWD, str("/w/t/dangling"), F_OK, AT_SYMLINK_NOFOLLOW), 0);
    IS(SYS(faccessat2, AT_FDCWD, str("/w/t/dangling"), F_OK, 0), -ENOENT);
    IS(SYS(faccessat2, AT_FDCWD, str("/w/t/f"), F_OK, 1), -EINVAL);
    struct timespec times[2] = {{3, 0}, {4, 0}};
    IS(SYS(utimensat, file, str(""), buffer(times, sizeof(times)), empty), 0);
    IS(SYS(fstat, open_file, BUFFER + 100), 0);
    CHECK(!bh_copy_out(guest, &info, BUFFER + 100, sizeof(info)) && info.st_mtime == 4);
    times[1].tv_sec = 5;
    IS(SYS(utimensat, AT_FDCWD, str("/w/t/to-f"), buffer(times, sizeof(times)), AT_SYMLINK_NOFOLLOW), 0);
    IS(SYS(lstat, str("/w/t/to-f"), BUFFER + 100), 0);
    CHECK(!bh_copy_out(guest, &info, BUFFER + 100, sizeof(info)) && info.st_mtime == 5);
    IS(SYS(stat, str("/w/t/to-f"), BUFFER + 100), 0);
    CHECK(!bh_copy_out(guest, &info, BUFFER + 100, sizeof(info)) && info.st_mtime == 4);
    IS(SYS(utimensat, open_file, 0, BUFFER, 0), 0);
    IS(SYS(utimensat, open_file, 0, BUFFER, AT_SYMLINK_NOFOLLOW), -EINVAL);
    IS(SYS(utimensat, AT_FDCWD, 0, BUFFER, 0), -EFAULT);
    times[0].tv_nsec = times[1].tv_nsec = UTIME_OMIT;
    IS(SYS(utimensat, AT_FDCWD, str("/none"), buffer(times, sizeof(times)), 0), 0);
    /* The working directory, too. */
    IS(SYS(chdir, str("/w/t")), 0);
    IS(SYS(newfstatat, AT_FDCWD, str(""), BUFFER, empty), 0);
    IS(SYS(fchmodat2, AT_FDCWD, str(""), 0755, empty), 0);
    IS(SYS(chdir, str("/ro")), 0);
    IS(SYS(fchmodat2, AT_FDCWD, str(""), 0755, empty), -EROFS);
    IS(SYS(faccessat2, AT_FDCWD, str(""), W_OK, empty), -EROFS);
    end();
}

/* Second names are for files in /dev/shm itself, and nowhere else. */
static void test_links(void) {
    struct stat info;
    begin((const char *const[][3]){
        {"shm", "/dev/shm", "rw"}, {"w", "/w", "rw"}, {"shm/ro", "/dev/shm/ro", NULL}, {NULL, NULL, NULL}});
    IS(SYS(link, str("/dev/shm/f"), str2("/dev/shm/g")), 0);
    IS(SYS(stat, str("/dev/shm/g"), BUFFER), 0);
    CHECK(!bh_copy_out(guest, &info, BUFFER, sizeof(info)) && info.st_nlink == 2);
    IS(SYS(link, str("/dev/shm/f"), str2("/dev/shm/g")), -EEXIST);
    IS(SYS(link, str("/dev/shm/none"), str2("/dev/shm/h")), -ENOENT);
    IS(SYS(link, str("/dev/shm/f"), str2("/dev/shm/h/")), -ENOENT);
    IS(SYS(unlink, str("/dev/shm/g")), 0);
    IS(SYS(chdir, str("/dev/shm")), 0);
    IS(SYS(linkat, AT_FDCWD, str("f"), AT_FDCWD, str2("sub/../../shm/g"), 0), 0);
    IS(SYS(unlink, str("g")), 0);
    static const char *const refused[][2] = {{"/dev/shm/sub", "/dev/shm/g"},
                                             {"/dev/shm/to-f", "/dev/shm/g"},
                                             {"/dev/shm/f", "/dev/shm/sub/g"},
                                             {"/dev/shm/sub/f", "/dev/shm/g"},
                                             {"/dev/shm/ro/f", "/dev/shm/g"},
                                             {"/dev/shm/f", "/dev/shm/ro/g"},
                                             {"/dev/shm/f", "/w/g"},
                                             {"/w/t/f", "/dev/shm/g"},
                                             {"/w/t/f", "/w/t/g"},
                                             {"/dev/shm/..", "/dev/shm/g"},
                                             {"/dev/shm/f", "/dev/shm/."},
                                             {"/dev/shm/f", "/dev/g"},
                                             {"/dev/shm", "/dev/shm/g"},
                                             {"", "/dev/shm/g"},
                                             {"/dev/shm/sub/../sub/f", "g"}};
    for (size_t n = 0; n < sizeof(refused) / sizeof(*refused); n++) {
        IS(SYS(link, str(refused[n][0]), str2(refused[n][1])), -EPERM);
        IS(SYS(linkat, AT_FDCWD, str(refused[n][0]), AT_FDCWD, str2(refused[n][1]), AT_SYMLINK_FOLLOW), -EPERM);
    }
    CHECK(access(in_tree("shm/g"), F_OK) && access(in_tree("w/g"), F_OK) && access(in_tree("w/t/g"), F_OK));
    end();
    begin((const char *const[][3]){{"shm", "/dev/shm", NULL}, {NULL, NULL, NULL}});
    IS(SYS(link, str("/dev/shm/f"), str2("/dev/shm/g")), -EROFS);
    end();
}

/* The working directory is one of the descriptors that guests share, where it is not a grant itself; and it is given
 * back. */
static void test_counted(void) {
    struct rlimit old;
    REQUIRE(!getrlimit(RLIMIT_NOFILE, &old) && !setrlimit(RLIMIT_NOFILE, &(struct rlimit){80, old.rlim_max}));
    for (int round = 0; round < 3; round++) {
        begin((const char *const[][3]){{"w", "/w", "rw"}, {NULL, NULL, NULL}});
        unsigned count = 0;
        while (SYS(open, str("/w/a/mark"), O_RDONLY) >= 0)
            count++;
        CHECK(count == 40);
        IS(SYS(chdir, str("/w/a")), -ENFILE);
        IS(SYS(dup2, 0, 5), -ENFILE);
        IS(SYS(fcntl, 5, F_GETFD), 0); /* it is still there */
        IS(SYS(chdir, str("/w")), 0);
        IS(SYS(chdir, str("/")), 0);
        IS(SYS(close, 0), 0);
        IS(SYS(chdir, str("/w/a")), 0);
        IS(SYS(open, str("mark"), O_RDONLY), -ENFILE);
        if (round == 1) {
            CHECK(!bh_instance_reset(guest));
            CWD_IS("/");
        } else if (round == 2) {
            IS(SYS(chdir, str("..")), 0);
            IS(SYS(open, str("a/mark"), O_RDONLY), 0);
        }
        end();
    }
    setrlimit(RLIMIT_NOFILE, &old);
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    top = argv[2];
    static const char *const directories[] = {"w",     "w/a",     "w/a/b", "w/t",     "ro",
                                              "other", "outside", "shm",   "shm/sub", "shm/ro"};
    static const char *const files[] = {"w/a/mark",       "w/t/f", "ro/x",      "other/y",
                                        "outside/secret", "shm/f", "shm/sub/f", "shm/ro/f"};
    static const char *const links[][2] = {{"a/b", "w/link"},    {"d", "w/t/to-d"}, {"f", "w/t/to-f"},
                                           {"loop", "w/t/loop"}, {"f", "shm/to-f"}, {"made", "w/t/dangling"}};
    for (size_t n = 0; n < sizeof(directories) / sizeof(*directories); n++)
        make_directory(directories[n]);
    for (size_t n = 0; n < sizeof(files) / sizeof(*files); n++)
        make_file(files[n], "");
    for (size_t n = 0; n < sizeof(links) / sizeof(*links); n++)
        REQUIRE(!symlink(links[n][0], in_tree(links[n][1])));
    open_module(argv[1], 1);
    test_renamed();
    test_moved_out();
    test_moved_over();
    test_deep();
    test_ancestors();
    test_inside();
    test_hidden();
    test_closed();
    test_long_name();
    test_root();
    test_ends();
    test_empty();
    test_links();
    test_counted();
    close_module();
    return failures != 0;
}
