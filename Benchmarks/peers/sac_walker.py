"""Stable-Baselines3 SAC on BipedalWalker-v3 with networks of 400 and 300 units: updates per second, environment included.

Batch 256, one update after each environment step, evaluation and logging off; the fastest stretch of 25 updates counts.
"""

import measure

arguments = measure.parse_arguments(__doc__, steps=(600, "environment steps with updates"))

import time

torch = measure.single_torch_thread()
import gymnasium
from stable_baselines3 import SAC
from stable_baselines3.common.callbacks import BaseCallback

WARM_UP, STRETCH = 1000, 25


class Stopwatch(BaseCallback):
    """Notes both clocks at every `STRETCH`th step behind the warm-up."""

    def __init__(self):
        super().__init__()
        self.times = []

    def _on_step(self):
        if self.num_timesteps > WARM_UP and self.num_timesteps % STRETCH == 0:
            self.times.append((time.perf_counter(), time.process_time()))
        return True


report = measure.Report(arguments.json)
steps = 300 if arguments.quick else arguments.steps
agent = SAC(
    "MlpPolicy", gymnasium.make("BipedalWalker-v3"), learning_starts=WARM_UP, buffer_size=300_000, batch_size=256,
    train_freq=1, gradient_steps=1, policy_kwargs={"net_arch": [400, 300]}, seed=0, device="cpu")
stopwatch = Stopwatch()
agent.learn(WARM_UP + steps + 1, callback=stopwatch)
walls, processors = zip(*[
    [later - earlier for earlier, later in zip(first, second)]
    for first, second in zip(stopwatch.times, stopwatch.times[1:])])
report.add(
    "sac-updates-400-300", "stable-baselines3", STRETCH / min(walls), "updates/s", STRETCH / min(processors),
    {"batch": 256, "steps": steps})
report.finish()
