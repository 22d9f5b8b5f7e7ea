/* Prints results of calls that are the same whoever asks. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "told.h"

/* 3 MiB in one file, and what comes of copying it. */
static void copies(void) {
    enum { MEGABYTE = 1 << 20 };
    static char bytes[3 * MEGABYTE], found[sizeof(bytes)];
    int from = open("from", O_CREAT | O_RDWR, 0644), to = open("to", O_CREAT | O_RDWR, 0644), end[2];
    off_t at = 5, other = 0;
    for (size_t n = 0; n < sizeof(bytes); n++)
        bytes[n] = (char)(n / 4096 + n);
    T(write(from, bytes, sizeof(bytes)));
    T(sendfile(to, from, NULL, 10));
    T(lseek(from, 0, SEEK_SET));
    T(sendfile(to, from, NULL, 4 * sizeof(bytes)));
    T(lseek(from, 0, SEEK_CUR));
    T(lseek(to, 0, SEEK_CUR));
    T(pread(to, found, sizeof(found), 0));
    T(memcmp(found, bytes, sizeof(bytes)));
    T(sendfile(to, from, &at, 7));
    T(at);
    T(sendfile(from, from, &at, 0));
    T(sendfile(to, from, &at, -1));
    T(pipe(end));
    T(sendfile(end[1], from, &at, 100));
    T(read(end[0], found, sizeof(found)));
    T(memcmp(found, bytes + 12, 100));
    T(sendfile(to, end[0], NULL, 1));
    T(sendfile(from, 99, NULL, 1));
    T(sendfile(99, from, NULL, 1));
    T(ftruncate(to, 0));
    at = 1;
    T(copy_file_range(from, &at, to, &other, 2 * MEGABYTE + 1, 0));
    T(at);
    T(other);
    T(pread(to, found, sizeof(found), 0));
    T(memcmp(found, bytes + 1, 2 * MEGABYTE + 1));
    at = 0;
    T(copy_file_range(from, &at, to, &other, sizeof(bytes) + 1, 0));
    T(copy_file_range(from, &at, to, &other, 1, 0));
    T(copy_file_range(from, &at, to, &other, 1, 1));
    T(copy_file_range(from, &at, to, &other, -1, 0));
    at = -1;
    T(copy_file_range(from, &at, to, &other, 1, 0));
    at = 0;
    T(copy_file_range(from, &at, end[1], NULL, 1, 0));
    T(copy_file_range(end[0], NULL, to, NULL, 1, 0));
    T(copy_file_range(from, &at, 99, NULL, 1, 0));
    /* Within a file: what overlaps, and what does not. */
    static const off_t places[] = {0, 1, MEGABYTE, 2 * MEGABYTE - 1, 2 * MEGABYTE, 3 * MEGABYTE - 1, 3 * MEGABYTE};
    for (int n = 0; n < 7; n++)
        for (int m = 0; m < 7; m++) {
            at = places[n];
            other = places[m];
            printf("%ld %ld: ", (long)at, (long)other);
            T(copy_file_range(to, &at, to, &other, 2 * MEGABYTE, 0));
        }
    T(lseek(to, 0, SEEK_SET));
    T(copy_file_range(to, NULL, to, NULL, 2 * MEGABYTE, 0));
    T(lseek(to, 0, SEEK_END));
    T(copy_file_range(to, NULL, to, NULL, 2 * MEGABYTE, 0));
}

static void memory_files(void) {
    struct stat info;
    char bytes[8] = "";
    int fd = memfd_create("m", MFD_CLOEXEC | MFD_ALLOW_SEALING), plain = memfd_create("m", 0);
    T(fcntl(fd, F_GETFD));
    T(fcntl(plain, F_GETFD));
    T(fcntl(fd, F_GETFL) & O_ACCMODE);
    T(memfd_create("m", -1));
    T(write(fd, "content", 7));
    T(fstat(fd, &info));
    T(S_ISREG(info.st_mode));
    T(info.st_size);
    T(info.st_nlink);
    T(pread(fd, bytes, 7, 0));
    T(strcmp(bytes, "content"));
    T(ftruncate(fd, 8192));
    char *at = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    at[4096] = 'x';
    T(pread(fd, bytes, 1, 4096));
    T(at[4096]);
    T(bytes[0]);
    T(memcmp(at, "content", 7));
    T(fcntl(plain, F_GET_SEALS));
    T(fcntl(plain, F_ADD_SEALS, F_SEAL_SHRINK));
    T(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW));
    T(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    T(fcntl(fd, F_GET_SEALS));
    T(ftruncate(fd, 1));
    T(ftruncate(fd, 8193));
    T(pwrite(fd, "xx", 2, 8191));
    T(munmap(at, 8192));
    T(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));
    T(pwrite(fd, "x", 1, 0));
    T(sendfile(plain, fd, &(off_t){0}, 8192));
    T(copy_file_range(plain, &(off_t){0}, fd, &(off_t){0}, 1, 0));
    T(lseek(plain, 0, SEEK_END));
    T(fchmod(plain, 0600));
    T(ftruncate(plain, -1));
    T(fcntl(0, F_GET_SEALS));
}

static void *thread(void *context) {
    char name[16] = "";
    T(prctl(PR_GET_NAME, name));
    printf("name: %s\n", name);
    T(pthread_setname_np(pthread_self(), "of its own"));
    return NULL;
}

int main(void) {
    struct rlimit limit;
    struct statvfs room;
    char name[16];
    pthread_t other_thread;
    copies();
    memory_files();
    for (int fd = 3; fd < 16; fd++)
        close(fd);
    T(getrlimit(RLIMIT_STACK, &limit));
    T(setrlimit(RLIMIT_STACK, &limit));
    T(setrlimit(RLIMIT_CORE, (&(struct rlimit){0, 0})));
    T(setrlimit(RLIMIT_CORE, (&(struct rlimit){0, 0})));
    T(getrlimit(RLIMIT_CORE, &limit) || limit.rlim_cur || limit.rlim_max);
    T(getrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_cur = 5;
    T(setrlimit(RLIMIT_NOFILE, &limit));
    T(dup2(1, 5));
    T(setrlimit(99, &limit));
    T(getpriority(9, 0));
    T(prctl(PR_SET_NAME, "inherited"));
    pthread_create(&other_thread, NULL, thread, NULL);
    T(pthread_join(other_thread, NULL));
    T(pthread_getname_np(pthread_self(), name, sizeof(name)));
    printf("%s\n", name);
    T(statvfs(".", &room));
    T(room.f_blocks > 0 && room.f_bavail <= room.f_blocks && room.f_namemax == 255);
    T(statvfs("none", &room));
    int fd = open("f", O_CREAT | O_RDWR, 0644), other = open("f", O_RDWR);
    struct flock lock = {.l_type = F_WRLCK};
    T(fcntl(fd, F_SETLK, &lock));
    T(fcntl(other, F_SETLK, &lock));
    T(fcntl(other, F_SETLKW, &lock));
    T(fcntl(other, F_GETLK, &lock));
    T(lock.l_type);
    T(lockf(fd, F_TLOCK, 10));
    T(lockf(other, F_TEST, 10));
    T(fstatvfs(fd, &room));
    T(fstatvfs(99, &room));
    return 0;
}
