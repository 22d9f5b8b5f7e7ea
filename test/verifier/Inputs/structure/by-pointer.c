typedef unsigned step(unsigned n);
static unsigned again(unsigned n);
static step *const steps[] = {again};
static unsigned again(unsigned n) { return n ? steps[n % 1](n - 1) : 0; }
unsigned start(unsigned n) { return again(n); }
