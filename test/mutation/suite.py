"""lit's tests, run one at a time in this program: with a check deleted, or while it is recorded which checks decide something."""
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import time

FAST = 6    # a test may take so many times as long as without a mutant,
SLACK = 20  # and so many seconds more: the machine may be busy


def load(lit_program, build, directories):
    """The tests of the directories below build/test, by name, and what lit needs to run them."""
    sys.path.insert(1, os.path.join(os.path.dirname(os.path.realpath(lit_program)), "..", "utils", "lit"))
    sys.path.insert(1, os.path.join(os.path.dirname(os.path.realpath(lit_program)), "..", "build", "utils", "lit"))
    import lit.discovery
    import lit.LitConfig
    config = lit.LitConfig.LitConfig(progname="lit", path=[], diagnostic_level="error", useValgrind=False, valgrindLeakCheck=False,
                                     valgrindArgs=[], noExecute=False, debug=False, isWindows=False, order="lexical", params={})
    found = lit.discovery.find_tests_for_inputs(config, [os.path.join(build, "test", name) for name in directories])
    for test in found:
        test.config.substitutions = [(name, os.path.join(build, "bin", "clang-cached") if name == "%clang" else value)
                                     for name, value in test.config.substitutions]
    return {"/".join(test.path_in_suite): test for test in found}, config


def kill_session(session):
    """Ends every process of the session; what a test left in another process group as well."""
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and int(open("/proc/%s/stat" % name).read().rsplit(")", 1)[1].split()[3]) == session:
                os.kill(int(name), signal.SIGKILL)
        except OSError:
            pass


def child(test, config, root, environment):
    """Runs the test and exits: 0 when it passes."""
    os.setsid()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    test.suite.exec_root = root
    # rmtree gives up a thousand directories deep.
    subprocess.run(["rm", "-rf", os.path.join(os.path.dirname(test.getExecPath()), "Output")], check=True)
    os.makedirs(os.path.dirname(test.getExecPath()), exist_ok=True)
    test.config.environment.update(environment)
    result = test.config.test_format.execute(test, config)
    code = result[0] if isinstance(result, tuple) else result.code
    if code.isFailure and "SHOW" in os.environ:
        print(result[1] if isinstance(result, tuple) else result.output, flush=True)
    os._exit(0 if not code.isFailure else 1)


def run(test, config, root, limit, environment):
    """Whether the test passes within limit seconds, and how many it took; in a directory of its own below root."""
    start = time.time()
    process = os.fork()
    if not process:
        try:
            child(test, config, root, environment)
        finally:
            os._exit(2)
    status = None
    while status is None and time.time() < start + limit:
        done, status = os.waitpid(process, os.WNOHANG)
        if not done:
            status = None
            time.sleep(0.005)
    kill_session(process)
    if status is None:
        os.waitpid(process, 0)
    return status == 0, time.time() - start


class Suite:
    """The tests of some directories below build/test, which know `count` checks by their numbers from 1. Whoever calls, in the workers of
    a multiprocessing.Pool each for itself, has a directory of its own."""

    def __init__(self, lit_program, build, directories, count, directory):
        self.tests, self.config = load(lit_program, build, directories)
        self.count, self.directory, self.seconds = count, directory, {}

    def root(self):
        return os.path.join(self.directory, "work-%d" % (multiprocessing.current_process()._identity or (0,))[0])

    def record(self, name):
        """Runs a test as it is; which checks decide something in it."""
        seen = self.root() + ".seen"
        os.makedirs(self.directory, exist_ok=True)
        with open(seen, "wb") as out:
            out.truncate(self.count + 1)
        passed, seconds = run(self.tests[name], self.config, self.root(), 900, {"BULKHEAD_MUTANT_SEEN": seen, "BULKHEAD_MUTANT": "0"})
        return name, {"passed": passed, "seconds": round(seconds, 2),
                      "seen": [number for number, byte in enumerate(open(seen, "rb").read()) if byte]}

    def attempt(self, job):
        """Runs the tests with the check deleted until one fails: (number, its name or None). job: (number, [(name, its seconds)])."""
        number, tests = job
        for name, seconds in tests:
            if not run(self.tests[name], self.config, self.root(), seconds * FAST + SLACK, {"BULKHEAD_MUTANT": str(number)})[0]:
                return number, name
        return number, None
