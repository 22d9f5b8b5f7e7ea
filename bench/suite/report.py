"""From rounds to ratios, and to a table to read."""

import math
from statistics import median


def pooled(rounds, what="user"):
    """A round's ratios: the variant, and one reference as if it were the variant, each to the mean of the references."""
    ratios, control = [], []
    for r in rounds:
        first, second = (reference[what] for reference in r["reference"])
        ratios.append(r["variant"][what] / ((first + second) / 2))
        control.append(first / second)
    return ratios, control


def quartiles(values):
    ordered = sorted(values)

    def at(fraction):
        place = fraction * (len(ordered) - 1)
        low = math.floor(place)
        return ordered[low] + (ordered[min(low + 1, len(ordered) - 1)] - ordered[low]) * (place - low)

    return at(0.25), at(0.75)


def summary(measured):
    ratios, control = pooled(measured["rounds"])
    references = [reference for r in measured["rounds"] for reference in r["reference"]]
    user = median(reference["user"] for reference in references)
    system = median(reference["system"] for reference in references)
    return {
        "ratio": median(ratios),
        "quartiles": quartiles(ratios),
        "control": median(control),
        "control_quartiles": quartiles(control),
        "user": user,
        "user_share": user / (user + system) if user + system else 1.0,
    }


def geometric_mean(values):
    return math.exp(sum(math.log(value) for value in values) / len(values))


def run_table(result, configuration, out):
    runs = {key: measured for key, measured in result["runs"].items() if measured["configuration"] == configuration}
    if not runs:
        return
    print(f"\nRun time, {configuration} against native (user time; median of paired ratios, quartiles)\n", file=out)
    print(f"| {'run':18} | native s | user % | ratio | quartiles     | control | quartiles     |", file=out)
    print(f"| {'-' * 18} | -------- | ------ | ----- | ------------- | ------- | ------------- |", file=out)
    by_program = {}
    for key, measured in runs.items():
        s = summary(measured)
        by_program.setdefault(measured["program"], []).append(s["ratio"])
        low, high = s["quartiles"]
        control_low, control_high = s["control_quartiles"]
        print(f"| {key.split('/')[0]:18} | {s['user']:8.2f} | {100 * s['user_share']:6.1f} | {s['ratio']:5.3f} | "
              f"{low:5.3f} - {high:5.3f} | {s['control']:7.3f} | {control_low:5.3f} - {control_high:5.3f} |", file=out)
    programs = {program: geometric_mean(ratios) for program, ratios in by_program.items()}
    means = ", ".join(f"{program} {ratio:.3f}" for program, ratio in programs.items())
    print(f"\nBy program: {means}; geometric mean {geometric_mean(list(programs.values())):.3f}", file=out)


def size_table(result, configuration, out):
    sizes = {key.split("/")[0]: s for key, s in result["sizes"].items() if key.split("/")[1] == configuration}
    if not sizes:
        return
    print(f"\nSize, {configuration} against native (executable bytes of the static program, C library included)\n", file=out)
    print("| program | native text | text      | ratio | NOP % | padding prefix % | file ratio |", file=out)
    print("| ------- | ----------- | --------- | ----- | ----- | ---------------- | ---------- |", file=out)
    for program, s in sizes.items():
        facts = s["facts"]
        prefixes = 100 * facts["prefix_bytes"] / facts["text_bytes"]
        print(f"| {program:7} | {s['native_text']:11} | {s['text']:9} | {s['text'] / s['native_text']:5.3f} | "
              f"{facts['nop_percent']:5.2f} | {prefixes:16.2f} | {s['file'] / s['native_file']:10.3f} |", file=out)
    print(f"\nGeometric mean of the text ratios {geometric_mean([s['text'] / s['native_text'] for s in sizes.values()]):.3f}", file=out)


def compile_line(result, configuration, out):
    if configuration in result["compile"]:
        s = summary(result["compile"][configuration])
        low, high = s["quartiles"]
        print(f"\nCompiling sqlite3.c at -O2, {configuration}: {s['ratio']:.3f} times plain clang's {s['user']:.1f} s "
              f"(quartiles {low:.3f} - {high:.3f}, control {s['control']:.3f})", file=out)


def micro_table(result, out):
    micro = result.get("micro")
    if not micro:
        return
    print("\nMicro-benchmarks (median CPU time)\n", file=out)
    print("| benchmark                    | time         | rate         |", file=out)
    print("| ---------------------------- | ------------ | ------------ |", file=out)
    for b in micro["benchmarks"]:
        if b.get("aggregate_name") == "median":
            rate = f"{b['bytes_per_second'] / 1e6:.0f} MB/s" if "bytes_per_second" in b else ""
            time = f"{b['cpu_time']:.1f} {b['time_unit']}"
            print(f"| {b['run_name'].split('/')[0]:28} | {time:12} | {rate:12} |", file=out)


def table(result, out):
    machine = result["machine"]
    print(f"{machine['cpu']} ({'virtual, ' if machine['virtual'] else ''}{machine['cpus']} CPUs), Linux {machine['kernel']}, "
          f"{machine['time']}, revision {(machine['revision'] or 'unknown')[:12]}", file=out)
    print(f"{machine['compiler']}; load at the start {machine['load_at_start']:.1f}", file=out)
    configurations = sorted({key.split("/")[1] for key in (*result["runs"], *result["sizes"])} | set(result["compile"]))
    for configuration in configurations:
        run_table(result, configuration, out)
        size_table(result, configuration, out)
        compile_line(result, configuration, out)
    micro_table(result, out)
