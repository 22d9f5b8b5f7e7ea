source=own
group=real
wasm=yes
build() { $cc $flags tiny.c -o "$out/tiny"; }
input() { printf 'some text\n' >file; ln -s ../secret link; }
runs() { run tiny-run - one two; }
