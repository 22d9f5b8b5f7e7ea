#!/bin/bash
# sed's own tests.
. "$(dirname "$0")/lib.sh"
subdirs=.
# Commands that sed starts (s///e and e: a guest is one process), sed under valgrind, files that are no regular ones,
# and who may write where as the host's root.
gnu_tests sed "bug32082 bug32271-2 newline-dfa-bug execute-tests posix-mode-s sandbox eval panic-tests"
