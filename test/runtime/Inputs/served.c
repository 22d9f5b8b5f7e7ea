/* What a program asks for that starts others, or talks to them. */
#include <errno.h>
#include <spawn.h>
#include <sys/socket.h>
#include <unistd.h>

int main(void) {
    pid_t child;
    char *const arguments[] = {"x", NULL};
    if (fork() != -1 || errno != ENOSYS)
        return 1;
    if (posix_spawn(&child, "/x", NULL, NULL, arguments, NULL) != ENOSYS)
        return 2;
    if (execv("/x", arguments) != -1 || errno != ENOSYS)
        return 3;
    return socket(AF_INET, SOCK_STREAM, 0) != -1 || errno != ENOSYS;
}
