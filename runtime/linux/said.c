/* The last line that a guest wrote to its standard error. Programs say there why they give up (assert, a C++ exception that nobody
 * catches) and then abort; the host of a library shows that stream to nobody, so the line goes into the error that ends the call. */
#include <string.h>
#include <sys/uio.h>

#include "linux.h"

#define TAIL 256 /* of what is written at a time: more than a line that is kept */

static void append(struct bh_said *said, char c) {
    if (c == '\n') {
        said->ended = true;
        return;
    }
    if (said->ended)
        said->length = 0;
    said->ended = false;
    if (said->length < sizeof(said->line) - 1)
        said->line[said->length++] = c >= ' ' && c <= '~' ? c : '?';
}

void bh_said_append(bh_instance *instance, const struct iovec *vector, int count) {
    struct bh_said *said = &instance->personality->said;
    for (int n = 0; n < count; n++) {
        char tail[TAIL];
        size_t size = vector[n].iov_len, kept = size < sizeof(tail) ? size : sizeof(tail);
        if (!bh_get(instance, tail, (uint64_t)(uintptr_t)vector[n].iov_base + size - kept, kept))
            kept = 0;
        for (size_t i = 0; i < kept; i++)
            append(said, tail[i]);
    }
}

void bh_linux_said(const bh_instance *instance, char *line, size_t capacity) {
    const struct bh_said *said = &instance->personality->said;
    size_t length = said->length < capacity ? said->length : capacity - 1;
    memcpy(line, said->line, length);
    line[length] = 0;
}
