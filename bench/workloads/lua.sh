# Lua: an interpreter's dispatch loop, a collector, hash tables, strings.
source=lua5.4
group=real
wasm=yes
build() {
    local system=linux
    [ "$configuration" != wasm ] || system=generic # ISO C: no dlopen, no sigaction there
    make $system CC="$cc -std=gnu99" AR="$ar rcu" RANLIB="$ranlib" MYCFLAGS="$flags"
    cp src/lua "$out/lua"
}
input() { cp "$data"/*.lua .; }
runs() {
    run lua-trees - trees.lua 11 250
    run lua-numbers - numbers.lua 9 400000
    run lua-strings - strings.lua 60000
}
