/* A library's ways to end: what deadlines and handlers contain, and a callback. */
int add(int a, int b) {
    return a + b;
}

int poke(long address) {
    *(volatile int *)address = 1;
    return 0;
}

int recurse(int depth) {
    volatile char room[1000];
    room[0] = (char)depth;
    return depth ? recurse(depth - 1) + room[0] : 0;
}

int call_back(int (*function)(int), int value) {
    return function(value) + 1;
}

int spin(void) {
    for (;;)
        __asm__ volatile("");
}

int trap(void) {
    __builtin_trap();
}

int divide(int a, int b) {
    return a / b;
}
