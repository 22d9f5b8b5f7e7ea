"""What was measured on: without it the numbers mean little."""

import os
import platform
import subprocess
import time


def first_line(*command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        return done.stdout.splitlines()[0] if done.stdout else None
    except OSError:
        return None


def cpu():
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def describe(options):
    bulkhead_clang = os.path.join(options.build, "bin", "bulkhead-clang")
    return {
        "cpu": cpu(),
        "cpus": os.cpu_count(),
        "virtual": any("hypervisor" in line for line in open("/proc/cpuinfo")),
        "kernel": platform.release(),
        "load_at_start": os.getloadavg()[0],
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "compiler": first_line(bulkhead_clang, "--version"),
        "revision": first_line("git", "-C", options.top, "rev-parse", "HEAD"),
    }
