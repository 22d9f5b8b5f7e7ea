# Makes an XML document, a catalogue of `items` books: namespaces, attributes, entities, nesting, comments, text that is not
# ASCII. Always the same: the random numbers are our own.
function below(limit) {
    state = (state * 16807) % 2147483647
    return state % limit
}
function word() { return words[below(count) + 1] }
function sentence(length_, text) {
    text = word()
    while (--length_ > 0) text = text (below(12) ? " " : below(2) ? " &amp; " : ", ") word()
    return text "."
}
BEGIN {
    state = 4711
    count = split("stone river caf\303\251 paper copper harbour winter letter engine \316\273\317\214\316\263\316\277\317\202 garden the of and under over window market " \
        "silver northern quiet forgotten island history measure number", words, " ")
    print "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
    print "<catalogue xmlns=\"urn:books\" xmlns:p=\"urn:people\">"
    for (item = 1; item <= items; item++) {
        printf "  <book id=\"b%d\" year=\"%d\" lang=\"%s\">\n", item, 1900 + below(120), below(3) ? "en" : "fr"
        printf "    <title>%s</title>\n", sentence(2 + below(5))
        for (author = below(3); author >= 0; author--)
            printf "    <p:author born=\"%d\"><p:name>%s %s</p:name></p:author>\n", 1850 + below(130), word(), word()
        printf "    <price currency='EUR'>%d.%02d</price>\n", 5 + below(90), below(100)
        if (below(10) == 0) printf "    <!-- %s -->\n", sentence(6)
        if (below(20) == 0) printf "    <sample><![CDATA[if (a < b && c > d) { %s }]]></sample>\n", word()
        for (paragraph = below(3); paragraph >= 0; paragraph--)
            printf "    <abstract><par n=\"%d\">%s <em>%s</em> %s</par></abstract>\n", paragraph, sentence(8 + below(20)), word(), sentence(4 + below(12))
        print "  </book>"
    }
    print "</catalogue>"
}
