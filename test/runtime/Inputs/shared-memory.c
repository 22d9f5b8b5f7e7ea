/* Named semaphores and shared memory, as POSIX has them: in what is granted as /dev/shm. */
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHECK(condition) \
    ((condition) ? (void)0 : (void)(printf("line %d: %s: %s\n", __LINE__, #condition, strerror(errno)), failures++))

int main(int argc, char **argv) {
    int failures = 0, value;
    sem_t *semaphore = sem_open("/bulkhead", O_CREAT | O_EXCL, 0600, 2);
    if (semaphore == SEM_FAILED)
        return perror("sem_open"), 1;
    CHECK(sem_open("/bulkhead", O_CREAT | O_EXCL, 0600, 1) == SEM_FAILED && errno == EEXIST);
    sem_t *again = sem_open("/bulkhead", O_CREAT, 0600, 7);
    CHECK(again == semaphore && !sem_wait(again) && !sem_trywait(semaphore) && sem_trywait(semaphore) &&
          errno == EAGAIN);
    CHECK(!sem_post(semaphore) && !sem_getvalue(again, &value) && value == 1);
    CHECK(!sem_close(again) && !sem_close(semaphore) && !sem_unlink("/bulkhead") && sem_unlink("/bulkhead") &&
          errno == ENOENT);
    CHECK(sem_open("/bulkhead", 0) == SEM_FAILED && errno == ENOENT);
    int fd = shm_open("/memory", O_RDWR | O_CREAT | O_EXCL, 0600);
    CHECK(fd >= 0 && !ftruncate(fd, 4096));
    char *one = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0),
         *two = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(one != MAP_FAILED && two != MAP_FAILED && strcpy(one, "shared") && !strcmp(two, "shared") &&
          !shm_unlink("/memory"));
    return failures != 0;
}
