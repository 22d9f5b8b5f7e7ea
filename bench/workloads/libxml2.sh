# libxml2, by a driver of ours: reads a document as a stream, parses it into a tree and writes it out, evaluates XPath on it.
source=libxml2
group=real
wasm=yes
prepare() { # its configuration, for the C library that native and guest share
    ./configure CC="$build/bin/bulkhead-clang --native" --disable-shared --without-c14n --without-catalog --without-debug --without-docbook \
        --without-ftp --without-html --without-http --without-iconv --without-icu --without-iso8859x --without-legacy --without-lzma \
        --without-modules --without-python --without-regexps --without-schemas --without-schematron --without-threads --without-valid \
        --without-writer --without-xinclude --without-xptr --without-zlib
}
build() {
    $cc $flags -w -DHAVE_CONFIG_H -I. -Iinclude -I"$include" SAX.c SAX2.c buf.c chvalid.c dict.c encoding.c entities.c error.c globals.c \
        hash.c list.c parser.c parserInternals.c pattern.c threads.c tree.c uri.c valid.c xlink.c xmlIO.c xmlmemory.c \
        xmlreader.c xmlsave.c xmlstring.c xmlunicode.c xpath.c "$data/xml.c" $([ "$configuration" = wasm ] || echo "$include/heap.c") \
        -lm -o "$out/libxml2"
}
input() {
    awk -v items=1000 -f "$include/catalogue.awk" >small.xml
    awk -v items=2000 -f "$include/catalogue.awk" >catalogue.xml
}
runs() {
    run libxml2-read - read 32 catalogue.xml
    run libxml2-write - write 13 catalogue.xml
    run libxml2-xpath - xpath 'count(//*[@n > 1][count(preceding::*[@n = 2]) mod 3 = 1])' small.xml
}
