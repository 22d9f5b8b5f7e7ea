#include <stdio.h>
int number(void);
int main(void) {
  printf("%d, %s\n", number(), __bulkhead__ ? "isolated" : "");
  return number() != 42;
}
