"""Stable-Baselines3 PPO on CartPole-v1 with the settings of rl-baselines3-zoo: wall time to 1e5 steps, mean return after.

8 environments x 32 steps, minibatch 256, 20 epochs, discount 0.98, lambda 0.8, rate 1e-3 and clip
0.2 both falling to 0, no entropy bonus.  The time is that of `learn` alone, imports excluded.
"""

import measure

arguments = measure.parse_arguments(
    __doc__, seeds=([0], "training seeds"), steps=(100_000, "environment steps"),
    episodes=(100, "evaluation episodes"))

import time

torch = measure.single_torch_thread()
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy

report = measure.Report(arguments.json)

for seed in arguments.seeds:
    agent = PPO(
        "MlpPolicy", make_vec_env("CartPole-v1", n_envs=8, seed=seed), n_steps=32, batch_size=256,
        n_epochs=20, gamma=0.98, gae_lambda=0.8, ent_coef=0.0, seed=seed, device="cpu",
        learning_rate=lambda remaining: 1e-3 * remaining, clip_range=lambda remaining: 0.2 * remaining)
    wall, cpu = time.perf_counter(), time.process_time()
    agent.learn(arguments.steps)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    mean, _ = evaluate_policy(
        agent, make_vec_env("CartPole-v1", n_envs=8, seed=10_000 + seed),
        n_eval_episodes=arguments.episodes, deterministic=True)
    parameters = {"environments": 8, "steps": arguments.steps, "seed": seed}
    report.add("ppo-cartpole-v1-seconds", "stable-baselines3", wall, "s", cpu, parameters)
    report.add("ppo-cartpole-v1-return", "stable-baselines3", float(mean), "return", None,
               parameters | {"episodes": arguments.episodes})
report.finish()
