// Inline assembly: lock and rep prefixes as statements of their own, push and pop, calls, labels, alternatives of operands.
// RUN: %levels %s %t
#include <stdint.h>
#include <stdio.h>
static int counter = 5;
static char text[32] = "abc";
int callee(int a) __asm__("callee");
int callee(int a) { return a * 3; }
__attribute__((noinline)) static int separate(int v) {
  __asm__ volatile("lock\n\taddl %1, %0" : "+m"(counter) : "r"(v) : "cc");
  __asm__ volatile("lock; xaddl %0, %1" : "+r"(v), "+m"(counter) : : "cc");
  __asm__ volatile("lock\n\tincl %0" : "+m"(counter) : : "cc");
  __asm__ volatile("xchgl %0, %1" : "+r"(v), "+m"(counter));
  return v;
}
__attribute__((noinline)) static int compare_exchange(int *p, int old, int new) {
  unsigned char ok;
  __asm__ volatile("lock\n\tcmpxchgl %3, %1\n\tsete %0" : "=q"(ok), "+m"(*p), "+a"(old) : "r"(new) : "cc", "memory");
  return ok * 100 + old;
}
__attribute__((noinline)) static long stack(long a) {
  long r, flags;
  __asm__ volatile("subq $128, %%rsp\n\tpushq %2\n\tpushq $7\n\tpopq %0\n\tpushf\n\tpopq %1\n\tpopq %%rcx\n\taddq %%rcx, %0\n\taddq $128, %%rsp"
                   : "=&r"(r), "=&r"(flags) : "r"(a) : "rcx", "cc", "memory");
  return r + (flags & 2);
}
__attribute__((noinline)) static int call(int a) {
  int r;
  __asm__ volatile("movq %%rsp, %%rbx\n\tsubq $128, %%rsp\n\tandq $-16, %%rsp\n\tcall callee\n\tmovq %%rbx, %%rsp"
                   : "=a"(r), "+D"(a) : : "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory", "cc");
  return r;
}
__attribute__((noinline)) static int pointer(int a) {
  int r, (*f)(int) = callee;
  __asm__ volatile("movq %%rsp, %%rbx\n\tsubq $128, %%rsp\n\tandq $-16, %%rsp\n\tcall *%2\n\tmovq %%rbx, %%rsp"
                   : "=a"(r), "+D"(a) : "r"(f) : "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11", "memory", "cc");
  return r;
}
__attribute__((noinline)) static uint64_t loop(const char *s) {
  uint64_t h = 0;
  __asm__("1:\n\tmovzbl (%1), %%eax\n\ttestb %%al, %%al\n\tjz 2f\n\timulq $31, %0, %0\n\taddq %%rax, %0\n\tincq %1\n\tjmp 1b\n2:" : "+r"(h), "+r"(s) : : "rax", "cc", "memory");
  return h;
}
__attribute__((noinline)) static int bits(unsigned v, unsigned *m) {
  int r, z;
  __asm__("bsrl %2, %0\n\tbtl $3, %3\n\tadcl $10, %0\n\tbtsl $5, %3\n\tpopcntl %2, %1" : "=&r"(r), "=&r"(z), "+r"(v), "+m"(*m) : : "cc");
  return r * 100 + z;
}
int main(void) {
  unsigned m = 8, lo, hi;
  printf("%d %d %d\n", separate(3), counter, compare_exchange(&counter, counter, 77));
  printf("%d %d %ld %d %d\n", compare_exchange(&counter, 1, 2), counter, stack(40), call(14), pointer(5));
  printf("%llu %d %u\n", (unsigned long long)loop("inline assembly"), bits(0xf00, &m), m);
  __asm__ volatile("movb $'X', %0\n\tmovw $0x5958, 1+%0\n\tnopl 8(%1)\n\tpause" : "+m"(text) : "r"(text));
  __asm__("movl $6, %%eax\n\t.intel_syntax noprefix\n\tlea eax, [rax+rax*4+7]\n\tmov ecx, dword ptr [rdx]\n\t.att_syntax prefix" : "=&a"(lo), "=&c"(hi) : "d"(&m));
  printf("%s %u %u\n", text, lo, hi);
  __asm__ volatile("prefetcht0 %0\n\tmfence\n\tlfence\n\tsfence" : : "m"(m));
  __asm__("xorl %%eax, %%eax\n\tcpuid" : "=a"(lo) : : "ebx", "ecx", "edx");
  printf("%d\n", lo > 0);
}
