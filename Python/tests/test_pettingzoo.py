"""Environments of several bodies in PettingZoo."""

import unittest

import support  # noqa: F401  (puts the package on the path)
import numpy as np

import rlsuite

try:
    from rlsuite.pettingzoo import ParallelEnv
except ModuleNotFoundError as error:
    raise unittest.SkipTest(f"{error.name} is not installed") from None


class ParallelEnvTests(unittest.TestCase):
    def test_pettingzoo_finds_no_fault(self):
        from pettingzoo.test import parallel_api_test, parallel_seed_test

        for identifier in ("quadcopter-swarm", "quadcopter-swarm-2", "quadcopter-swarm-8"):
            with self.subTest(identifier):
                parallel_api_test(ParallelEnv(identifier), num_cycles=1000)
                parallel_seed_test(lambda: ParallelEnv(identifier), num_cycles=200)

    def test_the_bodies_fly_as_in_the_joint_environment(self):
        joint, parallel = rlsuite.Env("quadcopter-swarm"), ParallelEnv("quadcopter-swarm")
        expected, _ = joint.reset(seed=3)
        observations, infos = parallel.reset(seed=3)
        self.assertEqual(list(observations), ["body_0", "body_1", "body_2", "body_3"])
        self.assertEqual(set(infos), set(observations))
        generator = np.random.default_rng(1)
        steps = 0
        while parallel.agents:
            np.testing.assert_array_equal(np.concatenate(list(observations.values())), expected)
            np.testing.assert_array_equal(parallel.state(), expected)
            action = generator.uniform(-0.1, 0.1, 8).astype(np.float32)
            expected, reward, terminated, truncated, _ = joint.step(action)
            observations, rewards, ends, cuts, _ = parallel.step(
                dict(zip(parallel.agents, np.split(action, 4))))
            self.assertEqual(set(rewards.values()), {reward})
            self.assertEqual((set(ends.values()), set(cuts.values())), ({terminated}, {truncated}))
            steps += 1
        self.assertTrue(terminated or truncated)
        self.assertGreater(steps, 10)
        self.assertEqual(parallel.step({}), ({}, {}, {}, {}, {}))
        parallel.reset()
        self.assertEqual(len(parallel.agents), 4)

    def test_what_makes_no_sense_is_refused(self):
        with self.assertRaisesRegex(rlsuite.UsageError, "'walker' has one body"):
            ParallelEnv("walker")
        env = ParallelEnv("quadcopter-swarm-2", render_mode="rgb_array", width=200, height=100)
        env.reset(seed=1)
        with self.assertRaisesRegex(rlsuite.UsageError, "no action for body_1"):
            env.step({"body_0": [0, 0]})
        with self.assertRaisesRegex(rlsuite.UsageError, r"action of body_0 has the shape \(3,\) instead of \(2,\)"):
            env.step({"body_0": [0, 0, 0], "body_1": [0]})
        self.assertEqual(env.render().shape, (100, 200, 3))
        env.close()
        env.close()


if __name__ == "__main__":
    unittest.main()
