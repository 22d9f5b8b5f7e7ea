/* codec.h by liblzma, in the .xz format. */
#include "codec.h"

#include <lzma.h>

size_t codec_bound(size_t size) { return lzma_stream_buffer_bound(size); }

size_t codec_compress(int level, struct bytes in, unsigned char *out) {
    size_t used = 0;
    if (lzma_easy_buffer_encode((uint32_t)level, LZMA_CHECK_CRC64, NULL, in.data, in.size, out, &used,
                                codec_bound(in.size)) != LZMA_OK)
        die("liblzma cannot compress this");
    return used;
}

size_t codec_expand(struct bytes in, unsigned char *out, size_t capacity) {
    uint64_t memory = UINT64_MAX;
    size_t read = 0, used = 0;
    if (lzma_stream_buffer_decode(&memory, 0, NULL, in.data, &read, in.size, out, &used, capacity) != LZMA_OK)
        die("liblzma: the input is damaged");
    return used;
}
