// Inline assembly that calls a piece of itself, as key schedules by AES-NI do: what its returns and its branches through memory change
// is known to the compiler, so that no operand lies there.
// RUN: %levels %s %t
// RUN: %levels --only -pthread --at O0,O2 %s %t.threads
// RUN: %clang -O0 -fPIE -emit-llvm -S %s -o - | not grep 'retq.*~{rcx}'
// RUN: %clang -O0 -fPIE -fpass-plugin=%plugin -emit-llvm -S %s -o - | FileCheck %s
// CHECK: retq{{.*}},~{rcx},~{r11}"
// CHECK: jmp *{{.*}},~{rcx},~{r11}"
// CHECK: shlq %cl{{.*}}{cx}{{.*}},~{r11}"
#include <stdio.h>

// A function that calls another has no red zone, which the calls in the assembly would write to.
static volatile int calls;
__attribute__((noinline)) static void another(void) { calls++; }

// Every operand that fits is in a register, so that all are taken.
__attribute__((noinline)) static long sums(long *p, long a, long b, long c, long d, long e) {
  long s = 0;
  __asm__ volatile("jmp 2f\n"
                   "1:\n\t"
                   "addq %2, %0\n\t"
                   "retq\n"
                   "2:\n\t"
                   "callq 1b\n\tcallq 1b\n\t"
                   "addq %3, %0; addq %4, %0; addq %5, %0; addq %6, %0\n\t"
                   "movq %0, (%1)"
                   : "+r"(s)
                   : "r"(p), "r"(a), "r"(b), "r"(c), "r"(d), "r"(e)
                   : "memory", "cc");
  another();
  return s + (a ^ b ^ c ^ d ^ e) + *p;
}

__attribute__((noinline)) static long jumps(long a, long b, long c, long d) {
  void *there;
  long s = 0;
  __asm__ volatile("leaq 1f(%%rip), %0\n\t"
                   "movq %0, %1\n\t"
                   "jmp *%1\n\t"
                   "ud2\n\t"
                   ".p2align 5\n"
                   "1:\n\t"
                   "movq $0, %0\n\t"
                   "leaq (%2,%3), %0; addq %4, %0; addq %5, %0"
                   : "+r"(s), "=m"(there)
                   : "r"(a), "r"(b), "r"(c), "r"(d)
                   : "cc");
  return s + (a ^ b ^ c ^ d);
}

// What stands in rcx by name is the programmer's own business.
__attribute__((noinline)) static long shifts(long v, long n) {
  __asm__ volatile("jmp 2f\n1:\n\tshlq %%cl, %0\n\tretq\n2:\n\tcallq 1b" : "+r"(v) : "c"(n) : "cc");
  another();
  return v;
}

int main(void) {
  long out = 0;
  printf("%ld %ld\n", sums(&out, 1, 20, 300, 4000, 50000), out);
  printf("%ld %ld\n", jumps(1, 20, 300, 4000), shifts(3, 4));
  return 0;
}
