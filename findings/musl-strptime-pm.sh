#!/bin/sh
# strptime of musl 1.2.3 applies PM to the hour that was read so far, so "PM 3:30" with "%p %I:%M" is half past three
# at night, and "AM 12" noon. Both succeed. POSIX describes each conversion by its meaning, in any order. Expected:
# 15:30 and 0:00, as glibc, and as both read "3:30 PM".
. "$(dirname "$0")/lib"
install musl=1.2.3-1 musl-dev=1.2.3-1

cat >"$work/time.c" <<'C'
#define _XOPEN_SOURCE 700
#include <stdio.h>
#include <time.h>
int main(int argc, char **argv) {
    struct tm tm = {0};
    const char *rest = strptime(argv[1], argv[2], &tm);
    printf("%d:%02d, rest \"%s\"\n", tm.tm_hour, tm.tm_min, rest ? rest : "(refused)");
    return argc != 3;
}
C
musl_cc "$work/time.c" "$work/time-musl"
glibc_cc "$work/time.c" "$work/time-glibc"
both() {
    same "$1 by $2, glibc" "$3, rest \"\"" "$("$work/time-glibc" "$1" "$2")"
    same "musl" "$4, rest \"\"" "$("$work/time-musl" "$1" "$2")"
}
both "3:30 PM" "%I:%M %p" 15:30 15:30
both "PM 3:30" "%p %I:%M" 15:30 3:30
both "AM 12:00" "%p %I:%M" 0:00 12:00
verdict
