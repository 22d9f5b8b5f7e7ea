// Instructions that are written as bytes do what they say, wherever they come to lie: whole, in pieces, as prefixes of what
// follows or of what stands before, by every directive.
// RUN: %levels %s %t
#include <stdint.h>
#include <stdio.h>

static char text[] = "abcdefgh", copy[16];
static uint32_t counter = 40;

__attribute__((noinline)) static long leaf(long a) { // push and pop around lea -8(%rsp), lea 8(%rsp)
  long r;
  __asm__ volatile("leaq -128(%%rsp), %%rsp\n\t.byte 0x48,0x8d,0x64,0x24,0xf8\n\tmovq %1, (%%rsp)\n\tmovq (%%rsp), %0\n\t"
                   ".byte 0x48,0x8d,0x64,0x24,0x08\n\tleaq 128(%%rsp), %%rsp" : "=r"(r) : "r"(a) : "memory");
  return r;
}
__attribute__((noinline)) static uint64_t moved(uint64_t a) { // movq %rax,%xmm1; movq %xmm1,%rdx, as old perlasm has it
  uint64_t r;
  __asm__(".byte 102,72,15,110,200\n\t.byte 102,72,15,126,202" : "=d"(r) : "a"(a) : "xmm1");
  return r;
}
__attribute__((noinline)) static uint32_t pieces(uint32_t *p) {
  uint32_t r;
  __asm__(".byte 0x8b\n\t.byte 0x07\n\t.short 0xc083\n\t.byte 2\n\t.long 0x03c08348\n\t.byte 0x66\n\t.value 0x9066"
          : "=a"(r) : "D"(p), "m"(*p));
  return r; // movl (%rdi),%eax; addl $2,%eax; addq $3,%rax; nops
}
__attribute__((noinline)) static uint64_t prefixes(uint64_t a) {
  uint64_t low = a, wide = a;
  __asm__(".byte 0x66\n\tmovl %%ecx, %%eax" : "+a"(low) : "c"(0x12345678)); // movw
  __asm__(".byte 0x48\n\taddl %%ecx, %%eax" : "+a"(wide) : "c"(1L));         // addq
  return wide ^ low;
}
__attribute__((noinline)) static uint32_t locked(uint32_t by) {
  __asm__ volatile(".byte 0xf0\n\txaddl %0, %1" : "+r"(by), "+m"(counter));
  __asm__ volatile("lock\n\t.byte 0x01,0x07" : "+m"(counter) : "a"(2), "D"(&counter));       // addl %eax,(%rdi)
  __asm__ volatile(".byte 0xf0,0x0f,0xb1,0x0f" : "+m"(counter) : "a"(47), "c"(99), "D"(&counter)); // cmpxchgl %ecx,(%rdi)
  return by;
}
__attribute__((noinline)) static void strings(void) {
  void *d = copy, *s = text;
  long n = 3;
  __asm__ volatile(".byte 0xf3,0xa4\n\trep\n\t.byte 0xa4\n\t.byte 0xf3\n\tmovsb" : "+D"(d), "+S"(s), "+c"(n) : : "memory");
  printf("%s %ld %ld\n", copy, (long)((char *)d - copy), (long)((char *)s - text));
}
__attribute__((noinline)) static int flags(int a) {
  int r;
  __asm__(".byte 0x85,0xc0\n\t.byte 0xf3\n\t.byte 0x90\n\tsetz %%al\n\tmovzbl %%al, %0" : "=r"(r), "+a"(a)); // testl; pause
  return r;
}
__attribute__((naked, noinline)) static int branches(int a) { // three ways out, one of them jumped to: bytes to the end
  __asm__("testl %edi, %edi\n\tjz 1f\n\tjs 2f\n\tmovl $1, %eax\n\t.byte 0xf3, 0xc3\n1:\t.byte 0xb8\n\t.byte 2,0,0,0\n\t.byte 0xc3\n"
          "2:\t.byte 0x31,0xc0\n\t.byte 0xf2\n\tret");
}
__attribute__((naked, noinline)) static long whole(long a) { __asm__(".byte 0x48,0x8d,0x04,0x3f,0xc3"); } // lea (%rdi,%rdi); ret
__asm__(".text\n\t.globl from_file\nfrom_file:\n\t.quad 0xc3909001c083f889"); // movl %edi,%eax; addl $1,%eax; nop; nop; ret
int from_file(int a);
__attribute__((noinline)) static int endings(void) {
  int r;
  __asm__(".byte 0xf3,0x0f,0x1e,0xfa\n\txorl %0, %0\n\t.fill 3, 1, 0x90\n\t.fill 2, 4, 0x00401f0f\n\t.skip 5, 0x90\n\t.nops 11\n\t"
          ".ascii \"\\x90\\x90\"\n\t.octa 0x90909090909090909090909090909090\n\t.uleb128 0x10\n\t.byte 0xc0\n\taddl $3, %0"
          : "=a"(r) : : "cc");
  return r; // .uleb128 0x10, 0xc0: adcb %al,%al with al = 0 and no carry
}
int main(void) {
  uint32_t word = 37;
  printf("%ld %lx %u %lx %u ", leaf(77), (long)moved(0x123456789abcdef0), pieces(&word),
         (long)prefixes(0x80000001ffffffff), locked(5));
  printf("%u %d\n", counter, from_file(8));
  strings();
  printf("%d %d %d %d %d %ld %d\n", flags(0), flags(1), branches(0), branches(-1), branches(1), whole(21), endings());
}
