"""Measures rlsuite and its peers on the same core in one run and prints the ratios beside their targets.

Each round runs ours, then the peer, for one case after the other, both pinned to the same core; the
best figure of all rounds counts on both sides.  `../README.md` defines what
`rlsuite bench CASE --json --threads N` prints.
"""

import measure

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


@dataclass(frozen=True)
class Case:
    """One row of the table.

    `script` and `peer` name the opponent; without them `base`, another case and thread count of
    ours, is the opponent.  `part_of` is the case that prints this one along with its own; with `both`, the script measures both sides in turn.  `target` is the least ratio (better is larger, whatever the unit), or
    with `limit` the largest value of ours, with `least` the smallest.
    """

    title: str
    name: str
    script: tuple = ()
    peer: str = ""
    threads: int = 1
    base: int = 0
    target: float = 0
    limit: float | None = None
    least: float | None = None
    part_of: str = ""
    both: bool = False


CASES = [
    Case("walker steps", "walker-steps", ("box2d_steps.py", "--environments", "16", "64"), "envpool", target=1.4),
    Case("walker steps", "walker-steps", ("box2d_steps.py", "--environments", "16", "64"), "gymnasium"),
    Case("walker steps, two cores to one", "walker-steps", threads=2, base=1, target=1.8),
    Case("lander steps", "lander-steps",
         ("box2d_steps.py", "--task", "lander", "--environments", "16", "64"), "envpool", target=1.4),
    Case("lander steps", "lander-steps",
         ("box2d_steps.py", "--task", "lander", "--environments", "16", "64"), "gymnasium"),
    Case("cart-pole steps", "cartpole-v1-steps", ("cartpole_steps.py",), "envpool", target=10),
    Case("cart-pole steps", "cartpole-v1-steps", ("cartpole_steps.py",), "gymnasium", target=1.3),
    Case("PPO on walker, minibatch 64", "ppo-walker-64", ("ppo_walker.py", "--minibatches", "64"),
         "stable-baselines3", target=8),
    Case("PPO on walker, minibatch 512", "ppo-walker-512", ("ppo_walker.py", "--minibatches", "512"),
         "stable-baselines3", target=4.5),
    Case("PPO on walker, two cores to one", "ppo-walker-512", threads=2, base=1, target=1.7),
    Case("PPO on cart-pole, 1e5 steps", "ppo-cartpole-v1-seconds", ("ppo_cartpole.py", "--episodes", "1"),
         "stable-baselines3", limit=1.0),
    Case("SAC updates, 256-256, batch 256", "sac-updates-256", ("sac_updates.py",), "torch", target=2.5),
    Case("SAC updates, % of the core's peak", "sac-updates-256-peak-share", part_of="sac-updates-256", least=70),
    Case("SAC updates, two cores to one", "sac-updates-256", threads=2, base=1, target=1.6),
    Case("SAC on walker, 400-300, batch 256", "sac-updates-400-300", ("sac_walker.py",), "stable-baselines3",
         target=2.5),
    Case("SAC on pendulum, 1e4 steps, CPU time", "sac-pendulum-v1-seconds", limit=1.0),
    Case("training step, batch 64", "mlp-step-64", ("mlp_step.py",), "torch", target=10),
    Case("training step, batch 256", "mlp-step-256", ("mlp_step.py",), "torch", target=6),
    Case("inference, batch 1", "inference-1", ("inference.py",), "torch", limit=0.5),
    Case("allocations per walker step", "allocations", limit=0),
    Case("pictures of the walker", "render-walker", ("walker_frames.py",), "gymnasium", target=2),
    Case("pictures of the walker as PNG files", "render-walker-png", least=250),
    Case("walker steps through NumPy", "walker-python-steps", ("python_steps.py",), "envpool", target=5, both=True),
    Case("walker steps through NumPy, to native ones", "walker-python-steps", ("python_steps.py",), "native",
         target=0.85, both=True),
    Case("Stable-Baselines3's PPO on our walker", "sb3-ppo-walker", ("python_ppo.py",), "gymnasium", target=1.5,
         both=True),
    Case("peak memory of the walker run", "walker-memory", ("ppo_walker.py", "--minibatches", "512"),
         "stable-baselines3", target=10),
]


def children_processor_time():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


# Cases that are whole `train` commands: their options, and the clock that counts.
WHOLE_RUNS = {
    "ppo-cartpole-v1-seconds": (
        ["--env", "cartpole-v1", "--agent", "ppo", "--steps", "100000", "--seed", "0"], time.perf_counter),
    "sac-pendulum-v1-seconds": (
        ["--env", "pendulum-v1", "--agent", "sac", "--steps", "10000", "--seed", "0",
         "--eval-every", "10000", "--eval-episodes", "1"], children_processor_time),
}


