# What every test may use. Tests write only below %t, in the build directory.
import glob
import os
import shutil
import subprocess

import lit.formats

config.name = "Bulkhead"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".c", ".cpp", ".ll", ".s", ".S", ".test"]
config.excludes = ["Inputs", "CMakeLists.txt"]
config.test_source_root = os.path.join(config.bulkhead_source, "test")
config.test_exec_root = os.path.join(config.bulkhead_build, "test")

build = config.bulkhead_build
bin = os.path.join(build, "bin")
# FileCheck, not, split-file, llvm-objdump and the like, of the one LLVM version.
config.environment["PATH"] = os.pathsep.join([config.llvm_tools_dir, bin, config.environment["PATH"]])
config.environment["BULKHEAD_BUILD"] = build
# Messages that tests compare are in English, and no sort order depends on who runs them.
config.environment["LC_ALL"] = "C"

# Longer names first: lit replaces in this order, and %clang is the beginning of others.
config.substitutions += [
    ("%bulkhead-run", os.path.join(bin, "bulkhead-run")),
    ("%bulkhead-verify", os.path.join(bin, "bulkhead-verify")),
    ("%bulkhead-clangxx", os.path.join(bin, "bulkhead-clang++")),
    ("%bulkhead-clang", os.path.join(bin, "bulkhead-clang")),
    ("%bulkhead-bind", os.path.join(bin, "bulkhead-bind")),
    ("%bulkhead-as", os.path.join(bin, "bulkhead-as")),
    # The same front without the plugin, against the native twin of the guest's C library.
    ("%native-clangxx", os.path.join(bin, "bulkhead-clang++") + " --native"),
    ("%native-clang", os.path.join(bin, "bulkhead-clang") + " --native"),
    ("%clangxx", config.clang.replace("clang-", "clang++-")),
    ("%clang", config.clang),
    ("%plugin", os.path.join(build, "lib", "BulkheadPass.so")),
    ("%native-sysroot", os.path.join(build, "native-sysroot")),
    ("%sysroot", os.path.join(build, "sysroot")),
    ("%source", config.bulkhead_source),
    ("%build", build),
    # Builds a real program once and prints its directory; see test/programs/build.
    ("%program", os.path.join(config.test_source_root, "programs", "build")),
]

# `REQUIRES: avx2` for tests that run such code.
with open("/proc/cpuinfo") as cpuinfo:
    flags = next((line.split() for line in cpuinfo if line.startswith("flags")), [])
for feature in ("avx", "avx2", "fma", "bmi2", "fsgsbase"):
    if feature in flags:
        config.available_features.add(feature)
if {"avx2", "fma", "bmi1", "bmi2", "f16c", "movbe", "abm"} <= set(flags):
    config.available_features.add("x86-64-v3")

# `REQUIRES: wasi`: the packages of tools/packages-bench.txt.
if (shutil.which("wasm2c") and shutil.which("node") and os.path.exists("/usr/include/wasm32-wasi/stdio.h")
        and glob.glob(os.path.join(config.llvm_tools_dir, "../lib/clang/*/lib/wasi/libclang_rt.builtins-wasm32.a"))):
    config.available_features.add("wasi")

# `REQUIRES: valgrind`, `REQUIRES: meson`.
for tool in ("valgrind", "meson"):
    if shutil.which(tool):
        config.available_features.add(tool)

# `REQUIRES: binfmt`: user namespaces with a binfmt_misc of their own.
mount = ["unshare", "-Urm", "mount", "-t", "binfmt_misc", "none", "/proc/sys/fs/binfmt_misc"]
if subprocess.run(mount, capture_output=True).returncode == 0:
    config.available_features.add("binfmt")

# One hanging test must not hang a whole run. lit needs psutil to end a test with all it started.
try:
    import psutil  # noqa: F401
    lit_config.maxIndividualTestTime = lit_config.maxIndividualTestTime or 900
except ImportError:
    pass
