#!/bin/bash
# twin.sh BULKHEAD-RUN GUEST NATIVE DIRECTORY SEED ROUNDS CALLS: twin.c's random calls in twin trees, ROUNDS times from SEED on, each time
# CALLS of them. Results and trees are the same, or the first differences are shown. By hand for longer: 1000 rounds of 100000.
run=$1 guest=$2 native=$3 directory=$4 first=$5 rounds=$6 calls=$7
clean() { chmod -Rf u+rwx "$directory"; rm -rf "$directory"; }
tree() { (cd "$1" && find . -printf '%P %y %m %n %l ' '(' -type f -printf '%s\n' -o -printf '\n' ')' | sort); }
trap clean EXIT
for ((seed = first; seed < first + rounds; seed++)); do
    clean
    # Above each is nothing else: what the guest sees there is what its twin sees.
    host=$directory/host/above/top twin=$directory/guest/top
    mkdir -p "$host" "$twin"
    "$native" make "$host" "$host" && "$native" make "$twin" "$host" || exit 2
    "$run" --dir "$twin:$host" "$guest" "$host" "$seed" "$calls" >"$directory/of-guest" || exit 2
    "$native" "$host" "$seed" "$calls" >"$directory/of-host" || exit 2
    if ! cmp -s "$directory/of-guest" "$directory/of-host" || ! cmp -s <(tree "$twin") <(tree "$host"); then
        echo "seed $seed: the guest's (<) and the host's (>) differ"
        diff -a "$directory/of-guest" "$directory/of-host" | head -20
        diff -a <(tree "$twin") <(tree "$host") | head -20
        exit 1
    fi
done
echo "$((rounds * calls)) calls from seed $first on"
