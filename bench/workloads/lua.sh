# Lua: an interpreter's dispatch loop, a collector, hash tables, strings.
source=lua5.4
group=real
wasm='no: its errors and coroutines are setjmp and longjmp'
build() {
    make linux CC="$cc -std=gnu99" AR="$ar rcu" RANLIB="$ranlib" MYCFLAGS="$flags"
    cp src/lua "$out/lua"
}
input() { cp "$data"/*.lua .; }
runs() {
    run lua-trees - trees.lua 11 250
    run lua-numbers - numbers.lua 9 400000
    run lua-strings - strings.lua 60000
}
