"""CartPole-v1 steps per second on one core: EnvPool and Gymnasium's native vector environment.

Random actions drawn beforehand, automatic reset included.
"""

import measure

arguments = measure.parse_arguments(
    __doc__, environments=([64, 1024, 8192], "numbers of environments"))

import envpool
import gymnasium
import numpy

report = measure.Report(arguments.json)
generator = numpy.random.default_rng(0)


def measure_vector(peer, vector, environments):
    batches = generator.integers(0, 2, (64, environments))
    vector.reset()
    for index in range(200):
        vector.step(batches[index % 64])
    position = iter(range(1 << 62))

    def step():
        vector.step(batches[next(position) % 64])

    wall, cpu = measure.best_seconds_per_call(step, arguments.repeats, arguments.seconds)
    report.add("cartpole-v1-steps", peer, environments / wall, "steps/s", environments / cpu,
               {"environments": environments})


for count in arguments.environments:
    measure_vector("envpool", envpool.make(
        "CartPole-v1", env_type="gymnasium", num_envs=count, num_threads=1, seed=0), count)
for count in arguments.environments:
    measure_vector("gymnasium", gymnasium.make_vec(
        "CartPole-v1", num_envs=count, vectorization_mode="vector_entry_point"), count)
report.finish()
