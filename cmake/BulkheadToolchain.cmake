# CMake toolchain file: builds a project into Bulkhead modules, and runs its tests and try_run checks isolated.
#   cmake -DCMAKE_TOOLCHAIN_FILE=.../BulkheadToolchain.cmake ...
# The tools are looked for in the build directory or the installation that this file belongs to; BULKHEAD_PREFIX (a CMake or
# environment variable) names another. BULKHEAD_RUN_FLAGS are options of bulkhead-run for the programs that the build runs,
# a list, for example "--dir;/tmp".
cmake_minimum_required(VERSION 3.16)

if(NOT BULKHEAD_PREFIX AND DEFINED ENV{BULKHEAD_PREFIX})
  set(BULKHEAD_PREFIX $ENV{BULKHEAD_PREFIX})
endif()
if(NOT BULKHEAD_PREFIX)
  # Source tree: cmake/ beside build/. Installation: share/bulkhead/ beside bin/.
  foreach(candidate ${CMAKE_CURRENT_LIST_DIR}/../build ${CMAKE_CURRENT_LIST_DIR}/../..)
    if(EXISTS ${candidate}/bin/bulkhead-clang)
      get_filename_component(BULKHEAD_PREFIX ${candidate} ABSOLUTE)
      break()
    endif()
  endforeach()
endif()
if(NOT EXISTS ${BULKHEAD_PREFIX}/bin/bulkhead-clang)
  message(FATAL_ERROR "bulkhead-clang is not built or installed where this toolchain file looks for it. "
                      "Set BULKHEAD_PREFIX to the directory that holds bin/bulkhead-clang.")
endif()
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES BULKHEAD_PREFIX BULKHEAD_RUN_FLAGS)

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER ${BULKHEAD_PREFIX}/bin/bulkhead-clang)
set(CMAKE_CXX_COMPILER ${BULKHEAD_PREFIX}/bin/bulkhead-clang++)
set(CMAKE_ASM_COMPILER ${BULKHEAD_PREFIX}/bin/bulkhead-clang)
find_program(CMAKE_AR NAMES llvm-ar-22 llvm-ar ar)
find_program(CMAKE_RANLIB NAMES llvm-ranlib-22 llvm-ranlib ranlib)
set(CMAKE_CROSSCOMPILING_EMULATOR ${BULKHEAD_PREFIX}/bin/bulkhead-run ${BULKHEAD_RUN_FLAGS})

# Libraries and headers of the host are none of a module's.
if(EXISTS ${BULKHEAD_PREFIX}/sysroot)
  set(CMAKE_FIND_ROOT_PATH ${BULKHEAD_PREFIX}/sysroot)
else()
  file(GLOB CMAKE_FIND_ROOT_PATH ${BULKHEAD_PREFIX}/lib*/bulkhead/sysroot ${BULKHEAD_PREFIX}/lib/*/bulkhead/sysroot)
endif()
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
set(BUILD_SHARED_LIBS OFF CACHE BOOL "Modules link everything statically")
