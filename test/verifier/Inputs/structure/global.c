unsigned calls;
unsigned count(void) { return ++calls; }
