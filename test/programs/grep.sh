#!/bin/bash
# grep's own tests.
. "$(dirname "$0")/lib.sh"
subdirs=". src tests"
# It looks into a named pipe, which is not even opened for a guest; and one test skips where processes start slowly.
gnu_tests grep "skip-device invalid-multibyte-infloop" --disable-perl-regexp
