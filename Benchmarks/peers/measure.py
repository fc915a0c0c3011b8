"""What every peer script shares: one core, one thread, the best of several repeats, one output format.

Import it before NumPy, PyTorch or an environment package: it limits their thread pools through
environment variables, which they read when they load.
"""

import os

for _pool in ("OMP", "MKL", "OPENBLAS", "NUMEXPR", "VECLIB_MAXIMUM"):
    os.environ[f"{_pool}_NUM_THREADS"] = "1"
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import argparse
import ctypes.util
import json
import platform
import subprocess
import sys
import time
import warnings
from importlib.metadata import PackageNotFoundError, version

warnings.filterwarnings("ignore")


def parse_arguments(description, **options):
    """Parses the options all scripts have and pins the process to one core.

    `options` adds more: name=(default, help).  The pinning is inherited by threads started later.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--core", type=int, default=last_core(), help="core to run on (the last)")
    parser.add_argument("--repeats", type=int, default=5, help="repeats; the best one counts")
    parser.add_argument("--seconds", type=float, default=1.0, help="least time of one repeat")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter repeats")
    parser.add_argument("--json", action="store_true", help="JSON lines only, no table")
    for name, (default, text) in options.items():
        kind = type(default[0] if isinstance(default, list) else default)
        many = {"nargs": "+"} if isinstance(default, list) else {}
        parser.add_argument(f"--{name}", type=kind, default=default, help=text, **many)
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.repeats = min(arguments.repeats, 3)
        arguments.seconds = min(arguments.seconds, 0.5)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {arguments.core})
    return arguments


def last_core():
    """The highest core this process may use: the first one serves most interrupts."""
    if hasattr(os, "sched_getaffinity"):
        return max(os.sched_getaffinity(0))
    return (os.cpu_count() or 1) - 1


def single_torch_thread():
    """Imports PyTorch with one thread for operators and one for their dispatch."""
    import torch

    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    return torch


def best_seconds_per_call(call, repeats, seconds):
    """Times `call` in `repeats` blocks of at least `seconds` and returns the fastest block.

    Returns (wall, cpu): seconds per call by the wall clock and of processor time of all threads.
    Both minima are taken apart: on a busy machine the second is the steadier one.
    """
    call()
    block, started = 1, time.perf_counter()
    call()
    block = max(1, int(seconds / max(time.perf_counter() - started, 1e-9) / 20))
    walls, processors = [], []
    for _ in range(repeats):
        calls, wall, cpu = 0, time.perf_counter(), time.process_time()
        while time.perf_counter() - wall < seconds:
            for _ in range(block):
                call()
            calls += block
        walls.append((time.perf_counter() - wall) / calls)
        processors.append((time.process_time() - cpu) / calls)
    return min(walls), min(processors)


def version_of(peer):
    """The version of a distribution; that of the suite's own package and program is the commit."""
    try:
        return version(peer)
    except PackageNotFoundError:
        return ""


class Report:
    """Prints each result as a JSON line at once, and a table of all of them at the end."""

    def __init__(self, only_json):
        self.only_json = only_json
        self.rows = []

    def add(self, case, peer, value, unit, cpu_value=None, parameters=None):
        """Adds the measurement `value` of `peer`, a distribution name; `cpu_value` is the same by CPU time."""
        row = {
            "case": case, "peer": peer, "version": version_of(peer), "value": significant(value),
            "unit": unit, "threads": 1, "parameters": parameters or {},
        }
        if cpu_value is not None:
            row["cpu-value"] = significant(cpu_value)
        self.rows.append(row)
        print(json.dumps(row, ensure_ascii=False), flush=True)

    def finish(self):
        """Prints the table on standard error, so that standard output stays JSON lines."""
        if self.only_json:
            return
        table = [["case", "peer", "parameters", "value", "by CPU time", "unit"]]
        for row in self.rows:
            settings = " ".join(f"{key}={value}" for key, value in row["parameters"].items())
            table.append([
                row["case"], f"{row['peer']} {row['version']}", settings, f"{row['value']:,}",
                f"{row['cpu-value']:,}" if "cpu-value" in row else "", row["unit"],
            ])
        print_table(table, sys.stderr)


def print_table(rows, stream=sys.stdout):
    """Prints rows of strings as a Markdown table with aligned columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for index, row in enumerate(rows):
        print("| " + " | ".join(c.ljust(w) for c, w in zip(row, widths)) + " |", file=stream)
        if index == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|", file=stream)


def significant(value, digits=4):
    """Rounds to `digits` significant digits; whole numbers come back as `int`."""
    rounded = float(f"{value:.{digits}g}")
    return int(rounded) if rounded.is_integer() else rounded


def machine():
    """What a figure depends on besides the code: processor, OpenBLAS kernels, commit, load."""
    return {
        "cpu": cpu_model(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "openblas-coretype": os.environ.get("OPENBLAS_CORETYPE", "(unset)"),
        "openblas-core": openblas_core(),
        "commit": commit(),
        "load": significant(os.getloadavg()[0], 2),
    }


def openblas_core():
    """The kernels the system's OpenBLAS picks here, under the present OPENBLAS_CORETYPE."""
    path = ctypes.util.find_library("openblas")
    if path is None:
        return "(no system OpenBLAS)"
    corename = ctypes.CDLL(path).openblas_get_corename
    corename.restype = ctypes.c_char_p
    return corename().decode()


def commit():
    """The short commit of this repository, with `-dirty` if tracked files differ from it."""
    command = ["git", "-C", os.path.dirname(os.path.abspath(__file__)), "describe", "--always", "--dirty",
               "--exclude", "*"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    return result.stdout.strip() or "(unknown)"


def cpu_model():
    """The processor's name as the kernel reports it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            fields = dict(
                [part.strip() for part in line.split(":", 1)] for line in file if ":" in line)
        return (f"{fields.get('model name', platform.machine())} (family {fields.get('cpu family')}, "
                f"model {fields.get('model')}, {os.cpu_count()} cores)")
    except OSError:
        return platform.processor() or platform.machine()
