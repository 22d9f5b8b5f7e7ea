/* See input.h. */
#include "input.h"

#include "progress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 4 << 20 };

uint8_t *read_input(const struct options *options, const char *name, size_t *size) {
    int fd = strcmp(name, "-") ? open(name, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO), error = 0;
    struct stat status;
    uint8_t *data = NULL;
    size_t room = 0;
    *size = 0;
    if (fd < 0)
        return NULL;
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
        room = (size_t)status.st_size;
    volatile size_t *done = progress_begin(options, name, "reading", room);
    room += CHUNK; /* so that the end is seen before the memory is full */
    for (;;) {
        uint8_t *grown = realloc(data, room);
        size_t wanted = room - *size < CHUNK ? room - *size : CHUNK;
        ssize_t n = grown ? read(fd, grown + *size, wanted) : -1;
        data = grown ? grown : data;
        if (n < 0 && grown && errno == EINTR)
            continue;
        error = n < 0 ? errno : 0;
        if (n <= 0)
            break;
        *size += (size_t)n;
        *done = *size;
        if (*size == room)
            room *= 2;
    }
    progress_end(*size);
    close(fd);
    if (!error)
        return data;
    free(data);
    errno = error;
    return NULL;
}
