/* Every call to line_N stands on line N, so that a test can tell whether the line table is right. */
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
/* A declaration in a block of its own, so that each line has its own function. */
#define HERE do { extern void JOIN(line_, __LINE__)(void); JOIN(line_, __LINE__)(); } while (0)
int values[100];
int ordinary(int n) {
    HERE;
    for (int i = 0; i < n; i++) {
        HERE;
        values[i] += i;
        if (values[i] > 10)
            HERE;
        else
            values[i]--;
    }
    HERE;
    return values[0];
}
int choose(int k) {
    switch (k) {
    case 1:
        HERE;
        break;
    case 2:
        HERE;
        return 7;
    case 3:
        values[3] = 9;
        HERE;
        break;
    case 4:
        HERE;
        values[k] = k;
        break;
    case 5:
        HERE;
    }
    HERE;
    return k;
}
int assembly(int k) {
    HERE;
    void *d = values, *s = values + 50;
    long n = k;
    __asm__("rep movsb" : "+D"(d), "+S"(s), "+c"(n) : : "memory");
    HERE;
    __asm__("syscall" : "+a"(n) : : "rcx", "r11", "memory");
    HERE;
    char variable[k];
    HERE;
    variable[k - 1] = 3;
    HERE;
    return variable[k / 2];
}
_Thread_local int per_thread;
int indirect(int (*f)(int), int k) {
    HERE;
    int r = f(k) + per_thread;
    HERE;
    return r;
}
