#!/bin/bash
. "$(dirname "$0")/lib.sh"
build_both lua5.4
verified "$guest/lua"
cp "$here/Inputs/test.lua" "$work"
cd "$work"

status=0; isolated "$guest/lua" - /test.lua /scratch <test.lua >guest.txt || status=$?
native_status=0; "$native/lua" - test.lua scratch <test.lua >native.txt || native_status=$?
diff native.txt guest.txt
[ "$status" = 7 ] || fail "exit status $status, expected 7"
[ "$native_status" = 7 ]

# Bytecode, and a program from standard input with an error at its end.
isolated "$guest/luac" -s -o /guest.luac /test.lua
"$native/luac" -s -o native.luac test.lua
cmp guest.luac native.luac || fail "bytecode differs"
printf 'print(("%%d"):format(6*7)) error("enough")' >end.lua
status=0; isolated "$guest/lua" - <end.lua >guest.txt 2>guest.err || status=$?
"$native/lua" - <end.lua >native.txt 2>native.err || true
diff native.txt guest.txt
[ $status = 1 ] || fail "exit status $status after an error, expected 1"
grep -q 'stdin:1: enough' guest.err || fail "no error message: $(cat guest.err)"
