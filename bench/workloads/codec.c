/* Compresses or expands a file in memory, as often as asked, by the library that codec.h is implemented with.
 * Expanding is so quick that writing the result would take the kernel longer than making it took the program.
 */
#include "codec.h"

#include <string.h>

static const char usage[] = "Usage: codec compress LEVEL TIMES FILE   the size and the checksum of the result\n"
                            "       codec expand TIMES FILE           the same; FILE was packed\n"
                            "       codec pack LEVEL FILE             eight bytes of size, then the compressed file\n";

static int compress(int level, int times, const char *path) {
    struct bytes in = read_file(path), out = {allocate(codec_bound(in.size)), 0};
    for (int i = 0; i < times; i++)
        out.size = codec_compress(level, in, out.data);
    report("compressed", out.data, out.size);
    free(in.data);
    free(out.data);
    return 0;
}

static int expand(int times, const char *path) {
    struct bytes file = read_file(path);
    unsigned long long size = 0;
    if (file.size < sizeof size)
        die("the input is not what `codec pack` writes");
    memcpy(&size, file.data, sizeof size);
    if (size > 1u << 30)
        die("the input claims to be larger than a gigabyte");
    struct bytes in = {file.data + sizeof size, file.size - sizeof size}, out = {allocate((size_t)size), 0};
    for (int i = 0; i < times; i++)
        out.size = codec_expand(in, out.data, (size_t)size);
    report("expanded", out.data, out.size);
    free(file.data);
    free(out.data);
    return 0;
}

static int pack(int level, const char *path) {
    struct bytes in = read_file(path);
    unsigned char *out = allocate(codec_bound(in.size));
    unsigned long long size = in.size;
    size_t used = codec_compress(level, in, out);
    fwrite(&size, sizeof size, 1, stdout);
    fwrite(out, 1, used, stdout);
    free(in.data);
    free(out);
    return fflush(stdout) != 0 || ferror(stdout);
}

int main(int argc, char **argv) {
    if (argc == 5 && strcmp(argv[1], "compress") == 0)
        return compress(count_argument(argv[2]), count_argument(argv[3]), argv[4]);
    if (argc == 4 && strcmp(argv[1], "expand") == 0)
        return expand(count_argument(argv[2]), argv[3]);
    if (argc == 4 && strcmp(argv[1], "pack") == 0)
        return pack(count_argument(argv[2]), argv[3]);
    fputs(usage, stderr);
    return 2;
}