class Measurements:
    """The best figure of each (case, who, threads) so far; rates and shares are best when large, the rest when small."""

    def __init__(self):
        self.best = {}
        self.best_by_cpu_time = {}
        self.lines = []
        self.failures = {}

    def record(self, who, line):
        """Takes one result line of `who`: "rlsuite" or a peer."""
        self.lines.append({"who": who} | line)
        key = (line["case"], who, line["threads"])
        known = self.best.get(key)
        if known is None or is_better(line["value"], known["value"], line["unit"]):
            self.best[key] = line
        cpu_value = line.get("cpu-value")
        if cpu_value is not None:
            known = self.best_by_cpu_time.get(key)
            if known is None or is_better(cpu_value, known, line["unit"]):
                self.best_by_cpu_time[key] = cpu_value

    def run(self, who, command):
        """Runs `command` and records every JSON line of it that is a result."""
        print("  " + " ".join(command).replace(ROOT + os.sep, ""), file=sys.stderr, flush=True)
        try:
            result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=1800)
        except (OSError, subprocess.TimeoutExpired) as error:
            self.fail(who, command, str(error))
            return
        for text in result.stdout.splitlines():
            try:
                line = json.loads(text)
                line = {"threads": 1, "parameters": {}} | line | {
                    key: float(line[key]) for key in ("value", "cpu-value") if line.get(key) is not None}
                if {"case", "value", "unit"} <= line.keys():
                    self.record(line.get("peer", who), line)
            except (ValueError, TypeError):
                continue  # not a result: progress, or facts about the machine
        if result.returncode != 0:
            message = (result.stderr.strip() or "no message").splitlines()[-1]
            self.fail(who, command, f"exit code {result.returncode}: {message}")

    def fail(self, who, command, reason):
        self.failures[" ".join(command)] = f"{who}: {reason}"
        print(f"    failed, {reason}", file=sys.stderr, flush=True)


def is_better(value, known, unit):
    return value > known if unit == "%" or unit.endswith("/s") else value < known


def pinned(cores, command):
    """`command` on these cores, where the system can do that."""
    if shutil.which("taskset") is None:
        return command
    return ["taskset", "-c", ",".join(map(str, cores)), *command]


def measure_ours(measurements, arguments, case, threads):
    """Runs one case of ours on the first `threads` of the chosen cores."""
    cores = arguments.cores[:threads]
    if case not in WHOLE_RUNS:
        measurements.run("rlsuite", pinned(
            cores, [arguments.rlsuite, "bench", case, "--json", "--threads", str(threads)]))
        return
    # No bench case: the whole process counts here, start-up, evaluations and files included.
    options, clock = WHOLE_RUNS[case]
    with tempfile.TemporaryDirectory() as folder:
        command = pinned(cores, [
            arguments.rlsuite, "train", *options, "--threads", str(threads), "--quiet",
            "--out", os.path.join(folder, "run")])
        failures, started = len(measurements.failures), clock()
        measurements.run("rlsuite", command)
        if len(measurements.failures) == failures:
            measurements.record("rlsuite", {
                "case": case, "value": clock() - started, "unit": "s", "threads": threads,
                "parameters": {"command": " ".join(options)}})


def measure_all(arguments, cases):
    """Runs the rounds: every command of ours and of the peers once per round, a case's two sides in turn."""
    measurements = Measurements()
    for round_number in range(1, arguments.rounds + 1):
        print(f"round {round_number} of {arguments.rounds}", file=sys.stderr)
        ours, theirs = set(), set()
        for case in cases:
            for threads in {case.threads, case.base or case.threads}:
                name = case.part_of or case.name
                if (name, threads) not in ours and not case.both and not arguments.only_peers:
                    ours.add((name, threads))
                    measure_ours(measurements, arguments, name, threads)
            if case.script and case.script not in theirs:
                theirs.add(case.script)
                script, *options = case.script
                command = [sys.executable, os.path.join(HERE, script), *options, "--json",
                           "--core", str(arguments.cores[0])]
                if script == "python_steps.py":
                    command += ["--rlsuite", arguments.rlsuite]
                measurements.run(case.peer, command + (["--quick"] if arguments.quick else []))
    return measurements


