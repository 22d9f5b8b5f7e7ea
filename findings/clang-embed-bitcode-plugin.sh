#!/bin/sh
# clang -fembed-bitcode -fpass-plugin=X runs two compilers, and the second, which makes the code from the first one's bitcode, does not get the
# plugin: what it does in code generation is silently missing. Expected: the plugin in every step, as with -save-temps, which runs three
# compilers and gives it to each, or a warning. (-### shows the steps without running them.)
. "$(dirname "$0")/lib"
install clang-22=1:22.1.8-1~deb12u1 libclang-cpp22=1:22.1.8-1~deb12u1 libllvm22=1:22.1.8-1~deb12u1

echo 'int main(void) { return 0; }' >"$work/main.c"
steps() { clang-22 "$@" -fpass-plugin=plugin.so -O2 -c "$work/main.c" -o "$work/main.o" '-###' 2>&1 | grep -c '"-cc1"'; }
loading() { clang-22 "$@" -fpass-plugin=plugin.so -O2 -c "$work/main.c" -o "$work/main.o" '-###' 2>&1 | grep '"-cc1"' | grep -c 'fpass-plugin' || true; }
same "compilers run" 1 "$(steps)"
same "that load the plugin" 1 "$(loading)"
same "compilers run with -fembed-bitcode" 2 "$(steps -fembed-bitcode)"
same "that load the plugin with -fembed-bitcode" 1 "$(loading -fembed-bitcode)"
same "compilers run with -save-temps" 3 "$(steps -save-temps)"
same "that load the plugin with -save-temps" 3 "$(loading -save-temps)"
verdict
