#!/bin/sh
# musl's pthread_getattr_np says of the first thread's stack what has been touched of it so far, by asking the kernel page by page, where glibc
# gives the limit (8 MiB) from one look at /proc/self/maps. Expected: the size that the stack may grow to, and a handful of system calls. A collector
# or interpreter that takes its bound from it gets another one each time, and a system call for every 4 KiB in use.
. "$(dirname "$0")/lib"
install musl=1.2.3-1 musl-dev=1.2.3-1 strace=6.1-0.1

cat >"$work/stack.c" <<'C'
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
static size_t known(void) {
    pthread_attr_t attributes;
    void *low;
    size_t size;
    pthread_getattr_np(pthread_self(), &attributes);
    pthread_attr_getstack(&attributes, &low, &size);
    return size;
}
__attribute__((noinline)) static void touch(void) {
    volatile char frame[4 << 20];
    for (size_t i = 0; i < sizeof frame; i += 4096)
        frame[i] = 1;
}
int main(void) {
    size_t before = known();
    touch();
    size_t after = known();
    printf("%s a MiB, then %s 4 MiB\n", before < 1 << 20 ? "less than" : "at least", after < 4 << 20 ? "less than" : "at least");
}
C
musl_cc "$work/stack.c" "$work/stack-musl"
glibc_cc "$work/stack.c" "$work/stack-glibc"
ulimit -s 8192
calls() { strace -o "$work/calls" "$1" >/dev/null && [ "$(grep -c '^mremap' "$work/calls")" -gt 1000 ] && echo "more than 1000 calls of mremap" || echo "few"; }
same "musl" "less than a MiB, then at least 4 MiB" "$("$work/stack-musl")"
same "glibc" "at least a MiB, then at least 4 MiB" "$("$work/stack-glibc")"
same "musl, by strace" "more than 1000 calls of mremap" "$(calls "$work/stack-musl")"
same "glibc, by strace" "few" "$(calls "$work/stack-glibc")"
verdict