def ensure_library(cases):
    """Builds the shared library for the cases that need it, unless RLSUITE_LIBRARY names one."""
    if any(case.both for case in cases) and "RLSUITE_LIBRARY" not in os.environ:
        folder = subprocess.run(
            [os.path.join(ROOT, "Python", "library")], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        os.environ["RLSUITE_LIBRARY"] = os.path.join(folder, "librlsuite.so")


def evaluate(case, measurements):
    """Returns (table row, verdict) of a case; the verdict is None where there is nothing to judge."""
    best, by_cpu_time = measurements.best, measurements.best_by_cpu_time
    our_key = (case.name, "rlsuite", case.threads)
    their_key = (case.name, case.peer or "rlsuite", case.base or 1) if case.peer or case.base else None
    our_line, their_line = best.get(our_key), best.get(their_key)
    ratio, cpu_ratio, verdict = None, None, None
    if our_line and their_line:
        ratio = advantage(our_line["value"], their_line["value"], our_line["unit"])
        if case.peer:
            cpu_ratio = advantage(by_cpu_time.get(our_key), by_cpu_time.get(their_key), our_line["unit"])
    if case.limit is not None:
        target = f"≤ {case.limit:g}"
        verdict = our_line["value"] <= case.limit if our_line else None
    elif case.least is not None:
        target = f"≥ {case.least:g}"
        verdict = our_line["value"] >= case.least if our_line else None
    else:
        target = f"≥ {case.target:g} ×" if case.target else ""
        verdict = ratio >= case.target if ratio and case.target else None
    opponent = f"{case.peer} {their_line.get('version', '')}" if case.peer and their_line else case.peer
    row = [
        case.title, describe(our_line), opponent or ("rlsuite, one core" if case.base else ""),
        describe(their_line) if their_key else "", f"{ratio:.2f} ×" if ratio else "",
        f"{cpu_ratio:.2f} ×" if cpu_ratio else "", target,
        {True: "met", False: "MISSED", None: ""}[verdict],
    ]
    return row, verdict


def advantage(ours, theirs, unit):
    """How many times better ours is, or None where a figure is missing or zero."""
    if not ours or not theirs:
        return None
    return ours / theirs if unit.endswith("/s") else theirs / ours


def describe(line):
    if line is None:
        return "-"
    number = f"{measure.significant(line['value']):,}"
    settings = line["parameters"].get("environments") if line["case"].endswith("-steps") else None
    return f"{number} {line['unit']}" + (f" (N={settings})" if settings else "")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", help="only these cases (default: all)")
    parser.add_argument("--quick", action="store_true", help="one round, short peer runs: for a first look")
    parser.add_argument("--rounds", type=int, help="rounds; the best figure counts (3, with --quick 1)")
    parser.add_argument("--rlsuite", default=os.path.join(ROOT, "rlsuite"),
                        help="the program (./rlsuite)")
    parser.add_argument("--cores", help="cores, the first for one-core cases (the last two, as 1,0)")
    parser.add_argument("--only-peers", action="store_true", help="measure no rlsuite")
    parser.add_argument("--output", help="also write machine, lines and table to this JSON file")
    parser.add_argument("--check", action="store_true", help="exit 1 if a target is missed or could not be measured")
    parser.error = lambda message: stop(64, message)
    arguments = parser.parse_args()
    names = list(dict.fromkeys(case.name for case in CASES))
    for name in arguments.cases:
        if name not in names:
            stop(64, f"no case {name!r}; there are {', '.join(names)}")
    arguments.rounds = arguments.rounds or (1 if arguments.quick else 3)
    available = sorted(os.sched_getaffinity(0), reverse=True) if hasattr(os, "sched_getaffinity") else [0, 1]
    try:
        arguments.cores = [int(core) for core in arguments.cores.split(",")] if arguments.cores else available
    except ValueError:
        stop(64, f"--cores takes numbers such as 1,0, not {arguments.cores!r}")
    if not set(arguments.cores) <= set(available):
        stop(64, f"--cores {arguments.cores}: this process may use {available}")
    if not arguments.only_peers and not os.access(arguments.rlsuite, os.X_OK):
        stop(66, f"{arguments.rlsuite} does not exist: build it with `swift build -c release`, "
                 "or give --rlsuite PATH or --only-peers")
    return arguments


def stop(code, message):
    print(f"compare: {message}", file=sys.stderr)
    sys.exit(code)


def main():
    arguments = parse_arguments()
    machine = measure.machine()
    for name, value in machine.items():
        print(f"{name}: {value}", flush=True)
    print(f"cores: {','.join(map(str, arguments.cores[:2]))}; rounds: {arguments.rounds}"
          f"{', quick' if arguments.quick else ''}; best of all rounds on both sides\n", flush=True)
    cases = [case for case in CASES if not arguments.cases or {case.name, case.part_of} & {*arguments.cases}]
    skipped = [case.title for case in cases if case.threads > len(arguments.cores)]
    cases = [case for case in cases if case.threads <= len(arguments.cores)]

    ensure_library(cases)
    measurements = measure_all(arguments, cases)
    results = [evaluate(case, measurements) for case in cases]
    measure.print_table(
        [["what", "rlsuite", "peer", "peer's figure", "ratio", "by CPU time", "target", ""], *(row for row, _ in results)])
    for command, reason in measurements.failures.items():
        print(f"\nnot measured: {reason}\n  {command}")
    for title in skipped:
        print(f"\nskipped, it needs two cores: {title}")
    if arguments.output:
        with open(arguments.output, "w", encoding="utf-8") as file:
            json.dump({"machine": machine, "lines": measurements.lines, "table": [row for row, _ in results]},
                      file, ensure_ascii=False, indent=1)
    judged = [verdict for (_, verdict), case in zip(results, cases) if case.target or case.limit is not None or case.least is not None]
    if arguments.check and not all(judged):
        sys.exit(1)


if __name__ == "__main__":
    main()
