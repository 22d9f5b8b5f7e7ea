/* music SECONDS: a stereo recording (WAV on standard output, 16 bits, 44100 Hz) that audio codecs find as hard as an
 * instrument's.
 *
 * Notes of a scale begin one after the other and fade; each is a fundamental with overtones, made by rotating a vector,
 * so that no sine is needed. A little filtered noise lies under it. Only +, - and * of doubles: the same bytes
 * everywhere.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { rate = 44100, voices = 6, partials = 8, note_length = rate / 5 };

struct voice {
    double re[partials], im[partials], cosine[partials], sine[partials], volume, fade;
};

static uint32_t random_state = 1;

static uint32_t random_bits(void) {
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 16;
}

/* sin and cos of a small angle, by their series. */
static void small_angle(double x, double *sine, double *cosine) {
    double square = x * x;
    *sine = x * (1 - square / 6 * (1 - square / 20 * (1 - square / 42 * (1 - square / 72))));
    *cosine = 1 - square / 2 * (1 - square / 12 * (1 - square / 30 * (1 - square / 56 * (1 - square / 90))));
}

static void begin_note(struct voice *voice) {
    static const double scale[] = {110.0, 123.75, 137.5, 146.67, 165.0, 183.33, 206.25, 220.0};
    double pitch = scale[random_bits() % 8] * (1 << random_bits() % 3);
    for (int i = 0; i < partials; i++) {
        small_angle(6.283185307179586 * pitch * (i + 1) / rate, &voice->sine[i], &voice->cosine[i]);
        voice->re[i] = 1.0 / ((i + 1) * (1 + (int)(random_bits() % 3)));
        voice->im[i] = 0;
    }
    voice->volume = 2000 + random_bits() % 2500;
    voice->fade = 1 - (1 + random_bits() % 5) / 60000.0;
}

static double sound(struct voice *voice) {
    double sum = 0;
    for (int i = 0; i < partials; i++) {
        double re = voice->re[i] * voice->cosine[i] - voice->im[i] * voice->sine[i];
        voice->im[i] = voice->re[i] * voice->sine[i] + voice->im[i] * voice->cosine[i];
        voice->re[i] = re;
        sum += voice->im[i];
    }
    voice->volume *= voice->fade;
    return sum * voice->volume;
}

static void put(uint32_t value, int bytes) {
    for (int i = 0; i < bytes; i++)
        putchar((int)(value >> 8 * i & 255));
}

static void put_sample(double value) {
    put((uint32_t)(value < -32768 ? -32768 : value > 32767 ? 32767 : (int32_t)value), 2);
}

int main(int argc, char **argv) {
    int seconds = argc == 2 ? atoi(argv[1]) : 0;
    if (seconds < 1 || seconds > 3600) {
        fprintf(stderr, "Usage: music SECONDS   (1 to 3600)\n");
        return 2;
    }
    uint32_t samples = (uint32_t)seconds * rate, bytes = samples * 4;
    fputs("RIFF", stdout), put(36 + bytes, 4), fputs("WAVEfmt ", stdout), put(16, 4);
    put(1, 2), put(2, 2), put(rate, 4), put(rate * 4, 4), put(4, 2), put(16, 2); /* PCM, stereo */
    fputs("data", stdout), put(bytes, 4);

    struct voice voice[voices] = {0};
    double hiss = 0;
    for (uint32_t i = 0; i < samples; i++) {
        if (i % note_length == 0)
            begin_note(&voice[i / note_length % voices]);
        double left = 0, right = 0;
        for (int v = 0; v < voices; v++) {
            double s = sound(&voice[v]);
            left += s * (voices - v) / voices;
            right += s * (v + 1) / voices;
        }
        hiss = hiss * 0.75 + ((double)(random_bits() & 255) - 127.5) * 0.25;
        put_sample(left + hiss);
        put_sample(right - hiss * 0.5);
    }
    return fflush(stdout) != 0 || ferror(stdout);
}
