/* The guest of the micro-benchmarks: exports that do next to nothing. */
void nothing(void) {
}

int add(int a, int b) {
    return a + b;
}

double add_doubles(double a, double b) {
    return a + b;
}

char *identity(char *p) {
    return p;
}

/* Calls back so many times. */
void repeat(int (*function)(int), int count) {
    for (int n = 0; n < count; n++)
        function(n);
}
