# All ways to put `size` queens on a board, and primes by a sieve: arithmetic, arrays, recursion.
function place(row, column, found) {
    if (row == size) return 1
    for (column = 0; column < size; column++) {
        if (used[column] || up[row + column] || down[row - column + size]) continue
        used[column] = up[row + column] = down[row - column + size] = 1
        found += place(row + 1)
        used[column] = up[row + column] = down[row - column + size] = 0
    }
    return found + 0
}
BEGIN {
    print place(0)
    for (i = 2; i <= limit; i++) {
        if (composite[i]) continue
        primes++
        for (j = i * i; j <= limit; j += i) composite[j] = 1
    }
    print primes
}
