// Returns that take arguments off the stack: in assembly, as bytes, and of a calling convention whose callee does it.
// RUN: %levels %s %t
#include <stdio.h>

__asm__(".text\n"
        ".globl difference\n.type difference,@function\n"
        "difference: movq 8(%rsp), %rax\n"
        "subq 16(%rsp), %rax\n"
        "ret $16\n"
        ".globl drops\n.type drops,@function\n"
        "drops: movl $7, %eax\n"
        ".byte 0xc2, 0, 1\n" // ret $256
        ".globl most\n.type most,@function\n"
        "most: movl $9, %eax\n"
        "retq $0x4000\n");

// Calls FUNCTION with BYTES of arguments on the stack, the first two of them A and B, and says how far rsp has moved.
#define CALL(FUNCTION, BYTES, A, B, RESULT, MOVED)                                                       \
  __asm__ volatile("movq %%rsp, %%rbx\n\tsubq $128, %%rsp\n\tandq $-16, %%rsp\n\tmovq %%rsp, %%r12\n\t" \
                   "subq $" #BYTES ", %%rsp\n\tmovq %2, (%%rsp)\n\tmovq %3, 8(%%rsp)\n\t"               \
                   "callq " #FUNCTION "\n\tsubq %%rsp, %%r12\n\tmovq %%r12, %1\n\tmovq %%rbx, %%rsp"    \
                   : "=&a"(RESULT), "=&r"(MOVED)                                                         \
                   : "r"(A), "r"(B)                                                                      \
                   : "rbx", "r12", "rcx", "r11", "memory", "cc")

typedef __attribute__((swiftasynccall)) void step(long *, long, __attribute__((swift_async_context)) void *);
static step first, second;
static step *volatile next = second;
__attribute__((swiftasynccall, noinline)) static void second(long *r, long a, __attribute__((swift_async_context)) void *context) {
  *r = a * 3 + *(long *)context;
}
__attribute__((swiftasynccall, noinline)) static void first(long *r, long a, __attribute__((swift_async_context)) void *context) {
  return next(r, a + 1, context);
}

int main(void) {
  long result, moved;
  CALL(difference, 16, 50L, 8L, result, moved);
  printf("%ld %ld\n", result, moved);
  CALL(drops, 256, 1L, 2L, result, moved);
  printf("%ld %ld\n", result, moved);
  CALL(most, 0x4000, 1L, 2L, result, moved);
  printf("%ld %ld\n", result, moved);
  long context = 1000;
  first(&result, 5, &context);
  printf("%ld\n", result);
}
