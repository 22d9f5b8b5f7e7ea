# hunspell, by a driver of ours: looks up the words of a text with affixes taken off, and what misspelled ones may have meant.
source=hunspell
group=real
language=c++
wasm="no: C++"
build() {
    $cxx $flags -DHUNSPELL_STATIC -Isrc/hunspell -I"$include" src/hunspell/*.cxx -x c "$data/hunspell.c" -x none -o "$out/hunspell"
}
input() { # a dictionary of the words that a text has often, with the affixes of hunspell's own English one
    real_text >text
    head -c 3000000 text | tr -cs A-Za-z '\n' | LC_ALL=C awk 'length >= 3 && length <= 20' >words
    tr A-Z a-z <words | LC_ALL=C sort | uniq -c | awk '$1 >= 4 { print $2 "/DGSRY" }' >entries
    { wc -l <entries; cat entries; } >words.dic
    rm entries text
    cp "$tree/tests/base.aff" words.aff
}
runs() {
    run hunspell-check - check 14 words.aff words.dic words
    run hunspell-suggest - suggest 400 words.aff words.dic words
}
