# Configures LLVM's own test suites for one library and one kind of program, as the files of libcxx/test/configs do;
# `run` writes a lit.site.cfg.py that sets these and loads this file:
#   suite: libcxx, libcxxabi or libunwind     kind: guest or native
#   source: the unpacked monorepo             build: the project's build directory
#   executor, helper: Inputs/execute, and Inputs/system.c compiled      site: the file that sets them
import os
import shlex
import site

site.addsitedir(os.path.join(config.source, "libcxx/utils"))
site.addsitedir(os.path.join(config.source, "libcxxabi/test"))
import libcxx.test.config
import libcxx.test.features
import libcxx.test.format
import libcxx.test.params

kind, suite, source = config.kind, config.suite, config.source
config.name = suite
config.test_source_root = os.path.join(source, suite, "test")
config.test_exec_root = os.path.dirname(config.site)
config.test_format = libcxx.test.format.CxxStandardLibraryTest()
config.recursiveExpansionLimit = 10

sysroot = os.path.join(config.build, "sysroot" if kind == "guest" else "native-sysroot")
headers = os.path.join(sysroot, "include/c++/v1")

# The front finds headers and libraries by itself, as it does for who uses it: neither -nostdinc++ nor -nostdlib++.
flags = "-pthread" + (" --native" if kind == "native" else "")
compile_flags = {
    "libcxx": "-I %{libcxx}/test/support",
    "libcxxabi": "-I %{libcxx}/test/support -I %{libcxx}/src -I %{include} "
                 "-D_LIBCPP_ENABLE_CXX17_REMOVED_UNEXPECTED_FUNCTIONS",
    "libunwind": "-funwind-tables -I %{include}",
}[suite]
link_flags = config.helper if kind == "guest" else ""
config.substitutions += [
    ("%{flags}", flags),
    ("%{compile_flags}", compile_flags),
    ("%{link_flags}", link_flags),
    ("%{exec}", shlex.join([config.executor, kind, config.build + "/bin/bulkhead-run"]) + " --execdir %T -- "),
    ("%{libcxx-dir}", os.path.join(source, "libcxx")),
    ("%{libcxx}", os.path.join(source, "libcxx")),
    ("%{include}", os.path.join(source, suite, "include")),
    ("%{include-dir}", headers),
    ("%{target-include-dir}", headers),
    ("%{lib-dir}", os.path.join(sysroot, "lib", "threads" if kind == "guest" else "")),
    ("%{lib}", os.path.join(sysroot, "lib", "threads" if kind == "guest" else "")),
    ("%{module-dir}", os.path.join(source, "libcxx/modules")),
    ("%{test-tools-dir}", "/nonexistent"),
]

# The compiler is three releases newer than the suites, with warnings that they do not know.
for name, value in {
    "compiler": os.path.join(config.build, "bin/bulkhead-clang++"),
    "target_triple": "x86_64-unknown-linux-musl",
    "std": "c++23",
    "enable_warnings": "False",
    "enable_experimental": "True" if suite == "libcxx" else "False",
}.items():
    lit_config.params.setdefault(name, value)
libcxx.test.config.configure(
    libcxx.test.params.DEFAULT_PARAMETERS, libcxx.test.features.DEFAULT_FEATURES, config, lit_config)
