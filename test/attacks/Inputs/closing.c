/* The guest of closing-attacks.c: system calls of its host's choice, on several threads at a time. */
#include <errno.h>
#include <unistd.h>

char memory[4096];

long call(long number, long a, long b, long c, long d) {
    long result = syscall(number, a, b, c, d);
    return result < 0 ? -errno : result;
}
