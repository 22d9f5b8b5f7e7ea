/* What a host calls in a zlib built as a library: one round of compressing and decompressing, heap and all. */
#include <stdlib.h>
#include <string.h>

#include "zlib.h"

/* The CRC of size bytes made from seed, after they went through compress2 and uncompress; 0 when something went wrong.
 */
unsigned zlib_round(unsigned seed, unsigned size) {
    unsigned long packed_size = compressBound(size), back_size = size;
    unsigned char *bytes = malloc(size), *packed = malloc(packed_size), *back = malloc(size);
    unsigned result = 0;
    if (bytes && packed && back) {
        for (unsigned n = 0; n < size; n++) {
            seed = seed * 1103515245 + 12345;
            bytes[n] = n % 16 < 8 ? (unsigned char)('a' + n % 16) : (unsigned char)(seed >> 24);
        }
        if (compress2(packed, &packed_size, bytes, size, 6) == Z_OK && packed_size < size &&
            uncompress(back, &back_size, packed, packed_size) == Z_OK && back_size == size &&
            !memcmp(bytes, back, size))
            result = (unsigned)crc32(0, back, size);
    }
    free(bytes);
    free(packed);
    free(back);
    return result;
}
