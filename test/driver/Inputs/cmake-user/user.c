#include <both.h>
int main(void) { return both(-1); }
