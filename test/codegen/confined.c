// Assembly that is confined already passes through unchanged: operands with %gs, and whole sequences.
// RUN: %levels %s %t
#include <stdio.h>
#include <string.h>
static int value = 7;
static char from[] = "sequence", to[16];
#ifdef __bulkhead__
#define OPERAND "%%gs:(%k1)"
#define INDEXED "%%gs:4(%k1,%k2,4)"
#define RDI "movl %%edi, %%edi\n\taddq %%gs:0x10000, %%rdi\n\t"
#define RSI "movl %%esi, %%esi\n\taddq %%gs:0x10000, %%rsi\n\t"
#define MASK "andl $-32, %%eax\n\taddq %%gs:0x10000, %%rax\n\t"
#else
#define OPERAND "(%1)"
#define INDEXED "4(%1,%2,4)"
#define RDI
#define RSI
#define MASK
#endif
static int callee(void) { return 55; }
int main(void) {
  int r, array[] = {1, 2, 3, 4};
  void *d = to, *s = from;
  long n = sizeof from;
  __asm__("movl " OPERAND ", %0" : "=r"(r) : "r"(&value) : "memory");
  printf("%d\n", r);
  __asm__("movl " INDEXED ", %0" : "=r"(r) : "r"(array), "r"(2l) : "memory");
  printf("%d\n", r);
  __asm__(RDI RSI "rep movsb" : "+D"(d), "+S"(s), "+c"(n) : : "memory", "cc");
  printf("%s %d\n", to, (int)((char *)d - to));
  __asm__("movq %%rsp, %%rbx\n\tsubq $128, %%rsp\n\tandq $-16, %%rsp\n\t" MASK "call *%%rax\n\tmovq %%rbx, %%rsp"
          : "=a"(n) : "0"((long)callee) : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc");
  printf("%d\n", (int)n);
#ifdef __bulkhead__
  long base;
  __asm__("movq %%gs:0x10000, %0" : "=r"(base));
  printf("%d\n", (unsigned long)&value >> 32 == base >> 32);
#else
  puts("1");
#endif
}
