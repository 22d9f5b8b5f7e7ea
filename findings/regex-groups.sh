#!/bin/sh
# POSIX: of all ways to match the longest text, each group from the left takes the longest that it can. So
# (a|ab)(c|bcd)(d*) on abcd gives ab, c and d, (a|ab)(bc|c)? on abc gives ab and c, and ((a*)(b|abc))(c*) begins with
# abc. glibc gives the first alternative, as Perl does, each time; musl 1.2.3 does so in the first expression and
# follows POSIX in the others. Expected: POSIX's groups from both libraries' regexec; a program that captures with
# them gets other pieces of the same string.
. "$(dirname "$0")/lib"
install musl=1.2.3-1 musl-dev=1.2.3-1

cat >"$work/groups.c" <<'C'
#include <regex.h>
#include <stdio.h>
int main(int argc, char **argv) {
    regex_t regex;
    regmatch_t match[5];
    if (argc != 3 || regcomp(&regex, argv[1], REG_EXTENDED) || regexec(&regex, argv[2], 5, match, 0))
        return 1;
    for (unsigned i = 1; i <= regex.re_nsub; i++)
        printf("%.*s|", (int)(match[i].rm_eo - match[i].rm_so), argv[2] + match[i].rm_so);
    return 0;
}
C
musl_cc "$work/groups.c" "$work/groups-musl"
glibc_cc "$work/groups.c" "$work/groups-glibc"
both() {
    same "$1 on $2, glibc" "$3" "$("$work/groups-glibc" "$1" "$2")"
    same "musl" "$4" "$("$work/groups-musl" "$1" "$2")"
}
both "(a|ab)(c|bcd)(d*)" abcd "a|bcd||" "a|bcd||"
both "(a|ab)(bc|c)?" abc "a|bc|" "ab|c|"
both "((a*)(b|abc))(c*)" abc "ab|a|b|c|" "abc||abc||"
verdict
