/* Encodes a picture (PPM) as PNG or decodes a PNG, in memory, as often as asked, by libpng built without setjmp. */
#include "driver.h"

#include <string.h>

#include <png.h>

static const char usage[] =
    "Usage: png encode TIMES FILE.ppm   the size and the checksum of the result\n"
    "       png decode TIMES FILE.png   the same, as 16-bit RGBA in linear light and as plain RGB\n"
    "       png pack FILE.ppm           the encoded file\n";

struct stream {
    unsigned char *data;
    size_t at, size;
};

struct picture {
    png_uint_32 width, height;
    const unsigned char *pixels; /* RGB */
};

static void fail(png_structp png, png_const_charp message) {
    (void)png;
    die(message);
}

static void warn(png_structp png, png_const_charp message) {
    (void)png;
    fprintf(stderr, "%s\n", message);
}

static void write_bytes(png_structp png, png_bytep data, size_t size) {
    struct stream *stream = png_get_io_ptr(png);
    if (size > stream->size - stream->at)
        png_error(png, "the result is larger than its bound");
    memcpy(stream->data + stream->at, data, size);
    stream->at += size;
}

static void read_bytes(png_structp png, png_bytep data, size_t size) {
    struct stream *stream = png_get_io_ptr(png);
    if (size > stream->size - stream->at)
        png_error(png, "the input ends early");
    memcpy(data, stream->data + stream->at, size);
    stream->at += size;
}

/* The picture lies in the file's bytes. */
static struct picture parse_ppm(struct bytes file) {
    struct picture picture = {0, 0, NULL};
    unsigned width = 0, height = 0;
    int header = 0;
    char start[32] = "";
    memcpy(start, file.data, file.size < sizeof start - 1 ? file.size : sizeof start - 1);
    if (sscanf(start, "P6 %5u %5u 255%n", &width, &height, &header) != 2 || header == 0 || width == 0 || height == 0 ||
        file.size != (size_t)header + 1 + (size_t)width * height * 3)
        die("the input is not a PPM of 8 bits");
    picture.width = width;
    picture.height = height;
    picture.pixels = file.data + header + 1;
    return picture;
}

static void encode(struct picture picture, struct stream *to) {
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, fail, warn);
    png_infop info = png_create_info_struct(png);
    to->at = 0;
    png_set_write_fn(png, to, write_bytes, NULL);
    png_set_IHDR(png, info, picture.width, picture.height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_filter(png, 0, PNG_ALL_FILTERS);
    png_write_info(png, info);
    for (png_uint_32 y = 0; y < picture.height; y++)
        png_write_row(png, picture.pixels + (size_t)y * picture.width * 3);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
}

/* Decodes, into memory that is allocated at the first time and belongs to the caller. */
static void decode(struct bytes file, int linear, struct bytes *pixels) {
    struct stream from = {file.data, 0, file.size};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, fail, warn);
    png_infop info = png_create_info_struct(png);
    png_set_read_fn(png, &from, read_bytes);
    png_read_info(png, info);
    if (linear) {
        png_set_expand_16(png);
        png_set_add_alpha(png, 0xffff, PNG_FILLER_AFTER);
        png_set_alpha_mode(png, PNG_ALPHA_PNG, PNG_GAMMA_LINEAR);
    }
    png_read_update_info(png, info);
    size_t row = png_get_rowbytes(png, info), height = png_get_image_height(png, info);
    if (pixels->data == NULL)
        *pixels = (struct bytes){allocate(row * height), row * height};
    for (size_t y = 0; y < height; y++)
        png_read_row(png, pixels->data + y * row, NULL);
    png_read_end(png, NULL);
    png_destroy_read_struct(&png, &info, NULL);
}

int main(int argc, char **argv) {
    int packs = argc == 3 && strcmp(argv[1], "pack") == 0, encodes = argc == 4 && strcmp(argv[1], "encode") == 0;
    if (!packs && !encodes && !(argc == 4 && strcmp(argv[1], "decode") == 0)) {
        fputs(usage, stderr);
        return 2;
    }
    int times = packs ? 1 : count_argument(argv[2]);
    struct bytes file = read_file(argv[argc - 1]);
    if (packs || encodes) {
        struct stream result = {allocate(file.size * 2 + 65536), 0, file.size * 2 + 65536};
        for (int i = 0; i < times; i++)
            encode(parse_ppm(file), &result);
        if (packs)
            fwrite(result.data, 1, result.at, stdout);
        else
            report("encoded", result.data, result.at);
        free(result.data);
    } else {
        struct bytes plain = {0}, linear = {0};
        for (int i = 0; i < times; i++) {
            decode(file, 0, &plain);
            decode(file, 1, &linear);
        }
        report("decoded", plain.data, plain.size);
        report("decoded in linear light", linear.data, linear.size);
        free(plain.data);
        free(linear.data);
    }
    free(file.data);
    return fflush(stdout) != 0 || ferror(stdout);
}
