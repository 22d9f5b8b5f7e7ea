#include <stdio.h>
extern "C" int answer(), value();
int main() { printf("%d and %d\n", answer(), value()); }
