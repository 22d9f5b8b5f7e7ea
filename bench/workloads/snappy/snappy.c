/* codec.h by snappy, which has one level. */
#include "codec.h"

#include <snappy-c.h>

size_t codec_bound(size_t size) { return snappy_max_compressed_length(size); }

size_t codec_compress(int level, struct bytes in, unsigned char *out) {
    (void)level;
    size_t size = codec_bound(in.size);
    if (snappy_compress((const char *)in.data, in.size, (char *)out, &size) != SNAPPY_OK)
        die("snappy cannot compress this");
    return size;
}

size_t codec_expand(struct bytes in, unsigned char *out, size_t capacity) {
    if (snappy_uncompress((const char *)in.data, in.size, (char *)out, &capacity) != SNAPPY_OK)
        die("snappy: the input is damaged");
    return capacity;
}
