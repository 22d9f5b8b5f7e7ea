int answer(void) { return 42; }
#ifndef LIBRARY
int main(void) { return answer(); }
#endif
