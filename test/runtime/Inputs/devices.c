/* What a program finds in /dev, the same on Linux as in a guest: opened, looked at, read, written, mapped. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "told.h"

static char buffer[1 << 20], other[64];

static void look(const char *name) {
    struct stat one, two;
    struct pollfd set = {open(name, O_RDONLY | O_CLOEXEC), POLLIN | POLLOUT, 0};
    printf("%s\n", name);
    T(set.fd >= 0);
    T(stat(name, &one));
    T(fstat(set.fd, &two));
    printf("%o %u:%u, %s\n", one.st_mode, major(one.st_rdev), minor(one.st_rdev),
           one.st_ino == two.st_ino && one.st_dev == two.st_dev && one.st_rdev == two.st_rdev ? "the same" : "another");
    T(access(name, F_OK));
    T(access(name, R_OK));
    T(access(name, X_OK));
    T(poll(&set, 1, 0));
    printf("%x\n", set.revents);
    T(fcntl(set.fd, F_GETFL) & ~O_LARGEFILE);
    T(fcntl(set.fd, F_GETFD));
    T(read(set.fd, buffer, 16));
    T(write(set.fd, "x", 1));
    T(isatty(set.fd));
    T(lseek(set.fd, 10, SEEK_SET) >= 0);
    T(ftruncate(set.fd, 0));
    T(fallocate(set.fd, 0, 0, 1) == 0);
    T(fsync(set.fd));
    T(open(name, O_RDONLY | O_DIRECTORY));
    T(open(name, O_RDWR | O_CREAT | O_EXCL, 0600));
    close(set.fd);
}

static int open_and_close(const char *name, int flags) {
    int fd = open(name, flags, 0600);
    return fd < 0 ? fd : close(fd);
}

static int maps(int flags, int protection, int mapping) {
    int fd = open("/dev/zero", flags);
    char *at = mmap(NULL, 65536, protection, mapping, fd, 0);
    close(fd);
    if (at == MAP_FAILED)
        return -1;
    int sum = at[0] + at[65535];
    if (protection & PROT_WRITE)
        at[100] = 7, sum += at[100];
    munmap(at, 65536);
    return sum;
}

static void memory_devices(void) {
    static const char *const names[] = {"/dev/null", "/dev/zero", "/dev/full"};
    for (int n = 0; n < 3; n++) {
        look(names[n]);
        T(access(names[n], R_OK | W_OK));
        T(open_and_close(names[n], O_WRONLY));
        T(open_and_close(names[n], O_WRONLY | O_CREAT | O_TRUNC));
        T(open_and_close(names[n], O_RDWR | O_APPEND));
        T(open_and_close(names[n], O_PATH));
        T(open_and_close(names[n], O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
        int fd = open(names[n], O_WRONLY);
        T(write(fd, buffer, sizeof(buffer)));
        T(read(fd, buffer, 1));
        close(fd);
    }
    int fd = open("/dev/zero", O_RDONLY);
    memset(buffer, 1, sizeof(buffer));
    T(read(fd, buffer, sizeof(buffer)));
    T(memchr(buffer, 1, sizeof(buffer)) != NULL);
    T(pread(fd, buffer, 8, 100));
    close(fd);
    T(maps(O_RDWR, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    T(maps(O_RDWR, PROT_READ | PROT_WRITE, MAP_SHARED));
    T(maps(O_RDONLY, PROT_READ | PROT_WRITE, MAP_PRIVATE));
    T(maps(O_RDONLY, PROT_READ, MAP_SHARED));
    T(maps(O_WRONLY, PROT_READ, MAP_PRIVATE));
    fd = open("/dev/null", O_RDWR);
    T(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0) == MAP_FAILED);
    close(fd);
}

static void random_devices(void) {
    static const char *const names[] = {"/dev/urandom", "/dev/random"};
    for (int n = 0; n < 2; n++) {
        look(names[n]);
        int fd = open(names[n], O_RDONLY);
        T(read(fd, buffer, 64));
        T(read(fd, other, 64));
        T(memcmp(buffer, other, 64) == 0);
        T(read(fd, buffer, sizeof(buffer)));
        close(fd);
    }
}

static void descriptors(void) {
    int ends[2];
    char name[32];
    struct stat info;
    pipe(ends);
    snprintf(name, sizeof(name), "/dev/fd/%d", ends[0]);
    int in = open(name, O_RDONLY);
    T(access(name, R_OK));
    snprintf(name, sizeof(name), "/dev/fd/%d", ends[1]);
    int out = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    T(fcntl(out, F_GETFD));
    T(write(out, "through", 7));
    T(stat(name, &info));
    printf("%s\n", S_ISFIFO(info.st_mode) ? "a pipe" : "none");
    T(read(in, buffer, 64));
    close(ends[0]);
    close(ends[1]);
    close(in);
    T(open(name, O_RDONLY));
    T(open("/dev/fd/77", O_RDONLY));
    T(open("/dev/fd/4294967296", O_RDONLY));
    T(open("/dev/fd/x", O_RDONLY));
    T(open("/dev/fd/-1", O_RDONLY));
    T(stat("/dev/fd/77", &info));
    T(access("/dev/fd/77", F_OK));
    close(out);
    /* What it was given: input from a pipe, output to one, no errors. */
    in = open("/dev/stdin", O_RDONLY);
    T(read(in, buffer, 5));
    T(memcmp(buffer, "input", 5));
    FILE *file = fopen("/dev/stdout", "w");
    fprintf(file, "to /dev/stdout\n");
    fclose(file);
    file = fopen("/dev/stderr", "a");
    T(file != NULL);
    fprintf(file, "to /dev/stderr\n");
    fclose(file);
}

int main(void) {
    struct stat info;
    memory_devices();
    random_devices();
    descriptors();
    T(open("/dev/nothing", O_RDONLY));
    T(open_and_close("//dev/./null", O_RDONLY));
    T(open_and_close("dev/null", O_RDONLY)); /* from the root */
    T(open("/dev/tty", O_RDWR));
    T(stat("/dev/tty", &info));
    printf("%o %u:%u\n", info.st_mode & ~0666, major(info.st_rdev), minor(info.st_rdev));
    T(stat("/dev", &info));
    printf("%d\n", S_ISDIR(info.st_mode));
    T(strcmp(realpath("/dev/null", NULL), "/dev/null"));
    T(readlink("/dev/null", buffer, 100));
    T(unlink("/dev/nothing") < 0);
    return 0;
}
