#!/bin/bash
. "$(dirname "$0")/lib.sh"
build_both sqlite3
verified "$guest/sqlite3"
cp "$here/Inputs/test.sql" "$work"
cd "$work"

# In memory, and in a file with its journal and locks.
status=0; isolated "$guest/sqlite3" :memory: <test.sql >guest.txt 2>guest.err || status=$?
native_status=0; "$native/sqlite3" :memory: <test.sql >native.txt 2>native.err || native_status=$?
diff native.txt guest.txt
diff native.err guest.err
[ $status = $native_status ] || fail "exit status $status, natively $native_status"

isolated "$guest/sqlite3" /guest.db <test.sql >guest.txt 2>guest.err || true
"$native/sqlite3" native.db <test.sql >native.txt 2>native.err || true
diff native.txt guest.txt
diff native.err guest.err
cmp guest.db native.db || fail "the database files differ"
[ "$("$native/sqlite3" guest.db 'PRAGMA integrity_check')" = ok ] || fail "the database is damaged"

# A second program goes on with the same file.
isolated "$guest/sqlite3" /guest.db "PRAGMA journal_mode=PERSIST; INSERT INTO tree VALUES(1000, 1); SELECT max(id) FROM tree" >guest.txt
grep -qx 1000 guest.txt || fail "no row after a second start: $(cat guest.txt)"
