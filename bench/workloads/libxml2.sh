# libxml2, by its xmllint: parses into a tree, evaluates XPath, writes the tree out again.
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
input() {
    awk -v items=6000 -f "$here/workloads/expat/catalogue.awk" >catalogue.xml
}
runs() {
    run libxml2-parse - --repeat --noout catalogue.xml
    run libxml2-xpath - --xpath 'count(//*[local-name()="book"][@year mod 7 = 3]/*[local-name()="abstract"]/*[contains(., "harbour")])' catalogue.xml
    run libxml2-format - --format catalogue.xml
}
