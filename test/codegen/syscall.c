// An inline system call in a leaf function keeps its red zone, and changes no register but rax, rcx and r11.
// RUN: %levels %s %t
#include <stdio.h>
#include <string.h>
__attribute__((noinline)) static long leaf(const char *s, long n) {
  volatile long zone[12];
  for (int i = 0; i < 12; i++)
    zone[i] = i * i;
  long r;
  __asm__ volatile("syscall" : "=a"(r) : "0"(1), "D"(1), "S"(s), "d"(n) : "rcx", "r11", "memory");
  for (int i = 0; i < 12; i++)
    r += zone[i];
  return r;
}
__attribute__((noinline)) static unsigned long kept(void) {
  unsigned long bad = 0;
  long r;
  double d = 1.5;
  __asm__ volatile("movq $0x1111, %%rbx\n\tmovq $0x2222, %%r8\n\tmovq $0x3333, %%r9\n\tmovq $0x4444, %%r10\n\tmovq $0x5555, %%r12\n\t"
                   "movq $0x6666, %%r13\n\tmovq $0x7777, %%rdx\n\tmovq $0x8888, %%rsi\n\tmovq $0x9999, %%rdi\n\tmovq %2, %%xmm7\n\tmovl $39, %%eax\n\tsyscall\n\t"
                   "xorq $0x1111, %%rbx\n\txorq $0x2222, %%r8\n\txorq $0x3333, %%r9\n\txorq $0x4444, %%r10\n\txorq $0x5555, %%r12\n\t"
                   "xorq $0x6666, %%r13\n\txorq $0x7777, %%rdx\n\txorq $0x8888, %%rsi\n\txorq $0x9999, %%rdi\n\t"
                   "movq %%xmm7, %%rcx\n\txorq %2, %%rcx\n\torq %%rbx, %1\n\torq %%r8, %1\n\torq %%r9, %1\n\torq %%r10, %1\n\torq %%r12, %1\n\torq %%r13, %1\n\torq %%rdx, %1\n\t"
                   "orq %%rsi, %1\n\torq %%rdi, %1\n\torq %%rcx, %1"
                   : "=&a"(r), "+m"(bad) : "r"(*(long *)&d) : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "xmm7", "cc", "memory");
  return bad + (r <= 0);
}
int main(void) {
  static const char text[] = "written by a leaf\n";
  long r = leaf(text, strlen(text));
  printf("%ld %lu\n", r, kept());
}
