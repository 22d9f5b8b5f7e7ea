# What the findings share; each script sources it. Makes a temporary folder, $work, that goes with the script.
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
finding=${0##*/}
failures=0

die() { echo "$finding: $*" >&2; exit 2; }

# install PACKAGE=VERSION...: unpacks these Debian packages below $work/root, and lets programs and Python find them there.
install() {
    for package in "$@"; do
        echo "package $package"
        (cd "$work" && apt-get -qq -o APT::Sandbox::User=root download "$package") ||
            die "the archive has no $package now; see whether a newer version still does this (apt-get update first?)"
    done
    for archive in "$work"/*.deb; do
        dpkg-deb -x "$archive" "$work/root"
        rm "$archive"
    done
    export PATH="$work/root/usr/bin:$PATH" PYTHONPATH="$work/root/usr/lib/python3/dist-packages"
    export LD_LIBRARY_PATH="$work/root/usr/lib/x86_64-linux-gnu:$work/root/usr/lib"
}

# same WHAT EXPECTED SEEN: prints what was seen, and remembers when it is not what this finding states.
same() {
    printf '%s: %s\n' "$1" "$3"
    [ "$2" = "$3" ] || { printf '%s: changed: this finding states: %s\n' "$finding" "$2"; failures=$((failures + 1)); }
}

# Ends the script with the verdict.
verdict() {
    [ "$failures" = 0 ] || exit 1
    echo "$finding: still so"
}
