/* Prints results of calls that are the same whoever asks. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "told.h"

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
    T(pthread_create(&other_thread, NULL, thread, NULL));
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
