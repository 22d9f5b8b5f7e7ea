/* The library. It knows nothing of the sandbox. A name that is too long overflows a buffer on its heap. */
#include "rle.h"

#include <stdlib.h>
#include <string.h>

struct rle {
    char name[16];
    rle_progress *progress;
    void *user;
};

rle *rle_new(const char *name) {
    rle *r = calloc(1, sizeof *r);
    if (r)
        strcpy(r->name, name);
    return r;
}

void rle_free(rle *r) { free(r); }

const char *rle_name(const rle *r) { return r ? r->name : NULL; }

int rle_pack(rle *r, const void *from, size_t size, void *to, size_t *room) {
    const unsigned char *in = from;
    unsigned char *out = to;
    size_t used = 0;
    for (size_t n = 0, run; n < size; n += run) {
        for (run = 1; n + run < size && in[n + run] == in[n] && run < 255;)
            run++;
        if (used + 2 > *room)
            return -1;
        out[used++] = (unsigned char)run;
        out[used++] = in[n];
        if (r->progress)
            r->progress(r->user, n + run, size);
    }
    *room = used;
    return 0;
}

void rle_watch(rle *r, rle_progress *progress, void *user) {
    r->progress = progress;
    r->user = user;
}
