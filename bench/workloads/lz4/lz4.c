/* codec.h by liblz4: below level 3 its fast compressor, from there on the thorough one. */
#include "codec.h"

#include <lz4.h>
#include <lz4hc.h>

size_t codec_bound(size_t size) {
    if (size > LZ4_MAX_INPUT_SIZE)
        die("LZ4 takes no more than 2 GB at once");
    return (size_t)LZ4_compressBound((int)size);
}

size_t codec_compress(int level, struct bytes in, unsigned char *out) {
    int size = (int)in.size, bound = (int)codec_bound(in.size);
    const char *from = (const char *)in.data;
    int used = level < 3 ? LZ4_compress_default(from, (char *)out, size, bound)
                         : LZ4_compress_HC(from, (char *)out, size, bound, level);
    if (used <= 0)
        die("LZ4 cannot compress this");
    return (size_t)used;
}

size_t codec_expand(struct bytes in, unsigned char *out, size_t capacity) {
    int used = LZ4_decompress_safe((const char *)in.data, (char *)out, (int)in.size, (int)capacity);
    if (used < 0)
        die("LZ4: the input is damaged");
    return (size_t)used;
}
