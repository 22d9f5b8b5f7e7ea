#!/bin/sh
# _Unwind_FindEnclosingFunction takes an address in a function and gives the function's start. libgcc looks one byte
# before the address, as for a return address: given a function's own address it answers with the function in front of
# it, or with NULL where padding stands there. libunwind 1.6.2, which has the same interface, answers with the
# function itself. Expected: the function, whose first byte is in it; a profiler that asks with entry points credits
# the neighbour.
. "$(dirname "$0")/lib"
install libunwind8=1.6.2-3

cat >"$work/enclosing.c" <<'C'
#include <stdio.h>
extern void *_Unwind_FindEnclosingFunction(void *);
extern char first[], second[], third[];
__asm__(".text\n.globl first, second, third\n"
        "first: .cfi_startproc\n ret\n.cfi_endproc\n"
        "second: .cfi_startproc\n nop\n ret\n.cfi_endproc\n"
        ".p2align 4\nthird: .cfi_startproc\n ret\n.cfi_endproc\n");
static const char *name(char *address) {
    void *start = _Unwind_FindEnclosingFunction(address);
    return start == first ? "first" : start == second ? "second" : start == third ? "third" : start ? "other" : "NULL";
}
int main(void) {
    printf("%s, %s, %s\n", name(second), name(second + 1), name(third));
    return 0;
}
C
glibc_cc "$work/enclosing.c" "$work/enclosing"
same "second, second + 1, third: libgcc" "first, second, NULL" "$(unset LD_LIBRARY_PATH; "$work/enclosing")"
same "libunwind" "second, second, third" \
    "$(unset LD_LIBRARY_PATH; LD_PRELOAD=$work/root/usr/lib/x86_64-linux-gnu/libunwind.so.8 "$work/enclosing")"
verdict
