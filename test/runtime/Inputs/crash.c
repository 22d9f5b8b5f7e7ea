/* Reads NULL, two calls deep. */
__attribute__((noinline)) static int inner(volatile int *p) {
    return *p;
}

__attribute__((noinline)) static int middle(volatile int *p) {
    return inner(p) + 1;
}

int main(int argc, char **argv) {
    (void)argv;
    return middle((volatile int *)(long)(argc * 8)) + 1;
}
