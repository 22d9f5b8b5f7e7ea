/* Runs the verifier and the reference verifier on files and demands that they agree.
 *
 *   compare [--raw] [--stores] FILE...
 *
 * A file is a module, or with --raw code alone (at address 0, an image of its own size rounded up to pages). One line a
 * file; the exit status is 1 when they differ about any, 2 when a file cannot be read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "both.h"

static bool raw;
static int isolation = BH_ISOLATE_FULL;

static uint8_t *read_whole(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    size_t room = 1 << 16;
    uint8_t *bytes = malloc(room);
    if (!file || !bytes) {
        perror(path);
        exit(2);
    }
    *size = 0;
    for (size_t got; (got = fread(bytes + *size, 1, room - *size, file)) > 0;) {
        *size += got;
        if (*size == room && !(bytes = realloc(bytes, room *= 2))) {
            fputs("out of memory\n", stderr);
            exit(2);
        }
    }
    if (ferror(file)) {
        perror(path);
        exit(2);
    }
    fclose(file);
    return bytes;
}

static bool compare(const char *path)
{
    size_t size;
    bool accepted;
    uint8_t *bytes = read_whole(path, &size);
    bool agree;
    if (raw) {
        struct bh_verify_input input = {.code = bytes, .size = size, .image_hi = (size + BH_PAGE_SIZE - 1) & -(uint64_t)BH_PAGE_SIZE,
                                        .isolation = isolation};
        bh_verify_result result;
        agree = both_judge_code(&input, &result);
        accepted = result == BH_VERIFY_ACCEPTED;
    } else {
        agree = both_judge_module(bytes, size, &accepted);
    }
    free(bytes);
    printf("%s: %s\n", path, !agree ? "the verifiers differ" : accepted ? "accepted by both" : "refused by both");
    return agree;
}

int main(int argc, char **argv)
{
    bool agree = true;
    int first = 1;
    for (; first < argc && argv[first][0] == '-'; first++) {
        if (!strcmp(argv[first], "--raw"))
            raw = true;
        else if (!strcmp(argv[first], "--stores"))
            isolation = BH_ISOLATE_STORES;
        else
            argc = 0;
    }
    if (first >= argc) {
        fputs("usage: compare [--raw] [--stores] FILE...\n", stderr);
        return 2;
    }
    for (int i = first; i < argc; i++)
        agree &= compare(argv[i]);
    return !agree;
}
