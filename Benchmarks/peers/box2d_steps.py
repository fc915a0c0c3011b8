"""Steps per second of a Box2D task on one core: EnvPool with several numbers of environments, Gymnasium with one.

Random actions drawn beforehand, automatic reset included.
"""

import measure

import sys

arguments = measure.parse_arguments(
    __doc__, task=("walker", "walker or lander"),
    environments=([1, 16, 64], "numbers of EnvPool environments"))

import envpool
import gymnasium
import numpy

IDENTIFIERS = {"walker": "BipedalWalker-v3", "lander": "LunarLanderContinuous-v3"}
if arguments.task not in IDENTIFIERS:
    sys.exit(f"box2d_steps: no task {arguments.task!r}; there are {', '.join(IDENTIFIERS)}")
identifier, case = IDENTIFIERS[arguments.task], f"{arguments.task}-steps"
width = {"walker": 4, "lander": 2}[arguments.task]
report = measure.Report(arguments.json)
generator = numpy.random.default_rng(0)


def measure_envpool(environments):
    pool = envpool.make(
        identifier, env_type="gymnasium", num_envs=environments, num_threads=1, seed=0)
    batches = generator.uniform(-1, 1, (256, environments, width)).astype(numpy.float32)
    pool.reset()
    # Past the first falls, so that environments are at different places of their episodes.
    for index in range(max(300, 20_000 // environments)):
        pool.step(batches[index % 256])
    position = iter(range(1 << 62))

    def step():
        pool.step(batches[next(position) % 256])

    wall, cpu = measure.best_seconds_per_call(step, arguments.repeats, arguments.seconds)
    report.add(case, "envpool", environments / wall, "steps/s", environments / cpu,
               {"environments": environments})


def measure_gymnasium():
    environment = gymnasium.make(identifier)
    actions = generator.uniform(-1, 1, (4096, width)).astype(numpy.float32)
    environment.reset(seed=0)
    position = iter(range(1 << 62))

    def step():
        _, _, terminated, truncated, _ = environment.step(actions[next(position) % 4096])
        if terminated or truncated:
            environment.reset()

    wall, cpu = measure.best_seconds_per_call(step, arguments.repeats, arguments.seconds)
    report.add(case, "gymnasium", 1 / wall, "steps/s", 1 / cpu, {"environments": 1})


for count in arguments.environments:
    measure_envpool(count)
measure_gymnasium()
report.finish()
