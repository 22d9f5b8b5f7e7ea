# One pigeon more than `holes`, at most one to a hole: cannot be, and is hard to refute. In DIMACS' format.
function variable(pigeon, hole) { return pigeon * holes + hole + 1 }
BEGIN {
    print "p cnf", (holes + 1) * holes, holes + 1 + holes * (holes + 1) * holes / 2
    for (p = 0; p <= holes; p++) {
        for (h = 0; h < holes; h++) printf "%d ", variable(p, h)
        print 0
    }
    for (h = 0; h < holes; h++)
        for (p = 0; p <= holes; p++)
            for (q = p + 1; q <= holes; q++) print -variable(p, h), -variable(q, h), 0
}
