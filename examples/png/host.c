/* Decodes and encodes PNG images by libpng and zlib, natively and isolated, and compares: pixels, files and error
 * messages, also of damaged images. The isolated decoder may ask the outside world for nothing, and whatever it says
 * about sizes is checked before the host believes it. examples/build png builds it. */
#include <png.h>
#include <zlib.h>

#include "../compare.h"

enum { MAX_PIXELS = 1 << 26, MAX_FILE = 1 << 28, DECODE_S = 20 };

static bh_module *module;
static bh_instance *instance;
static bh_function begin_read, finish_read, free_image, write_image;

/* What decoding or encoding came to: bytes, or a message. */
struct outcome {
    unsigned char *bytes;
    size_t size;
    char message[64];
    png_uint_32 width, height;
};

static const struct import imports[] = {{"png_image_begin_read_from_memory", "i(ppm)", &begin_read},
                                        {"png_image_finish_read", "i(pppip)", &finish_read},
                                        {"png_image_free", "v(p)", &free_image},
                                        {"png_image_write_to_memory", "i(pppipip)", &write_image}};

static void new_instance(void) {
    if (bh_instance_create(module, NULL, &instance) != BH_OK ||
        bh_instance_set_deadline(instance, DECODE_S * 1000000000ull) != BH_OK)
        die("instance");
    find_functions(instance, imports, sizeof imports / sizeof *imports);
}

/* A decoder that faulted or ran too long has lost this image, and nothing else. */
static void recover(struct outcome *outcome) {
    snprintf(outcome->message, sizeof outcome->message, "%.60s", bh_error_text(bh_last_error()->error));
    fprintf(stderr, "host: contained: %s\n", bh_last_error()->text);
    bh_instance_destroy(instance);
    new_instance();
}

static struct outcome decode_natively(const unsigned char *file, size_t size) {
    struct outcome result = {0};
    png_image image = {.version = PNG_IMAGE_VERSION};
    if (png_image_begin_read_from_memory(&image, file, size)) {
        image.format = PNG_FORMAT_RGBA;
        result.size = PNG_IMAGE_SIZE(image);
        result.bytes = allocated(malloc(result.size));
        if (!png_image_finish_read(&image, NULL, result.bytes, 0, NULL))
            result.size = 0;
    }
    memcpy(result.message, image.message, sizeof result.message);
    result.width = image.width, result.height = image.height;
    png_image_free(&image);
    return result;
}

/* The same, with the image structure and the buffers in the guest. The structure's layout is the same on both sides. */
static struct outcome decode_isolated(const unsigned char *file, size_t size) {
    struct outcome result = {0};
    png_image image = {.version = PNG_IMAGE_VERSION};
    bh_address guest_file = 0, guest_image = 0, pixels = 0;
    bh_value good;

    if (bh_allocate_copy(instance, file, size, &guest_file) != BH_OK ||
        bh_allocate_copy(instance, &image, sizeof image, &guest_image) != BH_OK ||
        bh_invoke(instance, &begin_read, &good, guest_image, guest_file, (uint64_t)size) != BH_OK ||
        bh_copy_out(instance, &image, guest_image, sizeof image) != BH_OK)
        goto lost;
    if (good.as.i) {
        /* The guest chose these numbers. */
        if (image.width == 0 || image.height == 0 || image.width > MAX_PIXELS / image.height) {
            snprintf(result.message, sizeof result.message, "the decoder says %ux%u", image.width, image.height);
            goto done;
        }
        image.format = PNG_FORMAT_RGBA;
        result.size = (size_t)image.width * image.height * 4;
        result.bytes = allocated(malloc(result.size));
        if (bh_copy_in(instance, guest_image, &image, sizeof image) != BH_OK ||
            bh_allocate(instance, result.size, &pixels) != BH_OK ||
            bh_invoke(instance, &finish_read, &good, guest_image, (bh_address)0, pixels, 0, (bh_address)0) != BH_OK ||
            bh_copy_out(instance, &image, guest_image, sizeof image) != BH_OK ||
            bh_copy_out(instance, result.bytes, pixels, result.size) != BH_OK)
            goto lost;
        if (!good.as.i)
            result.size = 0;
    }
    memcpy(result.message, image.message, sizeof result.message);
    result.message[sizeof result.message - 1] = '\0';
    result.width = image.width, result.height = image.height;
done:
    if (bh_invoke(instance, &free_image, NULL, guest_image) == BH_OK && bh_free(instance, guest_file) == BH_OK &&
        bh_free(instance, guest_image) == BH_OK && (pixels == 0 || bh_free(instance, pixels) == BH_OK))
        return result;
lost:
    result.size = 0;
    recover(&result);
    return result;
}

