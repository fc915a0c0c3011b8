"""Environment steps through NumPy on one core: rlsuite's package, EnvPool, and the suite's own loop, in turn.

64 walkers, random actions drawn beforehand, automatic reset in the same step.  `RLSUITE_LIBRARY` names the shared
library, and --rlsuite the program whose `bench walker-steps` is the native figure.
"""

import measure

arguments = measure.parse_arguments(
    __doc__, environments=(64, "number of environments"), rlsuite=("", "the program, for the native figure"))

import json
import os
import subprocess
import sys

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Python"))
import gymnasium
import rlsuite

report = measure.Report(arguments.json)
generator = numpy.random.default_rng(0)
COUNT = arguments.environments
CASE = "walker-python-steps"
batches = generator.uniform(-1, 1, (256, COUNT, 4)).astype(numpy.float32)
parameters = {"environments": COUNT}


def stepper(environments):
    environments.reset()
    # Past the first falls, so that environments are at different places of their episodes.
    for index in range(max(300, 20_000 // COUNT)):
        environments.step(batches[index % 256])
    position = iter(range(1 << 62))
    return lambda: environments.step(batches[next(position) % 256])


def native():
    """Seconds per call of `rlsuite bench` for as many environments, by the wall clock and of processor time."""
    output = subprocess.run(
        [arguments.rlsuite, "bench", "walker-steps", "--json", "--threads", "1"], check=True, capture_output=True,
        text=True).stdout
    lines = [json.loads(line) for line in output.splitlines()]
    line = next(
        line for line in lines
        if line.get("case") == "walker-steps" and line["parameters"]["environments"] == COUNT)
    return COUNT / line["value"], COUNT / line.get("cpu-value", line["value"])


ours = stepper(gymnasium.make_vec(
    "rlsuite/Walker-v0", num_envs=COUNT, autoreset_mode=gymnasium.vector.AutoresetMode.SAME_STEP))
theirs = None
try:
    import envpool

    theirs = stepper(envpool.make(
        "BipedalWalker-v3", env_type="gymnasium", num_envs=COUNT, num_threads=1, seed=0))
except ModuleNotFoundError:
    print("envpool is not installed", file=sys.stderr)

# In turn, so that a busy machine slows all of them alike.
best = {}


def note(who, wall, cpu):
    known = best.get(who, (wall, cpu))
    best[who] = (min(wall, known[0]), min(cpu, known[1]))


for repeat in range(arguments.repeats):
    for who, step in (("rlsuite", ours), ("envpool", theirs)):
        if step is not None:
            note(who, *measure.best_seconds_per_call(step, 1, arguments.seconds))
    # Its case takes a minute, with other numbers of environments.
    if arguments.rlsuite and (repeat == 0 or not arguments.quick):
        note("native", *native())
for who, (wall, cpu) in best.items():
    report.add(CASE, who, COUNT / wall, "steps/s", COUNT / cpu, parameters)
report.finish()
