# Names lines of prose with more than 120 characters, and ends with 1 if there are any.
FNR == 1 { fence = made = 0 }
/^Made from / { made = 1 }
/^```/ { fence = !fence }
!fence && !made && !/^(\||    |<|!|`[^`]*`$)/ {
    gsub(/[\200-\277]/, "") # the rest of characters that take several bytes
    if (length($0) > 120) {
        printf "%s:%d: %d characters\n", FILENAME, FNR, length($0)
        found = 1
    }
}
END { exit found }
