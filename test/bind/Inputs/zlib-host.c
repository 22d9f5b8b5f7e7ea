/* A user of zlib, natively or, with -DISOLATED, through the wrapper. */
#ifdef ISOLATED
#include "zlib_bind.h"
#else
#include <zlib.h>
#endif
#include <stdio.h>
#include <string.h>

static unsigned char in[100000], out[100000], back[100000];

static void pack(z_stream *s) {
    int status;
    memset(s, 0, sizeof *s);
    printf("%s: %d\n", zlibVersion(), deflateInit(s, 6));
    s->next_in = in;
    s->avail_in = sizeof in;
    s->next_out = out;
    do {
        s->avail_out = 1000;
        status = deflate(s, Z_FINISH);
    } while (status == Z_OK);
    printf("%d: %lu %ld\n", status, s->total_out, (long)(s->next_out - out));
    deflateEnd(s);
}

static void unpack(z_stream *s, unsigned char *from, unsigned size) {
    int status;
    memset(s, 0, sizeof *s);
    inflateInit(s);
    s->next_in = from;
    s->avail_in = size;
    s->next_out = back;
    do {
        s->avail_out = 5000;
        status = inflate(s, Z_NO_FLUSH);
    } while (status == Z_OK);
    printf("%d: %d %lx %s\n", status, memcmp(in, back, sizeof in), crc32(crc32(0, Z_NULL, 0), back, sizeof back), s->msg ? s->msg : "-");
    inflateEnd(s);
}

int main(int argc, char **argv) {
    unsigned char bad[] = {1, 2, 3};
    uLongf size = sizeof out, small = 10;
    z_stream s;
#ifdef ISOLATED
    if (argc != 2 || zlib_bind_open(argv[1], NULL))
        return printf("open: %s\n", bh_last_error()->text), 1;
#else
    (void)argc, (void)argv;
#endif
    for (int n = 0; n < (int)sizeof in; n++)
        in[n] = (unsigned char)(n * n >> 7);
    pack(&s);
    unpack(&s, out, (unsigned)s.total_out);
    unpack(&s, bad, sizeof bad);
    int status = compress(out, &size, in, 50000);
    printf("%d %lu", status, size);
    status = compress(out, &small, in, 50000);
    printf(" %d %lu\n", status, small);
#ifdef ISOLATED
    if (zlib_bind_error()->kind)
        printf("%s\n", zlib_bind_error()->text);
#endif
    return 0;
}
