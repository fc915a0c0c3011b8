"""Stable-Baselines3 PPO on BipedalWalker-v3, end to end on one core with one PyTorch thread: steps per second, peak memory.

32 environments in a DummyVecEnv x 256 steps, 64-64 tanh networks, 10 epochs, observation and reward
normalisation; rate 6e-4 falling to 0, discount 0.99, lambda 0.95, clip 0.2.  Run one minibatch size
per process when the memory figure matters: the peak belongs to the process.
"""

import measure

arguments = measure.parse_arguments(
    __doc__, minibatches=([64, 512], "minibatch sizes"), steps=(100_000, "environment steps per size"))

import resource
import sys
import time

torch = measure.single_torch_thread()
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

report = measure.Report(arguments.json)
ROLLOUT = 32 * 256


def peak_megabytes():
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def measure_training(minibatch, steps):
    steps = max(2, round(steps / ROLLOUT)) * ROLLOUT
    environments = VecNormalize(
        make_vec_env("BipedalWalker-v3", n_envs=32, seed=0, vec_env_cls=DummyVecEnv), gamma=0.99)
    agent = PPO(
        "MlpPolicy", environments, n_steps=256, batch_size=minibatch, n_epochs=10, gamma=0.99,
        gae_lambda=0.95, clip_range=0.2, learning_rate=lambda remaining: 6e-4 * remaining,
        policy_kwargs={"net_arch": [64, 64], "activation_fn": torch.nn.Tanh}, seed=0, device="cpu")
    wall, cpu = time.perf_counter(), time.process_time()
    agent.learn(steps)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    environments.close()
    parameters = {"environments": 32, "minibatch": minibatch, "epochs": 10, "steps": steps}
    report.add(f"ppo-walker-{minibatch}", "stable-baselines3", steps / wall, "steps/s", steps / cpu, parameters)
    report.add("walker-memory", "stable-baselines3", peak_megabytes(), "MB", None, parameters)


for size in arguments.minibatches:
    measure_training(size, 3 * ROLLOUT if arguments.quick else arguments.steps)
report.finish()
