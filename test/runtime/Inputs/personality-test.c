/* What guests get when they ask the outside world: personality-test MODULE DIRECTORY. The host makes the guest's system
 * calls through the module's call6(), so each line here is one thing a guest might try. DIRECTORY is empty and may be
 * written. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "bulkhead/bulkhead.h"

static int failures, checks;
static bool made_device;
static bh_engine *engine;
static bh_module *module;
static bh_instance *guest;
static bh_function call6;
static bh_address scratch; /* 64 KiB: [0, 64) arguments, then strings and buffers */

static void require(bh_error error) {
    if (error) {
        printf("failed: %s\n", bh_last_error()->text);
        exit(1);
    }
}

static void start(const bh_policy *policy) {
    require(bh_instance_create(module, policy, &guest));
    require(bh_instance_function(guest, "call6", "l(lp)", &call6));
    require(bh_instance_symbol(guest, "zeros", &scratch));
}

static int64_t guest_call(long number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f) {
    const uint64_t arguments[6] = {a, b, c, d, e, f};
    bh_value result;
    require(bh_copy_in(guest, scratch, arguments, sizeof(arguments)));
    require(bh_invoke(guest, &call6, &result, (uint64_t)number, scratch));
    return result.as.l;
}

/* A string in guest memory; two can be alive at once. */
static bh_address text(const char *string) {
    static unsigned turn;
    bh_address at = scratch + 0x1000 + (turn++ % 2) * 0x2000;
    require(bh_copy_in(guest, at, string, strlen(string) + 1));
    return at;
}

#define BUFFER (scratch + 0x8000)
#define SYS(name, ...) SYS_(SYS_##name, __VA_ARGS__, 0, 0, 0, 0, 0, 0)
#define SYS_(number, a, b, c, d, e, f, ...)                                                                                    \
    guest_call(number, (uint64_t)(a), (uint64_t)(b), (uint64_t)(c), (uint64_t)(d), (uint64_t)(e), (uint64_t)(f))
