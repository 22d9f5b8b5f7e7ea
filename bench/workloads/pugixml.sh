# pugixml, by a driver of ours: parses a document into a tree in place, writes it out, evaluates XPath on it.
source=pugixml
group=real
language=c++
wasm="no: C++"
build() {
    $cxx $flags -Isrc -I"$include" src/pugixml.cpp "$data/pugixml.cpp" -x c "$include/heap.c" -x none -o "$out/pugixml"
}
input() {
    awk -v items=3000 -f "$include/catalogue.awk" >small.xml
    awk -v items=12000 -f "$include/catalogue.awk" >catalogue.xml
}
runs() {
    run pugixml-read - read 50 catalogue.xml
    run pugixml-write - write 40 catalogue.xml
    run pugixml-xpath - xpath '//*[@n > 1][count(preceding::*[@n = 2]) mod 3 = 1]' small.xml
}
