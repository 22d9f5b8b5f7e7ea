/* devices-test MODULE DIRECTORY: /dev by policy, and what a guest may do wrong with it. MODULE is library.S;
 * DIRECTORY holds a file "null". */
#define _DEFAULT_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "entries.h"
#include "syscalls.h"

#define HOST (BUFFER + BH_SLOT_SIZE)
#define LAST (bh_instance_base(guest) + BH_SLOT_SIZE)

static const char *directory;

/* The runtime's: what it opens instead of a device of the host. */
static const char *in_place_of_null;
int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return openat(AT_FDCWD, in_place_of_null && !strcmp(path, "/dev/null") ? in_place_of_null : path, flags, mode);
}

static bh_policy *start(unsigned grants, const char *as, int stream) {
    bh_policy *policy;
    REQUIRE(!bh_policy_create(&policy) && !bh_policy_grant(policy, grants));
    REQUIRE(!as || !bh_policy_grant_directory(policy, directory, as, BH_READ_WRITE));
    REQUIRE(stream < 0 || !bh_policy_grant_stream(policy, 1, stream));
    start_guest(policy);
    return policy;
}

static void end(bh_policy *policy) {
    CHECK(!bh_instance_destroy(guest));
    bh_policy_destroy(policy);
}

/* No grant at all: what is the same for everybody is there, and changes nothing of the host's. */
static void test_nothing_granted(void) {
    const uint64_t times[4] = {1, 0, 1, 0};
    struct stat before, after;
    bh_policy *policy = start(0, NULL, -1);
    REQUIRE(!stat("/dev/null", &before));
    IS(SYS(open, str("/dev/null"), O_RDWR), 0);
    IS(SYS(flock, 0, LOCK_EX), -EINVAL);
    IS(SYS(fchmod, 0, 0600), -EPERM);
    IS(SYS(utimensat, 0, 0, buffer(times, sizeof(times)), 0), -EPERM);
    IS(SYS(ftruncate, 0, 0), -EINVAL);
    IS(SYS(fallocate, 0, 0, 0, 1) < 0, 1);
    IS(SYS(ioctl, 0, TIOCGWINSZ, BUFFER), -ENOTTY);
    IS(SYS(ioctl, 0, FIONREAD, BUFFER), -ENOTTY);
    IS(SYS(mmap, 0, 4096, PROT_READ, MAP_PRIVATE, 0, 0), -ENODEV);
    IS(SYS(mmap, 0, 4096, PROT_READ, MAP_SHARED, 0, 0), -ENODEV);
    IS(SYS(getdents64, 0, BUFFER, 1024), -ENOTDIR);
    IS(SYS(openat, 0, str("x"), O_RDONLY), -ENOTDIR);
    struct flock lock = {.l_type = F_WRLCK};
    IS(SYS(fcntl, 0, F_SETLK, buffer(&lock, sizeof(lock))), -EINVAL);
    IS(SYS(fcntl, 0, F_SETFL, O_NONBLOCK | O_APPEND), 0);
    IS(SYS(chmod, str("/dev/null"), 0600) < 0, 1);
    IS(SYS(unlink, str("/dev/null")) < 0, 1);
    IS(SYS(rename, str("/dev/null"), str2("/x")) < 0, 1);
    IS(SYS(truncate, str("/dev/null"), 0) < 0, 1);
    IS(SYS(mkdir, str("/dev/new"), 0700) < 0, 1);
    IS(SYS(close, 0), 0);
    REQUIRE(!stat("/dev/null", &after));
    CHECK(before.st_mode == after.st_mode && before.st_mtime == after.st_mtime && before.st_uid == after.st_uid);
    static const char *const not_there[] = {"/dev/mem", "/dev/sda", "/dev/zero0", "/dev/shm", "/dev/pts/0",
                                            "/dev/fd", "/dev/fd/0", "/dev/fd/00", "/dev/fd/", "/dev/fd/3x",
                                            "/dev/fd/.",
                                            "/dev/stdin", "/dev/null/", "/dev/null/x", "/dev/x/../null", "/dev/nul",
                                            "/null", "null", "/dev/dev/null"};
    for (size_t n = 0; n < sizeof(not_there) / sizeof(*not_there); n++) {
        if (SYS(open, str(not_there[n]), O_RDONLY) >= 0 || SYS(stat, str(not_there[n]), BUFFER) >= 0) {
            printf("%s is there\n", not_there[n]);
            failures++;
        }
    }
    /* Random numbers are by policy; that the names are there may be known. */
    IS(SYS(stat, str("/dev/urandom"), BUFFER), 0);
    IS(SYS(access, str("/dev/urandom"), F_OK), 0);
    IS(SYS(access, str("/dev/urandom"), R_OK), -EACCES);
    IS(SYS(open, str("/dev/urandom"), O_RDONLY), -EACCES);
    IS(SYS(open, str("/dev/random"), O_RDONLY | O_NONBLOCK), -EACCES);
    IS(SYS(open, str("/dev/random"), O_PATH), 0);
    IS(SYS(read, 0, BUFFER, 1), -EBADF);
    IS(SYS(open, str("/dev/fd/0"), O_RDONLY), 1);
    IS(SYS(read, 1, BUFFER, 1), -EBADF);
    IS(SYS(open, str("/dev"), O_RDONLY), -EACCES);
    IS(SYS(open, str("/dev"), O_RDWR), -EISDIR);
    IS(SYS(access, str("/dev"), W_OK), -EROFS);
    IS(SYS(open, HOST, O_RDONLY), -EFAULT);
    IS(SYS(open, LAST - 1, O_RDONLY), -EFAULT);
    IS(SYS(stat, str("/dev/null"), HOST), -EFAULT);
    end(policy);
}

