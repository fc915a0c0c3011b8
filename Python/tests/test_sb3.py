"""Stable-Baselines3 on the suite's environments."""

import unittest
import warnings

import support  # noqa: F401
import numpy as np

try:
    import gymnasium
    import stable_baselines3
    import torch
    from stable_baselines3.common.env_checker import check_env
    from stable_baselines3.common.evaluation import evaluate_policy
except ModuleNotFoundError as error:
    raise unittest.SkipTest("stable-baselines3 is not installed") from error

import rlsuite
from rlsuite.sb3 import VecEnv

torch.set_num_threads(1)


class StableBaselinesTests(unittest.TestCase):
    def test_check_env_passes(self):
        for identifier in rlsuite.environments():
            with self.subTest(identifier), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                check_env(gymnasium.make(rlsuite.gymnasium_id(identifier)))

    def test_infos_are_what_sb3_expects(self):
        envs = VecEnv("cartpole-v1", 3, seed=1)
        observations = envs.reset()
        self.assertEqual(observations.shape, (3, 4))
        returns, ends = np.zeros(3), 0
        for _ in range(100):
            observations, rewards, dones, infos = envs.step(np.ones(3, int))
            returns += rewards
            for i in np.flatnonzero(dones):
                ends += 1
                self.assertGreater(abs(infos[i]["terminal_observation"][2]), 0.2)
                self.assertLess(abs(observations[i][2]), 0.06)
                self.assertFalse(infos[i]["TimeLimit.truncated"])
                self.assertEqual(infos[i]["episode"]["r"], returns[i])
                returns[i] = 0
        self.assertGreater(ends, 10)
        pendulum = VecEnv("pendulum-v1", 1, seed=1)
        pendulum.reset()
        for _ in range(200):
            _, _, dones, infos = pendulum.step(np.zeros((1, 1)))
        self.assertTrue(dones[0] and infos[0]["TimeLimit.truncated"])

    def test_ppo_and_sac_learn_on_them(self):
        ppo = stable_baselines3.PPO(
            "MlpPolicy", VecEnv("cartpole-v1", 8, seed=1), n_steps=64, batch_size=256, learning_rate=1e-3, seed=1,
            device="cpu")
        ppo.learn(15_000)
        mean, _ = evaluate_policy(ppo, VecEnv("cartpole-v1", 4, seed=9), n_eval_episodes=12)
        self.assertGreater(mean, 60)
        sac = stable_baselines3.SAC(
            "MlpPolicy", gymnasium.make("rlsuite/PendulumV1-v0"), learning_starts=100, seed=1, device="cpu")
        sac.learn(200)
        mean, _ = evaluate_policy(sac, VecEnv("pendulum-v1", 2, seed=9), n_eval_episodes=2)
        self.assertTrue(-2500 < mean < 0)

    def test_policies_of_the_suite_are_evaluated(self):
        policy = rlsuite.load_policy("pendulum-energy")
        mean, _ = evaluate_policy(policy, VecEnv("pendulum-v1", 5, seed=3), n_eval_episodes=10)
        self.assertGreater(mean, -300)


if __name__ == "__main__":
    unittest.main()
