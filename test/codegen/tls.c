// Thread-local storage: initialised, zero, aligned, in functions, through pointers, and in inline assembly.
// RUN: %levels %s %t
// No access through %%fs is left, and no relocation that the linker would rewrite.
// RUN: %bulkhead-clang -O2 -c %s -o %t.o && llvm-objdump -dr %t.o | FileCheck %s
// CHECK-NOT: {{%fs|GOTTPOFF|TLSGD|TLSLD}}
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
static _Thread_local int counter = 40;
_Thread_local long zero;
_Thread_local struct { char name[20]; double d; } record = {"record", 2.5};
static _Thread_local _Alignas(64) char aligned[64] = "aligned";
static _Thread_local int array[10];
extern _Thread_local int later;
__attribute__((noinline)) static int next(void) { static _Thread_local int n = 7; return n++; }
__attribute__((noinline)) static int *address(int i) { return &array[i]; }
__attribute__((noinline)) static int at(long i) { return array[i] + array[9 - i]; }
__attribute__((noinline)) static void *self(void) {
  void *p;
  __asm__("mov %%fs:0, %0" : "=r"(p));
  return p;
}
int main(void) {
  for (int i = 0; i < 10; i++)
    *address(i) = i * i;
  counter += next() + next();
  zero--;
  later += 2;
  record.d *= 2;
  record.name[0] = 'R';
  printf("%d %ld %s %g %s %d %d\n", counter, zero, record.name, record.d, aligned, (int)((uintptr_t)aligned % 64), later);
  printf("%d %d\n", at(3), at(9));
  int a, d = 5;
  unsigned char b;
  long offset = (char *)&array[4] - (char *)self(), l;
  // Through %fs with a register, as a read-modify-write, into a small register, and with an index.
  __asm__("movl %%fs:(%1), %0" : "=r"(a) : "r"(offset) : "memory");
  __asm__("addl %1, %%fs:(%0)" : : "r"(offset), "r"(d) : "memory", "cc");
  __asm__("movzbl %%fs:(%1), %k0" : "=r"(l) : "r"(offset) : "memory");
  __asm__("movb %%fs:4(%1), %0" : "=q"(b) : "r"(offset) : "memory");
  printf("%d %d %ld %d\n", a, array[4], l, b);
  __asm__("movq %%fs:0, %0\n\taddl $3, (%0,%1)" : "=&r"(l) : "r"(offset) : "memory", "cc");
  __asm__("cmpl $24, %%fs:(%1)\n\tsete %0" : "=q"(b) : "r"(offset) : "cc", "memory");
  printf("%d %d\n", array[4], b);
  errno = 33;
  printf("%d\n", errno);
}
_Thread_local int later = 11;