static void test_random(void) {
    bh_policy *policy = start(BH_GRANT_RANDOM, NULL, -1);
    IS(SYS(open, str("/dev/urandom"), O_RDWR), -EACCES);
    IS(SYS(open, str("/dev/urandom"), O_WRONLY), -EACCES);
    IS(SYS(access, str("/dev/random"), W_OK), -EACCES);
    IS(SYS(open, str("/dev/urandom"), O_RDONLY), 0);
    IS(SYS(write, 0, BUFFER, 1), -EBADF);
    IS(SYS(read, 0, BUFFER, 512), 512);
    IS(SYS(read, 0, HOST, 1), -EFAULT);
    IS(SYS(read, 0, LAST, 1), -EFAULT);
    IS(SYS(ioctl, 0, 0x80045200 /* RNDGETENTCNT */, BUFFER), -ENOTTY);
    end(policy);
}

/* What a name of a descriptor opens can do what that can, and no more. */
static void test_descriptors(void) {
    int reads = open("/dev/null", O_RDONLY | O_CLOEXEC);
    bh_policy *policy = start(0, NULL, reads);
    IS(SYS(open, str("/dev/stdout"), O_WRONLY), -EACCES);
    IS(SYS(open, str("/dev/stdout"), O_RDWR), -EACCES);
    IS(SYS(access, str("/dev/stdout"), W_OK), -EACCES);
    IS(SYS(open, str("/dev/stdout"), O_RDONLY | O_DIRECTORY), -ENOTDIR);
    IS(SYS(open, str("/dev/stdout"), O_RDONLY), 0);
    IS(SYS(fchmod, 0, 0600), -EPERM); /* a stream of the host's still */
    IS(SYS(fcntl, 0, F_SETFL, O_NONBLOCK), 0);
    CHECK(!(fcntl(reads, F_GETFL) & O_NONBLOCK));
    IS(SYS(open, str("/dev/fd/1"), O_RDONLY), 2);
    IS(SYS(open, str("/dev/fd/18446744073709551617"), O_RDONLY), -ENOENT); /* 2 to the 64th, and 1 */
    for (int fd = 3; fd < 256; fd++)
        IS(SYS(open, str("/dev/null"), O_RDONLY), fd);
    IS(SYS(open, str("/dev/null"), O_RDONLY), -EMFILE);
    IS(SYS(open, str("/dev/fd/1"), O_RDONLY), -EMFILE);
    end(policy);
    close(reads);
}

static char first_byte(const char *path) {
    char byte = 0;
    int64_t fd = SYS(open, str(path), O_RDONLY);
    if (fd < 0 || SYS(read, fd, BUFFER, 1) != 1 || bh_copy_out(guest, &byte, BUFFER, 1))
        byte = 0;
    SYS(close, fd);
    return byte;
}

