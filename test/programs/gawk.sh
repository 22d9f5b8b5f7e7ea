#!/bin/bash
# gawk as its own configure script builds it, and the programs of its own tests: output, messages and status as natively.
. "$(dirname "$0")/lib.sh"
"$top/tools/fetch-source" --unpack "$work/source" gawk
export PATH=$BULKHEAD_BUILD/bin:$PATH
# pma wants one address for its heap from run to run, and a program that is not position-independent.
options=(-q --disable-extensions --disable-nls --disable-mpfr --disable-pma --without-readline)
build_gawk() { # DIRECTORY CONFIGURE-ARGUMENT
    mkdir "$work/$1"
    (cd "$work/$1" && ../source/configure "${options[@]}" "CFLAGS=-$level" "$2" && make -j2 -C support && make -j2 gawk) \
        >"$work/$1.log" 2>&1 || { tail -n 30 "$work/$1.log" >&2; fail "gawk does not build: $1"; }
}
build_gawk guest --host=x86_64-bulkhead-linux-musl
build_gawk native CC="bulkhead-clang --native"
verified "$work/guest/gawk"

# What cannot be the same: commands that awk starts (a guest is one process), the network, the process's number, the time of day, and what
# never ends without the options of its makefile.
exceptions=" childin clos1way clos1way2 clos1way3 clos1way4 clos1way5 clos1way6 close_status exitval1 exitval2 getline getline3
    getline5 getlnhd id iobug1 iolint longwrds nsidentifier pipeio1 pipeio2 profile5 pty1 pty2 rstest3 rstest4 rstest5 sigpipe1 spacere
    status-close symtab12 nonfatal1 nonfatal3 pid strftime time timeout profile10 "
cd "$work/source/test"
tried=0
for file in *.awk; do
    name=${file%.awk}
    [ -f "$name.ok" ] && [[ ! "$exceptions" =~ [[:space:]]$name[[:space:]] ]] || continue
    input=/dev/null
    [ ! -f "$name.in" ] || input=$name.in
    status=0 twin=0
    "$BULKHEAD_BUILD/bin/bulkhead-run" --dir "$work:/" --cwd /source/test --env AWKPATH=. --env LC_ALL=C --argv0 gawk --deadline 300 \
        "$work/guest/gawk" -f "$file" <"$input" >"$work/guest.out" 2>"$work/guest.err" || status=$?
    (exec env -i AWKPATH=. LC_ALL=C bash -c 'exec -a gawk "$@"' - "$work/native/gawk" -f "$file") \
        <"$input" >"$work/native.out" 2>"$work/native.err" || twin=$?
    if [ $status != $twin ] || ! cmp "$work/guest.out" "$work/native.out" || ! cmp "$work/guest.err" "$work/native.err"; then
        fail "$name: status $status, natively $twin"
    fi
    tried=$((tried + 1))
done
[ $tried -ge 500 ] || fail "only $tried of the authors' tests were found"
echo "$tried tests of the authors'"

# A command is refused, and awk says why.
status=0; isolated "$work/guest/gawk" 'BEGIN { "date" | getline }' 2>"$work/guest.err" || status=$?
[ $status = 2 ] && grep -q "cannot create child process for .date. (fork: Function not implemented)" "$work/guest.err" ||
    fail "a command: status $status, $(cat "$work/guest.err")"
