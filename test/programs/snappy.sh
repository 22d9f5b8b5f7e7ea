#!/bin/bash
# snappy by CMake and its own tests, which want the test data beside it and googletest below it.
. "$(dirname "$0")/lib.sh"
"$top/tools/fetch-source" --unpack "$work/source" snappy
rmdir "$work/source/third_party/googletest"
"$top/tools/fetch-source" --unpack "$work/source/third_party/googletest" googletest
cmake_both "$work/source" -DSNAPPY_BUILD_BENCHMARKS=OFF -DINSTALL_GTEST=OFF
same "$work/source" snappy_unittest
grep -A1 'PASSED' "$work/guest.out"