static void test_grants(void) {
    bh_policy *policy = start(0, "/dev", -1);
    CHECK(first_byte("/dev/null") == 'c');
    IS(SYS(open, str("/dev/zero"), O_RDONLY), -ENOENT);
    IS(SYS(stat, str("/dev/stdin"), BUFFER), -ENOENT);
    IS(SYS(open, str("/dev"), O_RDONLY | O_DIRECTORY), 0);
    end(policy);
    policy = start(0, "/dev/null", -1);
    CHECK(first_byte("/dev/null/null") == 'c');
    IS(SYS(read, SYS(open, str("/dev/null"), O_RDONLY), BUFFER, 1), -EISDIR);
    end(policy);
    policy = start(0, "/dev/nul", -1);
    CHECK(first_byte("/dev/nul/null") == 'c');
    IS(SYS(read, SYS(open, str("/dev/null"), O_RDONLY), BUFFER, 1), 0);
    end(policy);
    policy = start(0, "/dev/fd", -1);
    CHECK(first_byte("/dev/fd/null") == 'c');
    IS(SYS(open, str("/dev/fd/0"), O_RDONLY), -ENOENT);
    IS(SYS(open, str("/dev/zero"), O_RDONLY), 0);
    IS(SYS(open, str("/dev"), O_RDONLY | O_DIRECTORY), 1);
    end(policy);
    /* One of "/" says nothing of devices, and one that only begins alike nothing at all. */
    policy = start(0, "/", -1);
    CHECK(first_byte("/null") == 'c');
    IS(SYS(open, str("/dev/null"), O_RDONLY), 0);
    IS(SYS(stat, str("/dev"), BUFFER), -ENOENT);
    end(policy);
    policy = start(0, "/devices", -1);
    IS(SYS(open, str("/dev/null"), O_RDONLY), 0);
    IS(SYS(mmap, 0, 4096, PROT_READ, MAP_PRIVATE, 0, 0), -ENODEV);
    end(policy);
}

/* What has a device's name and is none, or another one, or is not there, is not opened. */
static void test_impostors(void) {
    char file[4096];
    snprintf(file, sizeof(file), "%s/null", directory);
    const char *const impostors[] = {file, "/dev/zero", "/dev/nothing"};
    bh_policy *policy = start(0, NULL, -1);
    for (size_t n = 0; n < sizeof(impostors) / sizeof(*impostors); n++) {
        in_place_of_null = impostors[n];
        IS(SYS(open, str("/dev/null"), O_RDONLY), -ENOENT);
        IS(SYS(stat, str("/dev/null"), BUFFER), -ENOENT);
        in_place_of_null = NULL;
    }
    IS(SYS(open, str("/dev/null"), O_RDONLY), 0);
    end(policy);
}

/* Memory of /dev/zero is memory like other: it counts. */
static void test_zero(void) {
    bh_policy *policy = start(0, NULL, -1);
    CHECK(!bh_instance_destroy(guest) && !bh_policy_set_memory_limit(policy, 1 << 20));
    start_guest(policy);
    IS(SYS(open, str("/dev/zero"), O_RDWR), 0);
    IS(SYS(mmap, 0, 4 << 20, PROT_READ | PROT_WRITE, MAP_SHARED, 0, 0), -ENOMEM);
    IS(SYS(mmap, 0, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0, 0), -ENOMEM);
    IS(SYS(mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, 0, 0), -EACCES);
    IS(SYS(mmap, HOST, 4096, PROT_READ, MAP_PRIVATE | MAP_FIXED, 0, 0), -ENOMEM);
    IS(SYS(mmap, 0, 4096, PROT_READ, MAP_PRIVATE, 0, 1), -EINVAL);
    IS(SYS(mmap, 0, 4096, PROT_READ, MAP_PRIVATE, 0, 4096) > 0, 1);
    end(policy);
}

int main(int argc, char **argv) {
    if (argc != 3)
        return 2;
    directory = argv[2];
    open_module(argv[1], 4);
    int before = entries_of("/proc/self/fd");
    test_nothing_granted();
    test_random();
    test_descriptors();
    test_grants();
    test_impostors();
    test_zero();
    CHECK(entries_of("/proc/self/fd") == before);
    close_module();
    return failures != 0;
}
