/* codec.h by libzstd. */
#include "codec.h"

#include <zstd.h>

size_t codec_bound(size_t size) { return ZSTD_compressBound(size); }

size_t codec_compress(int level, struct bytes in, unsigned char *out) {
    size_t used = ZSTD_compress(out, codec_bound(in.size), in.data, in.size, level);
    if (ZSTD_isError(used))
        die(ZSTD_getErrorName(used));
    return used;
}

size_t codec_expand(struct bytes in, unsigned char *out, size_t capacity) {
    size_t used = ZSTD_decompress(out, capacity, in.data, in.size);
    if (ZSTD_isError(used))
        die(ZSTD_getErrorName(used));
    return used;
}
