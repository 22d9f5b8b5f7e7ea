/* The stress test's program: what its arguments say, once. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>

#define WORDS 4096
#define SEEN_BEFORE 99 /* this life has found what an earlier one wrote */

static uint64_t zeros[WORDS];
static int status;

static void at_exit(void) {
    _Exit(status + 1);
}

int main(int argc, char **argv) {
    uint64_t *heap = malloc(sizeof(zeros));
    if (argc != 3)
        return 98;
    for (int n = 0; n < WORDS; n++) {
        if (zeros[n])
            return SEEN_BEFORE;
        zeros[n] = 0x5ca1ab1e;
    }
    for (int n = 0; heap && n < WORDS; n++) {
        if (*(volatile uint64_t *)(heap + n) == 0x5ca1ab1e)
            return SEEN_BEFORE;
        heap[n] = 0x5ca1ab1e;
    }
    status = atoi(argv[2]);
    switch (*argv[1]) {
    case 'r': /* return */
        return status;
    case 'e': /* exit, after which something else runs and changes the status */
        atexit(at_exit);
        exit(status);
    case 'f':
        *(volatile int *)16 = 1;
        break;
    case 'a':
        abort();
    case 'd': /* is denied files */
        for (int n = 0; n < status; n++)
            if (open("/secret/of the host", O_RDONLY) >= 0)
                return 97;
        return status;
    case 'l':
        for (;;)
            ++*(volatile int *)&status;
    }
    return 96;
}
