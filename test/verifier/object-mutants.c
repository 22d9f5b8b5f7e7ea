/* Gives bulkhead-verify's own code, built with sanitizers, objects and archives that are cut off at every byte and overwritten at
 * random: object-mutants MUTANTS FILE... It must come to a verdict on each. The copies have their exact size on the heap, so
 * that reading past one is an error; what it prints goes nowhere. The seed is fixed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive.h"
#include "object.h"
#include "tool.h"

static uint64_t state = 20240607;

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static unsigned verdicts[3];

static void judge(const uint8_t *bytes, size_t size, bool json)
{
    struct options options = {.json = json, .limit = 20, .facts = true, .color = true};
    struct file_report report = {.options = &options, .name = "mutant"};
    uint8_t *copy = malloc(size ? size : 1);
    if (!copy)
        exit(2);
    memcpy(copy, bytes, size);
    if (is_archive(copy, size) || is_thin_archive(copy, size))
        verdicts[verify_archive(&report, copy, size)]++;
    else if (is_object(copy, size))
        verdicts[verify_object(&report, copy, size)]++;
    free(copy);
}

/* Numbers that parsers get wrong, of all widths. */
static void overwrite(uint8_t *bytes, size_t size)
{
    static const uint64_t values[] = {0, 1, 2, 8, 0x7F, 0x80, 0xFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000,
                                      UINT64_MAX / 24, UINT64_MAX - 7, UINT64_MAX};
    for (unsigned n = 1 + next_random() % 4; n; n--) {
        uint64_t value = next_random() % 2 ? values[next_random() % (sizeof values / sizeof *values)] : next_random();
        size_t width = (size_t)1 << next_random() % 4, at = next_random() % size;
        /* Headers are where the numbers are. */
        if (next_random() % 2)
            at = next_random() % 2 ? at % 64 : size - 1 - at % (size < 2048 ? size : 2048);
        if (next_random() % 2)
            at &= ~(width - 1);
        memcpy(bytes + at, &value, at + width <= size ? width : size - at);
    }
}

int main(int argc, char **argv)
{
    static uint8_t original[1 << 20], mutant[1 << 20];
    unsigned long count = argc > 2 ? strtoul(argv[1], NULL, 10) : 0, tried = 0;
    if (!count || !freopen("/dev/null", "w", stdout)) {
        fprintf(stderr, "usage: object-mutants MUTANTS FILE...\n");
        return 2;
    }
    for (int i = 2; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        size_t size = file ? fread(original, 1, sizeof original, file) : 0;
        if (!size || size == sizeof original) {
            fprintf(stderr, "object-mutants: %s cannot be read, or is too large\n", argv[i]);
            return 2;
        }
        fclose(file);
        for (size_t cut = 0; cut <= size; cut += size > 16384 ? 7 : 1, tried++)
            judge(original, cut, cut % 2);
        for (unsigned long n = 0; n < count; n++, tried++) {
            memcpy(mutant, original, size);
            overwrite(mutant, size);
            judge(mutant, size, n % 2);
        }
    }
    fprintf(stderr, "PASS: %lu mutants, seed 20240607: %u would verify, %u refused, %u without verdict\n", tried, verdicts[0],
            verdicts[1], verdicts[2]);
    return 0;
}
