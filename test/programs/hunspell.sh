#!/bin/bash
# hunspell, in C++, by its own configure script, and its own tests: shell scripts around its programs.
. "$(dirname "$0")/lib.sh"
subdirs=tests
gnu_tests hunspell "" --disable-shared
