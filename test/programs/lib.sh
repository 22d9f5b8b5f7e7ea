# What the scripts that run one real program share. They are called as: SCRIPT LEVEL WORK-DIRECTORY. Each builds the program
# for the sandbox and natively, at the same level of optimisation, verifies the module, and compares what the two do.
set -euo pipefail
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
top=$(CDPATH= cd -- "$here/../.." && pwd)
BULKHEAD_BUILD=${BULKHEAD_BUILD:-$top/build}
export BULKHEAD_BUILD
level=$1 work=$2

trap 'echo "${0##*/} at $level: failed at line $LINENO" >&2' ERR
fail() { echo "${0##*/} at $level: $*" >&2; exit 1; }

build_both() { # NAME: sets guest and native to the directories of the two builds
    guest=$("$here/build" "$1" "$level" guest)
    native=$("$here/build" "$1" "$level" native)
}
verified() { "$BULKHEAD_BUILD/bin/bulkhead-verify" "$1" || fail "the verifier refuses $1"; }
# Runs a module with the work directory as its root.
isolated() { "$BULKHEAD_BUILD/bin/bulkhead-run" --dir "$work:/" --env HOME=/ --deadline 600 "$@"; }

rm -rf "$work"
mkdir -p "$work"
work=$(CDPATH= cd -- "$work" && pwd)
export HOME=$work

# Real input: the text of a C library and machine code. The tarballs are pinned, so it is always the same.
real_input() {
    gzip -dc "$("$top/tools/fetch-source" musl)" >"$work/all"
    gzip -dc "$("$top/tools/fetch-source" bzip2)" >>"$work/all"
    head -c 4000000 "$work/all" >"$work/input"
    tail -c 500000 "$work/all" >>"$work/input"
    rm "$work/all"
}
