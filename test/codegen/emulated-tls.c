// -femulated-tls: the run-time library keeps the variables.
// RUN: %levels --at O0,O2 %s %t -femulated-tls
#include <stdio.h>
_Thread_local int counter = 3;
static _Thread_local _Alignas(256) char aligned[300];
int main(void) {
  counter++;
  aligned[299] = 5;
  printf("%d %d %d %d\n", counter, aligned[0], aligned[299], (int)((unsigned long)aligned & 255));
  return 0;
}
