/* What unwind.py steps through: frames of every kind, in calls of every kind. No call leaves this file: the C library's assembly has no unwind information. */
#define NOINLINE __attribute__((noinline))
volatile int sink;
static char buffer[64];
NOINLINE static int leaf(int a) { return a * 3 + sink; }
NOINLINE static int saves(int a, int b) { int c = leaf(a), d = leaf(b), e = leaf(c + d); return a + b + c * d - e; }
NOINLINE static int variable(int n) { volatile char v[n]; v[n - 1] = n; v[0] = 1; return v[n - 1] + leaf(n); }
NOINLINE static int aligned(int n) { _Alignas(64) volatile char v[64]; v[n] = n; return v[n] + leaf(v[n]); }
NOINLINE static int large(int n) { volatile char v[40000]; v[n] = n; return v[n] + leaf(n); }
NOINLINE static int many(int a, int b, int c, int d, int e, int f, int g, int h) { return leaf(a + h) + b + g; }
NOINLINE static int tail(int n) { return saves(n, n + 1); }
NOINLINE static int table(int n) {
    switch (n) {
    case 0: return leaf(1);
    case 1: return saves(1, 2);
    case 2: return 9;
    case 3: return variable(17);
    case 4: sink++; break;
    case 5: return leaf(sink) + leaf(2);
    }
    return n;
}
NOINLINE static int string(int n) {
    void *d = buffer, *s = buffer + 32;
    long c = n;
    __asm__ volatile("rep movsb" : "+D"(d), "+S"(s), "+c"(c) : : "memory");
    return leaf(n);
}
NOINLINE static int pushes(int n) {
    return many(n, 2, 3, 4, 5, leaf(6), 7, leaf(8));
}
NOINLINE static int recursive(int n) { return n ? recursive(n - 1) + n : leaf(1); }
NOINLINE static int pointer(int (*volatile f)(int)) { return f(3) + f(4); }
NOINLINE static int system_call(void) {
    long r;
    __asm__ volatile("syscall" : "=a"(r) : "0"(39) : "rcx", "r11", "memory");
    return leaf(1) + (r == -38);
}
int main(void) {
    int r = saves(1, 2) + variable(33) + aligned(5) + large(7) + many(1, 2, 3, 4, 5, 6, 7, 8) + tail(4) + string(20) + pushes(3);
    for (int i = 0; i < 7; i++)
        r += table(i);
    r += recursive(5) + pointer(leaf) + pointer(tail) + system_call();
    return r == 1234567;
}
