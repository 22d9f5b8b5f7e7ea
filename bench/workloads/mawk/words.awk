# Counts words and identifiers, rewrites lines by regular expressions, adds up numbers; prints the most frequent words.
{
    characters += length($0)
    if (gsub(/[ \t]+$/, "")) trailing++
    if ($0 ~ /^[ \t]*(if|for|while|switch)[ \t]*\(/) statements++
    line = $0
    gsub(/"([^"\\]|\\.)*"/, "S", line)
    gsub(/[^A-Za-z0-9_]+/, " ", line)
    n = split(line, words, " ")
    for (i = 1; i <= n; i++) {
        if (words[i] ~ /^[0-9]+$/) numbers += words[i] % 1000
        else counts[words[i]]++
    }
    if (match($0, /[a-z_]+\([^()]*\)/)) calls[substr($0, RSTART, index(substr($0, RSTART), "(") - 1)]++
}
function most(table, kind, round, best, word) {
    for (round = 0; round < 20; round++) {
        best = ""
        for (word in table)
            if (best == "" || table[word] > table[best] || table[word] == table[best] && word < best) best = word
        printf "%s %s %d\n", kind, best, table[best]
        delete table[best]
    }
}
END {
    print NR, characters, trailing + 0, statements, numbers
    most(counts, "word")
    most(calls, "call")
}
