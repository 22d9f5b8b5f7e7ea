/* The functions of include/posix.h: each fails as it does for a process that may not do such a thing; locks of streams
 * do nothing. */
#include <errno.h>
#include <stddef.h>
#include <unistd.h>

static int refuse(void) {
    errno = EPERM;
    return -1;
}
static void *refuse_pointer(void) {
    errno = EPERM;
    return NULL;
}

int chmod(const char *path, unsigned mode) { return refuse(); }
int chown(const char *path, unsigned user, unsigned group) { return refuse(); }
int fchmod(int fd, unsigned mode) { return refuse(); }
int fchown(int fd, unsigned user, unsigned group) { return refuse(); }
unsigned umask(unsigned mask) { return 022; }
unsigned geteuid(void) { return 0; }
int dup(int fd) { return refuse(); }
int system(const char *command) { return command ? refuse() : 0; }
struct _IO_FILE *tmpfile(void) { return refuse_pointer(); }
struct _IO_FILE *popen(const char *command, const char *mode) { return refuse_pointer(); }
int pclose(struct _IO_FILE *stream) { return refuse(); }
char *tmpnam(char *buffer) { return refuse_pointer(); }
int mkstemp(char *template) { return refuse(); }
void flockfile(struct _IO_FILE *stream) {}
void funlockfile(struct _IO_FILE *stream) {}

/* At most 256 bytes a call, as getentropy gives them; callers of getrandom expect fewer than they asked for. */
long getrandom(void *buffer, unsigned long size, unsigned flags) {
    size = size > 256 ? 256 : size;
    return getentropy(buffer, size) == 0 ? (long)size : -1;
}