static struct outcome encode_natively(const unsigned char *pixels, png_image image) {
    struct outcome result = {0};
    size_t room = PNG_IMAGE_PNG_SIZE_MAX(image);
    result.bytes = allocated(malloc(room));
    result.size = room;
    if (!png_image_write_to_memory(&image, result.bytes, &result.size, 0, pixels, 0, NULL))
        result.size = 0;
    memcpy(result.message, image.message, sizeof result.message);
    return result;
}

static struct outcome encode_isolated(const unsigned char *pixels, png_image image) {
    struct outcome result = {0};
    uint64_t room = PNG_IMAGE_PNG_SIZE_MAX(image), size = room;
    bh_address guest_image, guest_pixels, file, guest_size;
    bh_value good;

    if (bh_allocate_copy(instance, &image, sizeof image, &guest_image) != BH_OK ||
        bh_allocate_copy(instance, pixels, PNG_IMAGE_SIZE(image), &guest_pixels) != BH_OK ||
        bh_allocate(instance, room, &file) != BH_OK ||
        bh_allocate_copy(instance, &size, sizeof size, &guest_size) != BH_OK ||
        bh_invoke(instance, &write_image, &good, guest_image, file, guest_size, 0, guest_pixels, 0, (bh_address)0) !=
            BH_OK ||
        bh_copy_out(instance, &image, guest_image, sizeof image) != BH_OK ||
        bh_copy_out(instance, &size, guest_size, sizeof size) != BH_OK)
        die("encode");
    if (good.as.i && size <= room) { /* the guest could claim more than it was given room for */
        result.size = size;
        result.bytes = allocated(malloc(size));
        if (bh_copy_out(instance, result.bytes, file, size) != BH_OK)
            die("encode");
    }
    memcpy(result.message, image.message, sizeof result.message);
    result.message[sizeof result.message - 1] = '\0';
    if (bh_free(instance, guest_image) != BH_OK || bh_free(instance, guest_pixels) != BH_OK ||
        bh_free(instance, file) != BH_OK || bh_free(instance, guest_size) != BH_OK)
        die("encode");
    return result;
}

static bool same(const struct outcome *a, const struct outcome *b) {
    return a->size == b->size && a->width == b->width && a->height == b->height &&
           strcmp(a->message, b->message) == 0 && (a->size == 0 || memcmp(a->bytes, b->bytes, a->size) == 0);
}

/* Decodes one file both ways, repeat times in turn, and compares. */
static bool compare_file(const char *name, const unsigned char *file, size_t size, long repeat) {
    struct times times = {0};
    for (long i = 0; i < repeat; i++) {
        double start = seconds();
        struct outcome native = decode_natively(file, size);
        double middle = seconds();
        struct outcome isolated = decode_isolated(file, size);
        times.native += middle - start;
        times.isolated += seconds() - middle;
        bool equal = same(&native, &isolated);
        if (i == 0 || !equal)
            printf("%s: %ux%u, %s%s%s\n", name, native.width, native.height, native.size ? "decoded" : native.message,
                   equal ? ", the same natively and isolated" : " natively, but isolated: ",
                   equal           ? ""
                   : isolated.size ? "other pixels"
                                   : isolated.message);
        free(native.bytes);
        free(isolated.bytes);
        if (!equal)
            return false;
    }
    print_times(name, &times, repeat);
    return true;
}

static uint32_t random_state = 1;
static uint32_t next_random(void) { return random_state = random_state * 1664525 + 1013904223; }

/* Makes the checksums of all chunks right again, so that damage is not noticed before it reaches the decompressor. */
static void repair_checksums(unsigned char *file, size_t size) {
    for (size_t i = 8; i + 12 <= size;) {
        size_t length = png_get_uint_32(file + i);
        if (length > size - i - 12)
            return;
        png_save_uint_32(file + i + 8 + length, (png_uint_32)crc32(0, file + i + 4, (uInt)length + 4));
        i += length + 12;
    }
}

