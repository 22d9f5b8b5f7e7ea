#!/bin/bash
# tinyxml2 by CMake: its own test reads and writes files, and prints what it finds.
. "$(dirname "$0")/lib.sh"
"$top/tools/fetch-source" --unpack "$work/source" tinyxml2
cmake_both "$work/source"
same "$work/source" xmltest
grep 'Pass [1-9].*Fail 0' "$work/guest.out"
