"""lit format of this directory: every line of tests.txt is a test, which run-one runs."""
import os
import subprocess

import lit.formats
import lit.Test


class TccPrograms(lit.formats.TestFormat):
    def getTestsInDirectory(self, testSuite, path_in_suite, litConfig, localConfig):
        here = testSuite.getSourcePath(path_in_suite)
        with open(os.path.join(here, "tests.txt")) as tests:
            for line in tests:
                if line.strip() and not line.startswith("#"):
                    yield lit.Test.Test(testSuite, path_in_suite + (line.split()[0],), localConfig)

    def execute(self, test, litConfig):
        name = test.path_in_suite[-1]
        run = os.path.join(os.path.dirname(test.getSourcePath()), "run-one")
        work = os.path.join(test.getExecPath() + ".tmp")
        done = subprocess.run([run, name, work], env=test.config.environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=600)
        output = done.stdout.decode(errors="replace")
        return (lit.Test.FAIL if done.returncode else lit.Test.PASS), output
