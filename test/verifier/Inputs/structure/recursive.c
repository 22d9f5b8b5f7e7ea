unsigned first(unsigned n);
static unsigned second(unsigned n) { return n ? first(n - 1) : 0; }
unsigned first(unsigned n) { return second(n) + 1; }
