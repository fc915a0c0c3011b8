"""Stable-Baselines3's PPO on the suite's walker and on Gymnasium's, end to end on one core, in turn.

32 environments × 256 steps, 64-64 tanh networks, 10 epochs, minibatch 512, observation and reward normalisation, as in
ppo_walker.py.  `RLSUITE_LIBRARY` names the shared library.
"""

import measure

arguments = measure.parse_arguments(__doc__, steps=(50_000, "environment steps per run"))

import os
import sys
import time

torch = measure.single_torch_thread()
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Python"))
from rlsuite.sb3 import VecEnv

report = measure.Report(arguments.json)
ROLLOUT = 32 * 256


def train(environments, steps):
    """Returns seconds by the wall clock and of processor time."""
    environments = VecNormalize(environments, gamma=0.99)
    agent = PPO(
        "MlpPolicy", environments, n_steps=256, batch_size=512, n_epochs=10, gamma=0.99, gae_lambda=0.95,
        clip_range=0.2, learning_rate=lambda remaining: 6e-4 * remaining,
        policy_kwargs={"net_arch": [64, 64], "activation_fn": torch.nn.Tanh}, seed=0, device="cpu")
    wall, cpu = time.perf_counter(), time.process_time()
    agent.learn(steps)
    environments.close()
    return time.perf_counter() - wall, time.process_time() - cpu


steps = max(2, round((3 * ROLLOUT if arguments.quick else arguments.steps) / ROLLOUT)) * ROLLOUT
makers = {
    "rlsuite": lambda: VecEnv("walker", 32, seed=0),
    "gymnasium": lambda: make_vec_env("BipedalWalker-v3", n_envs=32, seed=0, vec_env_cls=DummyVecEnv),
}
best = {}
for _ in range(2 if arguments.quick else 3):
    for who, make in makers.items():
        wall, cpu = train(make(), steps)
        known = best.get(who, (wall, cpu))
        best[who] = (min(wall, known[0]), min(cpu, known[1]))
for who, (wall, cpu) in best.items():
    report.add("sb3-ppo-walker", who, steps / wall, "steps/s", steps / cpu,
               {"environments": 32, "minibatch": 512, "steps": steps})
report.finish()
