/* The last line that a guest wrote to its standard error. Programs say there why they give up (assert, a C++ exception
 * that nobody catches) and then abort; the host of a library shows that stream to nobody, so the line goes into the
 * error that ends the call. */
#include <string.h>
#include <sys/uio.h>

#include "linux.h"

#define ENOUGH 256 /* more than a line that is kept */

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

static void append_part(bh_instance *instance, uint64_t from, size_t size) {
    char part[ENOUGH];
    if (!bh_get(instance, part, from, size))
        return;
    for (size_t i = 0; i < size; i++)
        append(&instance->personality->said, part[i]);
}

/* Of what is longer, the beginning and the end: a line that goes on from one to the other is full before. */
void bh_said_append(bh_instance *instance, const struct iovec *vector, int count) {
    for (int n = 0; n < count; n++) {
        uint64_t at = (uint64_t)(uintptr_t)vector[n].iov_base;
        size_t size = vector[n].iov_len, head = size < ENOUGH ? size : ENOUGH,
               tail = size - head < ENOUGH ? size - head : ENOUGH;
        append_part(instance, at, head);
        append_part(instance, at + size - tail, tail);
    }
}

void bh_linux_said(const bh_instance *instance, char *line, size_t capacity) {
    const struct bh_said *said = &instance->personality->said;
    size_t length = said->length < capacity ? said->length : capacity - 1;
    memcpy(line, said->line, length);
    line[length] = 0;
}
