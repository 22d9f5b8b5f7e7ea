/* The last line that a guest wrote to its standard error. Programs say there why they give up (assert, a C++ exception
 * that nobody catches) and then abort; the host of a library shows that stream to nobody, so the line goes into the
 * error that ends the call. */
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

#include "linux.h"

#define ENOUGH 256 /* more than a line that is kept */

/* Of a line that is too long to keep, both ends: a C++ exception's type and what() stand there. */
#define GAP " ... "
#define KEPT (BH_SAID_MAX - 1)
#define HEAD (KEPT / 2)
#define TAIL (KEPT - HEAD) /* the last ones, in a ring behind the head */

static void append(struct bh_said *said, char c) {
    if (c == '\n') {
        said->ended = true;
        return;
    }
    if (said->ended)
        said->length = 0;
    said->ended = false;
    size_t place = said->length < HEAD ? said->length : HEAD + (said->length - HEAD) % TAIL;
    said->line[place] = c >= ' ' && c <= '~' ? c : '?';
    said->length++;
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

void bh_said_last(const bh_instance *instance, char *line, size_t capacity) {
    char whole[BH_SAID_MAX] = "";
    const struct bh_said *said = &instance->personality->said;
    bool cut = said->length > KEPT;
    size_t length = cut ? KEPT : said->length;
    memcpy(whole, said->line, length);
    for (size_t n = 0; cut && n < TAIL; n++)
        whole[HEAD + n] = said->line[HEAD + (said->length - HEAD + n) % TAIL];
    if (cut)
        memcpy(whole + HEAD, GAP, sizeof(GAP) - 1);
    snprintf(line, capacity, "%s", whole);
}
