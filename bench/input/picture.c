/* picture WIDTH HEIGHT: a colour picture (PPM on standard output) that image codecs find as hard as a photograph.
 *
 * Noise of several octaves makes clouds and textures, discs of many sizes make edges, and some grain makes that no two
 * neighbouring pixels are quite the same. Integer arithmetic only: the same bytes everywhere.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { disc_count = 160, octaves = 7 };

struct disc {
    int x, y, radius, colour[3];
};

/* A hash of a lattice point; the constants are those of a usual integer finaliser. */
static uint32_t hash(uint32_t x, uint32_t y, uint32_t z) {
    uint32_t h = x * 0x85ebca6bu ^ y * 0xc2b2ae35u ^ z * 0x27d4eb2fu;
    h ^= h >> 15;
    h *= 0x2c1b3c6du;
    h ^= h >> 12;
    h *= 0x297a2d39u;
    return h ^ h >> 15;
}

/* Noise of one octave, 0 to 255 in 16.16: lattice points 2^shift apart, between them a smooth step. */
static int32_t noise(int x, int y, int shift, uint32_t channel) {
    uint32_t z = channel * 16 + (uint32_t)shift, cx = (uint32_t)x >> shift, cy = (uint32_t)y >> shift;
    int64_t one = 1 << 16, fx = ((x & ((1 << shift) - 1)) * one) >> shift,
            fy = ((y & ((1 << shift) - 1)) * one) >> shift;
    fx = (fx * fx >> 16) * (3 * one - 2 * fx) >> 16;
    fy = (fy * fy >> 16) * (3 * one - 2 * fy) >> 16;
    int64_t a = hash(cx, cy, z) & 255, b = hash(cx + 1, cy, z) & 255, c = hash(cx, cy + 1, z) & 255,
            d = hash(cx + 1, cy + 1, z) & 255;
    int64_t top = a * (one - fx) + b * fx, bottom = c * (one - fx) + d * fx;
    return (int32_t)((top * (one - fy) + bottom * fy) >> 16);
}

/* What the finer octaves add to all three channels. */
static int64_t texture(int x, int y) {
    int64_t sum = 0;
    for (int i = 3; i < octaves; i++)
        sum += noise(x, y, octaves + 1 - i, 3) >> (i + 1);
    return sum;
}

static unsigned char pixel(int x, int y, uint32_t channel, int64_t sum, const struct disc *disc) {
    for (int i = 0; i < 3; i++)
        sum += noise(x, y, octaves + 1 - i, channel) >> (i + 1);
    int64_t value = sum >> 16;
    if (disc != NULL)
        value = (value + 2 * disc->colour[channel]) / 3;
    value += (int64_t)(hash((uint32_t)x, (uint32_t)y, channel + 64) & 7) - 3;
    return (unsigned char)(value < 0 ? 0 : value > 255 ? 255 : value);
}

/* The discs that a row meets, as a list in their order. Returns how many. */
static int discs_of_row(const struct disc *discs, int y, struct disc *row) {
    int count = 0;
    for (int i = 0; i < disc_count; i++)
        if (abs(y - discs[i].y) < discs[i].radius)
            row[count++] = discs[i];
    return count;
}

/* The topmost disc at a point, or NULL. */
static const struct disc *disc_at(const struct disc *discs, int count, int x, int y) {
    for (int i = count; i-- > 0;) {
        int64_t dx = x - discs[i].x, dy = y - discs[i].y;
        if (dx * dx + dy * dy < (int64_t)discs[i].radius * discs[i].radius)
            return &discs[i];
    }
    return NULL;
}

int main(int argc, char **argv) {
    int width = argc == 3 ? atoi(argv[1]) : 0, height = argc == 3 ? atoi(argv[2]) : 0;
    if (width < 16 || height < 16 || width > 1 << 15 || height > 1 << 15) {
        fprintf(stderr, "Usage: picture WIDTH HEIGHT   (16 to 32768 each)\n");
        return 2;
    }
    struct disc discs[disc_count];
    for (uint32_t i = 0; i < disc_count; i++) {
        discs[i] =
            (struct disc){.x = (int)(hash(i, 1, 99) % (uint32_t)width),
                          .y = (int)(hash(i, 2, 99) % (uint32_t)height),
                          .radius = (int)(hash(i, 3, 99) % (uint32_t)(height / 8) * (disc_count - i) / disc_count) + 4};
        for (uint32_t c = 0; c < 3; c++)
            discs[i].colour[c] = (int)(hash(i, 4 + c, 99) & 255);
    }
    printf("P6\n%d %d\n255\n", width, height);
    for (int y = 0; y < height; y++) {
        struct disc row[disc_count];
        int count = discs_of_row(discs, y, row);
        for (int x = 0; x < width; x++) {
            const struct disc *disc = disc_at(row, count, x, y);
            int64_t sum = texture(x, y);
            for (uint32_t c = 0; c < 3; c++)
                putchar(pixel(x, y, c, sum, disc));
        }
    }
    return fflush(stdout) != 0 || ferror(stdout);
}
