# libxml2, by its xmllint: reads documents as a stream; parses one into a tree and evaluates XPath on it.
source=libxml2
group=real
wasm="yes"
build() {
    ./configure --host=x86_64-bulkhead-linux-musl CC="$cc" AR="$ar" RANLIB="$ranlib" CFLAGS="$flags" --disable-shared --without-c14n \
        --without-catalog --without-debug --without-docbook --without-ftp --without-html --without-http --without-iconv \
        --without-icu --without-iso8859x --without-legacy --without-lzma --without-modules --without-python --without-regexps \
        --without-schemas --without-schematron --without-threads --without-valid --without-writer --without-xinclude \
        --without-xptr --without-zlib
    make libxml2.la
    make xmllint
    cp xmllint "$out/libxml2"
}
input() { awk -v items=700 -f "$here/workloads/expat/catalogue.awk" >catalogue.xml; }
runs() { # xmllint --repeat parses 100 times. Parsing into a tree and writing it out spend half of their time in mmap and munmap
    run libxml2-read - --stream --noout --repeat catalogue.xml
    run libxml2-xpath - --xpath 'count(//*[@n > 1][count(preceding::*[@n = 2]) mod 3 = 1])' catalogue.xml
}
