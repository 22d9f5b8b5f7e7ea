# Compares the results of a run: table.awk -v exceptions=FILE FILES RESULTS
function part(name, piece) {
    split(name, piece, "/")
    if (piece[1] != "libcxx")
        return piece[1]
    return piece[2] == "std" ? piece[1] "/" piece[2] "/" piece[3] : piece[1] "/" piece[2]
}
function passed(result) { return result ~ /^(PASS|XFAIL|FLAKYPASS)$/ }
BEGIN {
    while ((getline line < exceptions) > 0)
        if (line ~ /^[a-z]/) {
            name = line
            sub(/ .*/, "", name)
            reason[name] = substr(line, length(name) + 2)
        }
}
NR == FNR { wanted[$1]; next }
{
    # The tests that one file generates are of that file.
    file = $3
    sub(/\.gen\.py\/.*/, ".gen.py", file)
    if (file in wanted)
        result[$1, $3] = $2
    if (file in wanted && $1 == "native" && !($3 in seen)) {
        seen[$3]
        order[n++] = $3
    }
}
END {
    for (i = 0; i < n; i++) {
        name = order[i]
        where = part(name)
        if (!(where in tests))
            places[m++] = where
        tests[where]++
        native = result["native", name]
        guest = result["guest", name]
        if (native == "UNSUPPORTED")
            unsupported[where]++
        if (!passed(native))
            continue
        natively[where]++
        if (passed(guest)) {
            isolated[where]++
            if (name in reason)
                stale = stale "\n  " name
        } else if (name in reason) {
            excepted[where]++
            why = why "\n- `" name "`: " reason[name]
        } else
            different = different "\n  " name " (" (guest == "" ? "not run" : guest) ")"
    }
    print "| tests | run | not for this platform | passed natively | of these passed isolated | exceptions |"
    print "| --- | --- | --- | --- | --- | --- |"
    for (i = 0; i < m; i++) {
        where = places[i]
        row(where, tests[where], unsupported[where], natively[where], isolated[where], excepted[where])
        all_tests += tests[where]
        all_unsupported += unsupported[where]
        all_natively += natively[where]
        all_isolated += isolated[where]
        all_excepted += excepted[where]
    }
    row("all", all_tests, all_unsupported, all_natively, all_isolated, all_excepted)
    if (all_natively)
        printf "\n%.2f %% of what passes natively passes isolated.\n", 100 * all_isolated / all_natively
    if (why)
        print "\nExceptions:" why
    if (stale)
        print "\nThese pass, although exceptions.txt excepts them:" stale
    if (different)
        print "\nThese pass natively only:" different
    exit (different || stale || !all_natively) ? 1 : 0
}
function row(name, a, b, c, d, e) { printf "| %s | %d | %d | %d | %d | %d |\n", name, a, b, c, d, e }
