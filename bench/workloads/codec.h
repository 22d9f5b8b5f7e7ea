/* One compression library, as codec.c drives it. Each function ends the program (die) where the library fails. */
#ifndef BENCH_CODEC_H
#define BENCH_CODEC_H

#include "driver.h"

/* The most bytes that `size` bytes may become. */
size_t codec_bound(size_t size);
/* Compresses into `out`, which has codec_bound(in.size) bytes. Returns how many were used. */
size_t codec_compress(int level, struct bytes in, unsigned char *out);
/* Expands into `out`, which has `capacity` bytes. Returns how many were used. */
size_t codec_expand(struct bytes in, unsigned char *out, size_t capacity);

#endif
