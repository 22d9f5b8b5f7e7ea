// String instructions in inline assembly: all of them, all widths, with and without rep, and with flags live across them.
// RUN: %levels %s %t
#include <stdint.h>
#include <stdio.h>
#include <string.h>
static char from[64] = "the quick brown fox jumps over the lazy dog", to[64];
static uint64_t words[8];
int main(void) {
  void *d, *s;
  long n, r;
  d = to, s = from, n = 20;
  __asm__("rep movsb" : "+D"(d), "+S"(s), "+c"(n) : : "memory");
  printf("%s %d %d %ld\n", to, (int)((char *)d - to), (int)((char *)s - from), n);
  d = words, n = 4;
  __asm__("rep stosq" : "+D"(d), "+c"(n) : "a"(0x1122334455667788) : "memory");
  d = words + 4;
  __asm__("stosb\n\tstosw\n\tstosl\n\tstosq" : "+D"(d) : "a"(0x0102030405060708) : "memory");
  printf("%llx %llx %llx\n", (long long)words[3], (long long)words[4], (long long)words[5]);
  s = words;
  __asm__("lodsb\n\tmovzbl %%al,%%eax\n\tmov %%rax,%0\n\tlodsw\n\tadd %%rax,%0\n\tlodsl\n\tadd %%rax,%0\n\tlodsq\n\tadd %%rax,%0" : "=&r"(r), "+S"(s) : : "rax", "memory", "cc");
  printf("%lx %d\n", r, (int)((char *)s - (char *)words));
  d = from, n = -1;
  __asm__("repne scasb" : "+D"(d), "+c"(n) : "a"(0) : "memory", "cc");
  printf("%ld\n", -2 - n);
  char equal;
  d = to, s = from, n = 64;
  __asm__("repe cmpsb\n\tsete %0" : "=q"(equal), "+D"(d), "+S"(s), "+c"(n) : : "memory", "cc");
  printf("%d %ld\n", equal, n);
  d = from + 3, n = 10;
  __asm__("scasb\n\tsete %0\n\tscasw\n\tscasl\n\tscasq" : "=q"(equal), "+D"(d) : "a"(' ') : "memory", "cc");
  printf("%d %d\n", equal, (int)((char *)d - from));
  d = to, s = from;
  __asm__("movsb\n\tmovsw\n\tmovsl\n\tmovsq\n\tcmpsb\n\tcmpsw\n\tcmpsl\n\tcmpsq\n\tsetb %0" : "=q"(equal), "+D"(d), "+S"(s) : : "memory", "cc");
  printf("%d %d\n", equal, (int)((char *)d - to));
  // Flags, and every other register, survive.
  for (int k = 0; k < 3; k++) {
    unsigned char less, zero, carry;
    long r8 = 1, r9 = 2, r11;
    d = to, s = from, n = 5;
    __asm__("mov $0x1234567, %%r11d\n\tcmpl $1, %6\n\trep\n\tmovsb\n\tsetl %0\n\tsete %1\n\tsetb %2\n\tmov %%r11, %7"
            : "=&q"(less), "=&q"(zero), "=&q"(carry), "+D"(d), "+S"(s), "+c"(n) , "+r"(k), "=&r"(r11), "+r"(r8), "+r"(r9) : : "memory", "cc", "r11");
    printf("%d %d %d %lx %ld\n", less, zero, carry, r11, r8 + r9);
    d = to;
    long a = 65;
    __asm__("cmpl $1, %4\n\tstosb\n\tsetg %0\n\tlodsl" : "=&q"(less), "+D"(d), "+S"(s), "+a"(a) : "r"(k) : "memory", "cc");
    printf("%d %s\n", less, to);
  }
  d = to + 19, s = from + 19;
  __asm__ volatile("cld\n\tmovsq" : "+D"(d), "+S"(s) : : "memory");
  printf("%s\n", to);
}
