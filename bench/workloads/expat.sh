# expat: an XML parser, byte by byte through tables and function pointers, with handlers of ours.
source=expat
group=real
wasm=yes
build() { # the configuration that its cmake files would write
    printf '%s\n' '#define BYTEORDER 1234' '#define HAVE_GETRANDOM 1' '#define XML_CONTEXT_BYTES 1024' '#define XML_DTD 1' \
        '#define XML_NS 1' >expat_config.h
    $cc $flags -I. -Ilib "$data/expat.c" lib/xmlparse.c lib/xmlrole.c lib/xmltok.c -o "$out/expat"
}
input() { awk -v items=12000 -f "$include/catalogue.awk" >catalogue.xml; }
runs() { run expat - catalogue.xml 10; }
