#!/bin/sh
# TZ=EST5EDT names a summer time and leaves out when it applies, which POSIX allows and leaves to the system. musl
# 1.2.3 then has summer time all the year, January included, and never looks for the file EST5EDT of the time zone
# database, since the name has a rule's form. Expected: the rules of the United States, as in glibc, or the database's
# file; at worst standard time. With the rules in the variable both agree.
. "$(dirname "$0")/lib"
install musl=1.2.3-1 musl-dev=1.2.3-1

cat >"$work/zone.c" <<'C'
#include <stdio.h>
#include <time.h>
int main(void) {
    time_t january = 1705320000, july = 1721044800;
    char text[2][40];
    strftime(text[0], sizeof text[0], "%H:%M %Z", localtime(&january));
    strftime(text[1], sizeof text[1], "%H:%M %Z", localtime(&july));
    printf("%s, %s\n", text[0], text[1]);
}
C
musl_cc "$work/zone.c" "$work/zone-musl"
glibc_cc "$work/zone.c" "$work/zone-glibc"
same "noon UTC, January and July, EST5EDT, glibc" "07:00 EST, 08:00 EDT" "$(TZ=EST5EDT "$work/zone-glibc")"
same "musl" "08:00 EDT, 08:00 EDT" "$(TZ=EST5EDT "$work/zone-musl")"
same "PST8PDT, glibc" "04:00 PST, 05:00 PDT" "$(TZ=PST8PDT "$work/zone-glibc")"
same "musl" "05:00 PDT, 05:00 PDT" "$(TZ=PST8PDT "$work/zone-musl")"
same "EST5EDT,M3.2.0,M11.1.0, glibc" "07:00 EST, 08:00 EDT" "$(TZ=EST5EDT,M3.2.0,M11.1.0 "$work/zone-glibc")"
same "musl" "07:00 EST, 08:00 EDT" "$(TZ=EST5EDT,M3.2.0,M11.1.0 "$work/zone-musl")"
verdict