/* Makes an image of its own, encodes it both ways, decodes it both ways, and then damages it in many ways. */
static bool compare_generated(const char *name, png_uint_32 format, png_uint_32 width, png_uint_32 height,
                              long repeat) {
    png_image image = {.version = PNG_IMAGE_VERSION, .width = width, .height = height, .format = format};
    size_t size = PNG_IMAGE_SIZE(image);
    unsigned char *pixels = allocated(malloc(size));
    for (size_t i = 0; i < size; i++) /* smooth in one half, noise in the other */
        pixels[i] = (unsigned char)(i % 4096 < 2048 ? i / 7 : next_random() >> 24);
    struct outcome native = encode_natively(pixels, image), isolated = encode_isolated(pixels, image);
    bool good = native.size != 0 && same(&native, &isolated);
    printf("%s: encoded to %zu bytes, %s\n", name, native.size,
           good ? "the same natively and isolated" : "which differ");
    good = good && compare_file(name, native.bytes, native.size, repeat);

    unsigned equal = 0, rejected = 0, damages = 60;
    for (unsigned i = 0; good && i < damages; i++) {
        size_t length = i % 3 ? native.size : next_random() % native.size;
        unsigned char *damaged = allocated(malloc(native.size));
        memcpy(damaged, native.bytes, native.size);
        for (unsigned changes = i % 3; changes > 0; changes--)
            damaged[next_random() % native.size] = (unsigned char)(next_random() >> 24);
        if (i % 2)
            repair_checksums(damaged, length);
        struct outcome a = decode_natively(damaged, length), b = decode_isolated(damaged, length);
        free(damaged);
        equal += same(&a, &b);
        rejected += a.size == 0;
        free(a.bytes);
        free(b.bytes);
    }
    if (good)
        printf("%s: damaged %u times: %u rejected, %u times the same natively and isolated\n", name, damages, rejected,
               equal);
    good = good && equal == damages && rejected > 0;
    free(native.bytes);
    free(isolated.bytes);
    free(pixels);
    return good;
}

static unsigned char *read_file(const char *path, size_t *size) {
    FILE *stream = fopen(path, "rb");
    unsigned char *bytes = NULL;
    if (stream && fseek(stream, 0, SEEK_END) == 0) {
        long end = ftell(stream);
        rewind(stream);
        *size = end > 0 && end <= MAX_FILE ? (size_t)end : 0;
        bytes = *size ? malloc(*size) : NULL;
        if (bytes && fread(bytes, 1, *size, stream) != *size) {
            free(bytes);
            bytes = NULL;
        }
    }
    if (stream)
        fclose(stream);
    return bytes;
}

int main(int argc, char **argv) {
    bh_engine *engine;
    bool good = true;
    long repeat;
    int name =
        parse_options(argc, argv, argc,
                      " [FILE.png]...\n"
                      "Decodes the files (or images it makes itself) by libpng natively and isolated, and compares.",
                      &repeat);

    if (bh_engine_create(NULL, &engine) != BH_OK)
        die("engine");
    if (bh_module_load(engine, argv[name], NULL, &module) != BH_OK)
        die("module");
    new_instance();

    for (int i = name + 1; i < argc; i++) {
        size_t size;
        unsigned char *file = read_file(argv[i], &size);
        if (!file) {
            fprintf(stderr, "host: cannot read %s\n", argv[i]);
            good = false;
            continue;
        }
        good &= compare_file(argv[i], file, size, repeat);
        free(file);
    }
    if (argc == name + 1) {
        good &= compare_generated("rgba", PNG_FORMAT_RGBA, 191, 127, repeat);
        good &= compare_generated("grey", PNG_FORMAT_GRAY, 255, 64, repeat);
        good &= compare_generated("linear", PNG_FORMAT_LINEAR_RGB, 64, 65, repeat);
        if (repeat > 1)
            good &= compare_generated("large", PNG_FORMAT_RGBA, 1024, 768, repeat);
    }
    bh_instance_destroy(instance);
    bh_module_destroy(module);
    bh_engine_destroy(engine);
    return good ? 0 : 1;
}