#define IS(call, wanted)                                                                                                       \
    do {                                                                                                                       \
        int64_t got = (call), want = (wanted);                                                                                 \
        checks++;                                                                                                              \
        if (got != want) {                                                                                                     \
            printf("line %d: %s is %lld, not %lld\n", __LINE__, #call, (long long)got, (long long)want);                       \
            failures++;                                                                                                        \
        }                                                                                                                      \
    } while (0)

static void nothing_granted(void) {
    start(NULL);
    IS(SYS(write, 1, text("x"), 1), -EBADF);
    IS(SYS(read, 0, BUFFER, 1), -EBADF);
    IS(SYS(open, text("/etc/passwd"), O_RDONLY), -ENOENT);
    IS(SYS(open, text("/"), O_RDWR), -EISDIR);
    IS(SYS(open, text("/new"), O_RDWR | O_CREAT, 0666), -EROFS);
    IS(SYS(stat, text("/"), BUFFER), 0); /* there is nothing in it */
    IS(SYS(open, text("/proc/self/mem"), O_RDWR), -ENOENT);
    IS(SYS(stat, text("/etc/passwd"), BUFFER), -ENOENT);
    IS(SYS(chdir, text("/etc")), -ENOENT);
    IS(SYS(clock_gettime, CLOCK_REALTIME, BUFFER), -EPERM);
    IS(SYS(time, 0), -EPERM);
    IS(SYS(getrandom, BUFFER, 8, 0), -EPERM);
    /* Never, whatever the policy says. */
    static const long refused[] = {SYS_fork, SYS_vfork, SYS_clone, SYS_clone3, SYS_execve, SYS_execveat, SYS_ptrace, SYS_socket,
                                   SYS_connect, SYS_epoll_create1, SYS_kexec_load, SYS_process_vm_readv,
                                   SYS_process_vm_writev, SYS_shmat,
                                   SYS_io_uring_setup, SYS_userfaultfd, SYS_personality, SYS_modify_ldt,
                                   SYS_bpf, SYS_perf_event_open, SYS_mount, SYS_chroot, SYS_setuid, SYS_remap_file_pages,
                                   SYS_pkey_mprotect, SYS_open_by_handle_at, SYS_openat2, SYS_mknod, SYS_ioperm, SYS_set_robust_list,
                                   SYS_vmsplice, SYS_io_submit, SYS_unshare, SYS_setns, SYS_pidfd_open,
                                   SYS_seccomp, SYS_arch_prctl + 100000, -1};
    for (size_t n = 0; n < sizeof(refused) / sizeof(*refused); n++) {
        checks++;
        int64_t got = guest_call(refused[n], 0, 0, 0, 0, 0, 0);
        if (got != -ENOSYS) {
            printf("system call %ld gives %lld\n", refused[n], (long long)got);
            failures++;
        }
    }
    IS(SYS(arch_prctl, 0x1001 /* ARCH_SET_GS */, 0), -EINVAL);
    IS(SYS(kill, 1, SIGKILL), -ESRCH);
    IS(SYS(kill, getpid(), SIGKILL), -ESRCH);
    IS(SYS(kill, -1, SIGKILL), -ESRCH);
    IS(SYS(getpid, 0), 2);
    IS(SYS(getuid, 0), 1000);
    require(bh_instance_destroy(guest));
}

static void make_file(const char *directory, const char *name, const char *content) {
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    FILE *file = fopen(path, "we");
    fputs(content, file);
    fclose(file);
}

static void make_tree(const char *top) {
    char a[PATH_MAX], b[PATH_MAX];
    static const char *const directories[] = {"", "/in", "/in/sub", "/out", "/ro"};
    for (size_t n = 1; n < sizeof(directories) / sizeof(*directories); n++) {
        snprintf(a, sizeof(a), "%s%s", top, directories[n]);
        mkdir(a, 0777);
    }
    make_file(top, "in/file", "content");
    make_file(top, "out/secret", "secret");
    make_file(top, "ro/file", "read only");
    static const char *const links[][2] = {{"../out/secret", "in/relative"}, {"/etc/passwd", "in/absolute"}, {"..", "in/up"},
                                           {"file", "in/good"}, {"/proc/self/fd", "in/magic"}, {"nothing", "in/dangling"}, {"../out/new", "in/outward"}};
    for (size_t n = 0; n < sizeof(links) / sizeof(*links); n++) {
        snprintf(a, sizeof(a), "%s/%s", top, links[n][1]);
        if (symlink(links[n][0], a) && errno != EEXIST)
            perror(a);
    }
    snprintf(a, sizeof(a), "%s/in/fifo", top);
    mkfifo(a, 0666);
    snprintf(b, sizeof(b), "%s/in/device", top);
    made_device = !mknod(b, S_IFCHR | 0666, makedev(1, 3));
}

static bh_policy *tree_policy(const char *top) {
    char path[PATH_MAX];
    bh_policy *policy;
    require(bh_policy_create(&policy));
    snprintf(path, sizeof(path), "%s/in", top);
    require(bh_policy_grant_directory(policy, path, "/data", BH_READ_WRITE));
    snprintf(path, sizeof(path), "%s/ro", top);
    require(bh_policy_grant_directory(policy, path, "/ro", BH_READ_ONLY));
    checks++;
    if (bh_policy_grant_directory(policy, "/proc", "/proc", BH_READ_ONLY) != BH_ERROR_ARGUMENT ||
        bh_policy_grant_directory(policy, "/sys", "/sys", BH_READ_ONLY) != BH_ERROR_ARGUMENT ||
        bh_policy_grant_directory(policy, "/tmp", "/a/../b", BH_READ_ONLY) != BH_ERROR_ARGUMENT) {
        printf("a directory that must not be granted was\n");
        failures++;
    }
    return policy;
}

static void ways_out(void) {
    IS(SYS(open, text("/data/../out/secret"), O_RDONLY), -ENOENT);
    IS(SYS(open, text("/data/sub/../../out/secret"), O_RDONLY), -ENOENT);
    IS(SYS(open, text("/data/.."), O_RDWR), -EISDIR);
    IS(SYS(open, text("/data/relative"), O_RDONLY), -ENOENT);
    IS(SYS(open, text("/data/absolute"), O_RDONLY), -ENOENT);
    IS(SYS(open, text("/data/up/out/secret"), O_RDONLY), -ENOENT);
    IS(SYS(open, text("/data/up"), O_WRONLY | O_DIRECTORY), -EISDIR);
    IS(SYS(open, text("/data/magic/0"), O_RDONLY), -ENOENT);
    IS(SYS(open, text("/data/outward"), O_RDWR | O_CREAT, 0666), -ENOENT);
    IS(SYS(open, text("/data/dangling"), O_RDWR | O_CREAT | O_EXCL, 0666), -EEXIST);
    IS(SYS(open, text("/data/dangling"), O_RDWR), -ENOENT);
    IS(SYS(open, text("/data/fifo"), O_RDONLY | O_NONBLOCK), -EACCES);
    IS(SYS(stat, text("/data/fifo"), BUFFER), -EACCES);
    IS(SYS(open, text("/data/device"), O_RDWR), made_device ? -EACCES : -ENOENT);
    IS(SYS(stat, text("/data/relative"), BUFFER), -ENOENT);
    IS(SYS(truncate, text("/data/relative"), 0), -ENOENT);
    IS(SYS(chmod, text("/data/relative"), 0), -ENOENT);
    IS(SYS(rename, text("/data/file"), text("/data/../out/x")), -ENOENT);
    IS(SYS(unlink, text("/data/up/out/secret")), -ENOENT);
    IS(SYS(mkdir, text("/data/up/new"), 0777), -EROFS);
    IS(SYS(unlink, text("/data/..")), -EISDIR);
    IS(SYS(rmdir, text("/data/..")), -ENOTEMPTY);
    IS(SYS(rmdir, text("/data")), -EBUSY);
    IS(SYS(symlink, text("/etc"), text("/data/etc")), -EPERM);
    IS(SYS(link, text("/data/file"), text("/data/hard")), -EPERM);
    IS(SYS(chdir, text("/data/../out")), -ENOENT);
    IS(SYS(openat, 99, text("file"), O_RDONLY), -EBADF);
    IS(SYS(openat, 0x7fffffff, text("file"), O_RDONLY), -EBADF);
    IS(SYS(open, text("/data/file/"), O_RDWR | 020200000 /* O_TMPFILE */), -EOPNOTSUPP);
    /* A directory descriptor is not a way up either. */
    int64_t fd = SYS(open, text("/data/sub"), O_RDONLY | O_DIRECTORY);
    IS(fd >= 0, 1);
    IS(SYS(openat, fd, text("../../out/secret"), O_RDONLY), -ENOENT);
    IS(SYS(openat, fd, text("../up/out/secret"), O_RDONLY), -ENOENT);
    int64_t inside = SYS(openat, fd, text("../file"), O_RDONLY);
    IS(inside >= 0, 1);
    IS(SYS(close, inside), 0);
    IS(SYS(close, fd), 0);
    IS(SYS(readlink, text("/proc/self/exe"), BUFFER, 100), -ENOENT);
}

static void descriptors_of_the_host(void) {
    /* The engine's and this program's descriptors exist, but not for the guest. */
    for (uint64_t fd = 0; fd < 30; fd++) {
        IS(guest_call(SYS_fstat, fd, BUFFER, 0, 0, 0, 0), -EBADF);
        IS(guest_call(SYS_close, fd, 0, 0, 0, 0, 0), -EBADF);
        IS(guest_call(SYS_dup, fd, 0, 0, 0, 0, 0), -EBADF);
    }
    IS(SYS(close, -1), -EBADF);
    IS(SYS(dup2, 0, 5), -EBADF);
}

static void ordinary_files(void) {
    struct stat info;
    char buffer[64];
    int64_t fd = SYS(open, text("/data/new"), O_RDWR | O_CREAT | O_EXCL, 06755);
    IS(fd, 0);
    IS(SYS(open, text("/data/new"), O_RDWR | O_CREAT | O_EXCL, 0666), -EEXIST);
    IS(SYS(write, fd, text("hello world"), 11), 11);
    IS(SYS(pread64, fd, BUFFER, 5, 6), 5);
    require(bh_copy_out(guest, buffer, BUFFER, 5));
    IS(memcmp(buffer, "world", 5), 0);
    IS(SYS(lseek, fd, 0, SEEK_SET), 0);
    IS(SYS(ftruncate, fd, 4), 0);
    IS(SYS(read, fd, BUFFER, 64), 4);
    IS(SYS(fstat, fd, BUFFER), 0);
    require(bh_copy_out(guest, &info, BUFFER, sizeof(info)));
    IS(info.st_size, 4);
    IS(info.st_mode & 07777, 0755);
    IS(info.st_uid, 1000);
    IS(SYS(fchmod, fd, 04700), 0);
    IS(SYS(fstat, fd, BUFFER), 0);
    require(bh_copy_out(guest, &info, BUFFER, sizeof(info)));
    IS(info.st_mode & 07777, 0700);
    IS(SYS(fchown, fd, 1000, -1), 0);
    IS(SYS(fchown, fd, 0, 0), -EPERM);
    IS(SYS(fsync, fd), 0);
    IS(SYS(dup, fd), 1);
    IS(SYS(dup2, fd, 7), 7);
    IS(SYS(fcntl, 7, F_DUPFD, 20), 20);
    IS(SYS(fcntl, 20, F_GETFL), O_RDWR | 0100000);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    require(bh_copy_in(guest, BUFFER, &lock, sizeof(lock)));
    IS(SYS(fcntl, fd, F_SETLK, BUFFER), 0);
    IS(SYS(ioctl, fd, 0x5401 /* TCGETS */, BUFFER), -ENOTTY);
    IS(SYS(close, 20), 0);
    IS(SYS(close, 7), 0);
    IS(SYS(close, 1), 0);
    IS(SYS(close, fd), 0);
    IS(SYS(close, fd), -EBADF);
    IS(SYS(rename, text("/data/new"), text("/data/sub/other")), 0);
    IS(SYS(access, text("/data/sub/other"), R_OK | W_OK), 0);
    IS(SYS(access, text("/data/new"), F_OK), -ENOENT);
    IS(SYS(mkdir, text("/data/sub/dir/"), 0777), 0);
    IS(SYS(rmdir, text("/data/sub/dir")), 0);
    IS(SYS(chdir, text("/data/sub/../sub")), 0);
    IS(SYS(getcwd, BUFFER, 64), 10);
    require(bh_copy_out(guest, buffer, BUFFER, 10));
    IS(strcmp(buffer, "/data/sub"), 0);
    IS(SYS(open, text("./other"), O_WRONLY), 0);
    IS(SYS(close, 0), 0);
    IS(SYS(unlink, text("other")), 0);
    IS(SYS(open, text("../good"), O_RDONLY), 0); /* a link that stays inside */
    IS(SYS(close, 0), 0);
    IS(SYS(open, text("../good"), O_RDONLY | O_NOFOLLOW), -ELOOP);
    IS(SYS(readlink, text("../good"), BUFFER, 64), 4);
    IS(SYS(readlink, text("../file"), BUFFER, 64), -EINVAL);
    IS(SYS(chdir, text("/data/sub")), 0);
    IS(SYS(open, text("."), O_RDONLY | O_DIRECTORY), 0);
    IS(SYS(getdents64, 0, BUFFER, 1024) > 0, 1);
    IS(SYS(getdents64, 0, (uint64_t)(uintptr_t)buffer, 64), -EFAULT);
    IS(SYS(close, 0), 0);

    /* Read-only. */
    IS(SYS(open, text("/ro/file"), O_RDWR), -EROFS);
    IS(SYS(open, text("/ro/new"), O_WRONLY | O_CREAT, 0666), -EROFS);
    IS(SYS(open, text("/ro/file"), O_RDONLY | O_TRUNC), -EROFS);
    IS(SYS(unlink, text("/ro/file")), -EROFS);
    IS(SYS(rename, text("/data/file"), text("/ro/file")), -EROFS);
    IS(SYS(mkdir, text("/ro/new"), 0777), -EROFS);
    IS(SYS(chmod, text("/ro/file"), 0600), -EROFS);
    IS(SYS(access, text("/ro/file"), W_OK), -EROFS);
    IS(SYS(open, text("/ro/file"), O_RDONLY), 0);
    IS(SYS(fchmod, 0, 0600), -EROFS);
    IS(SYS(ftruncate, 0, 0), -EINVAL);
    IS(SYS(utimensat, 0, 0, 0, 0), -EROFS);
    IS(SYS(write, 0, BUFFER, 1), -EBADF);
    IS(SYS(close, 0), 0);
}

static void pointers_of_the_host(void) {
    static char secret[64] = "secret";
    uint64_t host = (uint64_t)(uintptr_t)secret, base = bh_instance_base(guest);
    IS(SYS(open, text("/data/file"), O_RDWR), 0);
    IS(SYS(write, 0, host, 6), -EFAULT);
    IS(SYS(read, 0, host, 6), -EFAULT);
    IS(SYS(pread64, 0, host, 6, 0), -EFAULT);
    IS(SYS(read, 0, base + BH_SLOT_SIZE - 3, 6), -EFAULT);
    IS(SYS(read, 0, base - 3, 6), -EFAULT);
    IS(SYS(read, 0, base + 0x10000, 6), -EFAULT);  /* the context page */
    IS(SYS(read, 0, base + 0x11000, 6), -EFAULT);  /* the gate */
    IS(SYS(read, 0, call6.address, 6), -EFAULT);   /* code */
    IS(SYS(read, 0, BUFFER, UINT64_MAX), -EFAULT);
    IS(SYS(write, 0, BUFFER, 1ull << 40), -EFAULT);
    IS(SYS(open, host, O_RDONLY), -EFAULT);
    IS(SYS(stat, text("/data/file"), host), -EFAULT);
    IS(SYS(fstat, 0, host), -EFAULT);
    IS(SYS(getcwd, host, 64), -EFAULT);
    IS(SYS(uname, host), -EFAULT);
    IS(SYS(sysinfo, host), -EFAULT);
    IS(SYS(prlimit64, 0, 7, 0, host), -EFAULT);
    IS(SYS(rt_sigaction, SIGINT, host, 0, 8), -EFAULT);
    IS(SYS(rt_sigaction, SIGINT, 0, host, 8), -EFAULT);
    IS(SYS(fcntl, 0, F_GETLK, host), -EFAULT);
    const struct iovec vector[2] = {{(void *)(uintptr_t)BUFFER, 4}, {secret, 4}};
    require(bh_copy_in(guest, BUFFER, vector, sizeof(vector)));
    IS(SYS(writev, 0, BUFFER, 2), -EFAULT);
    IS(SYS(readv, 0, BUFFER, 2), -EFAULT);
    IS(SYS(writev, 0, host, 1), -EFAULT);
    IS(SYS(writev, 0, BUFFER, 100000), -EINVAL);
    IS(SYS(arch_prctl, 0x1003 /* ARCH_GET_FS */, host), -EFAULT);
    IS(SYS(futex, host, 0, 0, 0), -EFAULT);
    IS(strcmp(secret, "secret"), 0);
    IS(SYS(close, 0), 0);
    /* A path that runs into unmapped memory. */
    IS(SYS(open, base + 0xf000, O_RDONLY), -EFAULT);
}

static void memory_calls(void) {
    uint64_t base = bh_instance_base(guest);
    uint64_t anonymous = MAP_PRIVATE | MAP_ANONYMOUS, rw = PROT_READ | PROT_WRITE;
    int64_t at = SYS(mmap, 0, 0x5000, rw, anonymous, -1, 0);
    IS((uint64_t)at - base < BH_SLOT_SIZE, 1);
    IS(SYS(mprotect, at + 0x1000, 0x1000, PROT_READ), 0);
    IS(bh_copy_in(guest, (uint64_t)at + 0x1000, "x", 1), BH_ERROR_RANGE);
    IS(bh_copy_in(guest, (uint64_t)at + 0x2000, "x", 1), BH_OK);
    IS(SYS(mprotect, at, 0x1000, PROT_READ | PROT_EXEC), -EACCES);
    IS(SYS(mmap, 0, 0x1000, rw | PROT_EXEC, anonymous, -1, 0), -EACCES);
    IS(SYS(madvise, at + 0x2000, 0x1000, MADV_DONTNEED), 0);
    char byte = 1;
    IS(bh_copy_out(guest, &byte, (uint64_t)at + 0x2000, 1), BH_OK);
    IS(byte, 0);
    IS(SYS(munmap, at, 0x2000), 0);
    IS(bh_copy_out(guest, &byte, (uint64_t)at, 1), BH_ERROR_RANGE);
    IS(bh_copy_in(guest, (uint64_t)at + 0x4000, "kept", 5), BH_OK);
    int64_t moved = SYS(mremap, at + 0x2000, 0x3000, 0x100000, MREMAP_MAYMOVE);
    char kept[5] = "";
    IS(bh_copy_out(guest, kept, (uint64_t)moved + 0x2000, 5), BH_OK);
    IS(strcmp(kept, "kept"), 0);
    IS(SYS(mremap, moved, 0x100000, 0x1000, 0), moved);
    IS(SYS(munmap, moved, 0x1000), 0);
    /* A file, read in. */
    IS(SYS(open, text("/data/file"), O_RDONLY), 0);
    at = SYS(mmap, 0, 7, PROT_READ, MAP_PRIVATE, 0, 0);
    IS(bh_copy_out(guest, kept, (uint64_t)at, 4), BH_OK);
    IS(memcmp(kept, "cont", 4), 0);
    IS(bh_copy_in(guest, (uint64_t)at, "x", 1), BH_ERROR_RANGE);
    IS(SYS(mmap, 0, 7, rw, MAP_SHARED, 0, 0), -EACCES); /* opened read-only */
    IS(SYS(close, 0), 0);
    /* A shared mapping writes the file; beyond its end the guest gets a SIGBUS, and a copy of the host an error. */
    IS(SYS(open, text("/data/shared"), O_RDWR | O_CREAT, 0666), 0);
    IS(SYS(ftruncate, 0, 0x2000), 0);
    at = SYS(mmap, 0, 0x2000, rw, MAP_SHARED, 0, 0);
    IS(bh_copy_in(guest, (uint64_t)at + 0x1000, "both", 4), BH_OK);
    IS(SYS(pread64, 0, BUFFER, 4, 0x1000), 4);
    IS(bh_copy_out(guest, kept, BUFFER, 4), BH_OK);
    IS(memcmp(kept, "both", 4), 0);
    IS(SYS(mprotect, at, 0x1000, PROT_READ | PROT_EXEC), -EACCES);
    IS(SYS(ftruncate, 0, 0), 0);
    IS(bh_copy_out(guest, kept, (uint64_t)at, 4), BH_ERROR_RANGE);
    IS(SYS(madvise, at, 0x1000, MADV_DONTNEED), -EINVAL);
    IS(SYS(munmap, at, 0x2000), 0);
    IS(SYS(unlink, text("/data/shared")), 0);
    IS(SYS(close, 0), 0);
    IS(SYS(open, text("/ro/file"), O_RDONLY), 0);
    IS(SYS(mmap, 0, 7, rw, MAP_SHARED, 0, 0), -EACCES);
    at = SYS(mmap, 0, 7, PROT_READ, MAP_SHARED, 0, 0);
    IS(SYS(mprotect, at, 0x1000, rw), -EACCES);
    IS(SYS(munmap, at, 0x1000), 0);
    IS(SYS(close, 0), 0);
    /* Growing and shrinking the heap. */
    uint64_t heap = (uint64_t)SYS(brk, 0);
    IS(SYS(brk, heap + 0x5000), (int64_t)heap + 0x5000);
    IS(bh_copy_in(guest, heap + 0x4fff, "x", 1), BH_OK);
    IS(SYS(brk, heap + 10), (int64_t)heap + 10);
    IS(bh_copy_in(guest, heap + 0x4fff, "x", 1), BH_ERROR_RANGE);
    IS(SYS(brk, base + BH_SLOT_SIZE), (int64_t)heap + 10);
    IS(SYS(brk, 1), (int64_t)heap + 10);
    /* The limit of mappings: this policy's is 100. Splitting memory comes to an end, and giving it back starts anew. */
    at = SYS(mmap, 0, 0x100000, rw, anonymous, -1, 0);
    int splits = 0;
    while (splits < 200 && SYS(mprotect, at + 0x2000 * splits, 0x1000, PROT_READ) == 0)
        splits++;
    IS(splits > 20 && splits < 50, 1);
    IS(SYS(munmap, at, 0x100000), 0);
    IS(SYS(mprotect, at, 0x1000, PROT_READ), -ENOMEM);
    at = SYS(mmap, 0, 0x3000, rw, anonymous, -1, 0);
    IS(SYS(mprotect, at + 0x1000, 0x1000, PROT_READ), 0);
    IS(SYS(munmap, at, 0x3000), 0);
    /* The memory limit: this policy's is 64 MiB. */
    IS(SYS(mmap, 0, 65 << 20, rw, anonymous, -1, 0), -ENOMEM);
    at = SYS(mmap, 0, 60 << 20, rw, anonymous, -1, 0);
    IS(at > 0, 1);
    IS(SYS(mmap, 0, 8 << 20, rw, anonymous, -1, 0), -ENOMEM);
    IS(SYS(brk, heap + (8 << 20)), (int64_t)heap + 10);
    IS(SYS(munmap, at, 60 << 20), 0);
}

static void signals(void) {
    IS(SYS(tkill, 2, SIGCHLD), 0);
    uint64_t action[4] = {1 /* SIG_IGN */, 0, 0, 0};
    require(bh_copy_in(guest, BUFFER, action, sizeof(action)));
    IS(SYS(rt_sigaction, SIGTERM, BUFFER, 0, 8), 0);
    IS(SYS(rt_sigaction, SIGKILL, BUFFER, 0, 8), -EINVAL);
    IS(SYS(tkill, 2, SIGTERM), 0);
    uint64_t mask = UINT64_MAX;
    require(bh_copy_in(guest, BUFFER, &mask, 8));
    IS(SYS(rt_sigprocmask, SIG_BLOCK, BUFFER, 0, 8), 0);
    IS(SYS(tkill, 2, SIGUSR1), 0);
    sigset_t host;
    pthread_sigmask(SIG_BLOCK, NULL, &host);
    IS(sigismember(&host, SIGUSR1), 0); /* virtual */
    IS(sigismember(&host, SIGSEGV), 0);
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    require(bh_engine_create(NULL, &engine));
    require(bh_module_load(engine, argv[1], NULL, &module));
    make_tree(argv[2]);
    nothing_granted();
    bh_policy *policy = tree_policy(argv[2]);
    require(bh_policy_set_memory_limit(policy, 64 << 20));
    require(bh_policy_set_mapping_limit(policy, 100));
    start(policy);
    bh_policy_destroy(policy); /* the instance keeps what it needs */
    ways_out();
    descriptors_of_the_host();
    ordinary_files();
    pointers_of_the_host();
    memory_calls();
    signals();
    require(bh_instance_destroy(guest));
    require(bh_module_destroy(module));
    require(bh_engine_destroy(engine));
    printf("%d checks, %d failed\n", checks, failures);
    return failures != 0;
}
