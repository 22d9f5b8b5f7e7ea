# A formula of `clauses` random clauses, each of three of `variables` variables, in DIMACS' format. Always the same.
function below(limit) {
    state = (state * 16807) % 2147483647
    return state % limit
}
BEGIN {
    state = 4711
    print "p cnf", variables, clauses
    for (c = 0; c < clauses; c++) {
        a = 1 + below(variables)
        do b = 1 + below(variables); while (b == a)
        do d = 1 + below(variables); while (d == a || d == b)
        print (below(2) ? a : -a), (below(2) ? b : -b), (below(2) ? d : -d), 0
    }
}
