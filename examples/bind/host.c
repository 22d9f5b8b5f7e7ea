/* A host of the library. Compiled as it is, it calls the library directly; with -DISOLATED, through the wrapper. */
#ifdef ISOLATED
#include "rle_bind.h"
#else
#include "rle.h"
#endif
#include <stdio.h>

static void watch(void *user, size_t done, size_t all) {
    if (done == all)
        printf("%s: %zu bytes done\n", (const char *)user, all);
}

int main(int argc, char **argv) {
    char text[] = "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbbbbbc", packed[16], tag[] = "rle";
    size_t room = sizeof packed;
#ifdef ISOLATED
    if (argc != 2 || rle_bind_open(argv[1], NULL)) {
        fprintf(stderr, "cannot open the library: %s\n", bh_last_error()->text);
        return 1;
    }
#endif
    rle *r = rle_new("example");
    rle_watch(r, watch, tag);
    if (rle_pack(r, text, sizeof text - 1, packed, &room) == 0)
        printf("%s: packed %zu bytes into %zu\n", rle_name(r), sizeof text - 1, room);
    rle_free(r);
#ifdef ISOLATED
    /* An attacker's name: it overwrites the library's function pointer, and the library jumps where it says. */
    r = rle_new("0123456789abcdefAAAAAAAABBBBBBBB");
    if (rle_pack(r, text, 1, packed, &room))
        printf("contained: %s\n", rle_bind_error()->text);
    rle_bind_restart(rle_bind_default());
    r = rle_new("again");
    printf("%s\n", rle_name(r));
    rle_bind_close();
#else
    (void)argc, (void)argv;
#endif
    return 0;
}
