# CMake toolchain file: builds a project into Bulkhead modules, and runs its tests and try_run checks isolated.
#   cmake -DCMAKE_TOOLCHAIN_FILE=.../BulkheadToolchain.cmake ...
# The tools are looked for in the build directory or the installation that this file belongs to; BULKHEAD_PREFIX (a CMake or
# environment variable) names another. BULKHEAD_RUN_FLAGS are options of bulkhead-run for the programs that the build runs,
# a list, for example "--dir;/tmp". BULKHEAD_THREADS=ON builds everything for threads, and lets those programs make some.
#
# Libraries and headers are looked for in the guest's sysroot and below CMAKE_PREFIX_PATH, CMAKE_STAGING_PREFIX, CMAKE_INSTALL_PREFIX,
# <Package>_ROOT and CMAKE_FIND_ROOT_PATH, and nowhere else: those of the host are none of a module's.
cmake_minimum_required(VERSION 3.19)

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
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES BULKHEAD_PREFIX BULKHEAD_RUN_FLAGS BULKHEAD_THREADS)

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR x86_64)
set(CMAKE_C_COMPILER ${BULKHEAD_PREFIX}/bin/bulkhead-clang)
set(CMAKE_CXX_COMPILER ${BULKHEAD_PREFIX}/bin/bulkhead-clang++)
set(CMAKE_ASM_COMPILER ${BULKHEAD_PREFIX}/bin/bulkhead-clang)
foreach(tool ADDR2LINE AR NM OBJCOPY OBJDUMP RANLIB READELF STRIP)
  string(TOLOWER ${tool} name)
  set(CMAKE_${tool} ${BULKHEAD_PREFIX}/bin/x86_64-bulkhead-linux-musl-${name} CACHE FILEPATH "")
endforeach()
set(CMAKE_LINKER ${BULKHEAD_PREFIX}/bin/x86_64-bulkhead-linux-musl-ld CACHE FILEPATH "")
set(PKG_CONFIG_EXECUTABLE ${BULKHEAD_PREFIX}/bin/x86_64-bulkhead-linux-musl-pkg-config CACHE FILEPATH "")

set(CMAKE_CROSSCOMPILING_EMULATOR ${BULKHEAD_PREFIX}/bin/bulkhead-run)
if(BULKHEAD_THREADS)
  list(APPEND CMAKE_CROSSCOMPILING_EMULATOR --threads 64)
  # Once: this file is read several times.
  if(NOT _BULKHEAD_PTHREAD_ADDED)
    set(_BULKHEAD_PTHREAD_ADDED ON)
    add_compile_options(-pthread)
    add_link_options(-pthread)
  endif()
endif()
list(APPEND CMAKE_CROSSCOMPILING_EMULATOR ${BULKHEAD_RUN_FLAGS})

# CMake looks for a prefix only below these.
if(EXISTS ${BULKHEAD_PREFIX}/sysroot)
  set(roots ${BULKHEAD_PREFIX}/sysroot)
else()
  file(GLOB roots ${BULKHEAD_PREFIX}/lib*/bulkhead/sysroot ${BULKHEAD_PREFIX}/lib/*/bulkhead/sysroot)
endif()
list(APPEND roots ${CMAKE_PREFIX_PATH} ${CMAKE_STAGING_PREFIX} ${CMAKE_INSTALL_PREFIX})
string(REPLACE ":" ";" environment "$ENV{CMAKE_PREFIX_PATH}")
list(APPEND roots ${environment})
get_cmake_property(variables CACHE_VARIABLES)
foreach(variable IN LISTS variables)
  if(variable MATCHES "_ROOT$" AND NOT variable MATCHES "^CMAKE_")
    list(APPEND roots ${${variable}})
  endif()
endforeach()
foreach(root IN LISTS roots)
  if(NOT root MATCHES "^(/|/usr|/usr/local)/?$" AND NOT root IN_LIST CMAKE_FIND_ROOT_PATH)
    list(APPEND CMAKE_FIND_ROOT_PATH ${root})
  endif()
endforeach()
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

set(BUILD_SHARED_LIBS OFF CACHE BOOL "Modules link everything statically")
# CMake says that the platform has shared libraries only after it has read this file.
set(CMAKE_USER_MAKE_RULES_OVERRIDE ${CMAKE_CURRENT_LIST_DIR}/BulkheadRules.cmake)
