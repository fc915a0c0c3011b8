"""Gymnasium's own checks and wrappers."""

import copy
import importlib.util
import pickle
import tempfile
import unittest
import warnings

import support  # noqa: F401
import numpy as np

try:
    import gymnasium
    from gymnasium.utils.env_checker import check_env
    from gymnasium.vector import AutoresetMode
except ModuleNotFoundError as error:
    raise unittest.SkipTest("gymnasium is not installed") from error

import rlsuite

MODES = list(AutoresetMode)


class EnvironmentTests(unittest.TestCase):
    def test_check_env_is_silent(self):
        for identifier in rlsuite.environments():
            with self.subTest(identifier), warnings.catch_warnings():
                warnings.simplefilter("error")
                # Gymnasium recommends actions of -1...1.
                check_env(gymnasium.make(rlsuite.gymnasium_id(identifier), scale_actions=True).unwrapped)

    def test_scaled_actions_are_those_of_the_environment(self):
        scaled = gymnasium.make("rlsuite/PendulumV1-v0", scale_actions=True)
        plain = gymnasium.make("rlsuite/PendulumV1-v0")
        self.assertEqual((scaled.action_space.high, plain.action_space.high), (1, 2))
        scaled.reset(seed=1)
        plain.reset(seed=1)
        np.testing.assert_array_equal(scaled.step([0.25])[0], plain.step([0.5])[0])

    def test_different_seeds_differ(self):
        starts = {"diagnostic-memory": 2}  # whose cue is left or right
        for identifier in rlsuite.environments():
            with self.subTest(identifier):
                env = gymnasium.make(rlsuite.gymnasium_id(identifier))
                hashes = set()
                for seed in range(5):
                    env.reset(seed=seed)
                    hashes.add(env.unwrapped.state_hash())
                self.assertEqual(len(hashes), starts.get(identifier, 5))
                env.close()

    def test_unseeded_environments_differ(self):
        first, second = (gymnasium.make("rlsuite/Walker-v0") for _ in range(2))
        self.assertFalse(np.array_equal(first.reset()[0], second.reset()[0]))

    def test_parameters_and_snapshots_are_options(self):
        env = gymnasium.make("rlsuite/Walker-v0", parameters={"gravity": 0.9})
        env.reset(seed=3, options={"parameters": {"gravity": 1.2}})
        self.assertEqual(env.unwrapped.parameters()["gravity"], 1.2)
        for _ in range(5):
            env.step(np.zeros(4))
        snapshot = env.unwrapped.snapshot()
        after = [env.step(np.ones(4)) for _ in range(3)]
        other = gymnasium.make("rlsuite/Walker-v0")
        other.reset(options={"snapshot": snapshot})
        for expected in after:
            found = other.step(np.ones(4))
            np.testing.assert_array_equal(found[0], expected[0])
            self.assertEqual(found[1:4], expected[1:4])
        for options in ({"parameter": {}}, {"parameters": {"gravty": 1}}, {"parameters": 3}):
            with self.assertRaises(rlsuite.UsageError):
                env.reset(options=options)

    def test_copies_continue_exactly(self):
        env = gymnasium.make("rlsuite/Walker-v0")
        envs = gymnasium.make_vec("rlsuite/Walker-v0", num_envs=2)
        env.reset(seed=4, options={"parameters": {"gravity": 1.1}})
        envs.reset(seed=4)
        for _ in range(5):
            env.step(np.ones(4))
            envs.step(np.ones((2, 4)))
        for copied in (copy.deepcopy(env), pickle.loads(pickle.dumps(env.unwrapped))):
            self.assertEqual(copied.unwrapped.parameters(), env.unwrapped.parameters())
            self.assertEqual(copied.unwrapped.state_hash(), env.unwrapped.state_hash())
            copied.step(np.zeros(4))
            copied.close()
        copied = copy.deepcopy(envs)
        np.testing.assert_array_equal(copied.step(np.zeros((2, 4)))[0], envs.step(np.zeros((2, 4)))[0])
        copied.close()
        env.step(np.zeros(4))
        fresh = copy.deepcopy(gymnasium.make("rlsuite/Walker-v0").unwrapped)
        with self.assertRaises(rlsuite.UsageError):
            fresh.step(np.zeros(4))

    def test_disturbances_push(self):
        env, still = (gymnasium.make("rlsuite/Walker-v0", disturbances=True) for _ in range(2))
        env.reset(seed=1)
        still.reset(seed=1)
        env.unwrapped.disturb([1, 1])
        self.assertFalse(np.array_equal(env.step(np.zeros(4))[0], still.step(np.zeros(4))[0]))
        env.unwrapped.disturb([np.nan, 1])
        with self.assertRaises(rlsuite.UsageError):
            env.step(np.zeros(4))


class VectorTests(unittest.TestCase):
    def test_modes_are_those_of_gymnasium(self):
        """Steps like Gymnasium's own vector of single environments, mode by mode."""
        for identifier in ("cartpole-v1", "walker"):
            for mode in MODES:
                with self.subTest(identifier, mode=mode):
                    self.compare(rlsuite.gymnasium_id(identifier), mode)

    def compare(self, name, mode):
        ours = gymnasium.make_vec(name, num_envs=3, autoreset_mode=mode, threads=2)
        theirs = gymnasium.make_vec(
            name, num_envs=3, vectorization_mode="sync", vector_kwargs={"autoreset_mode": mode})
        self.assertIs(ours.metadata["autoreset_mode"], mode)
        np.testing.assert_array_equal(ours.reset(seed=8)[0], theirs.reset(seed=8)[0])
        ours.action_space.seed(1)
        ends = 0
        for _ in range(150):
            actions = ours.action_space.sample()
            found, expected = ours.step(actions), theirs.step(actions)
            for left, right in zip(found[:4], expected[:4]):
                np.testing.assert_array_equal(left, right)
                self.assertEqual(left.dtype, right.dtype)
            ended = found[2] | found[3]
            ends += ended.sum()
            self.assertEqual("final_obs" in found[4], "final_obs" in expected[4])
            if "final_obs" in found[4]:
                np.testing.assert_array_equal(found[4]["_final_obs"], expected[4]["_final_obs"])
                for left, right in zip(found[4]["final_obs"], expected[4]["final_obs"]):
                    np.testing.assert_array_equal(left, right)
            if mode is AutoresetMode.DISABLED and ended.any():
                with self.assertRaises(rlsuite.UsageError):
                    ours.step(actions)
                options = {"reset_mask": ended}
                np.testing.assert_array_equal(
                    ours.reset(options=dict(options))[0], theirs.reset(options=dict(options))[0])
        self.assertGreater(ends, 1)
        ours.close()
        ours.close()
        theirs.close()

    def test_wrappers_work(self):
        vector = gymnasium.wrappers.vector
        for mode in MODES[:2]:
            envs = gymnasium.make_vec("rlsuite/CartpoleV1-v0", num_envs=4, autoreset_mode=mode)
            envs = vector.RecordEpisodeStatistics(envs)
            if mode is AutoresetMode.NEXT_STEP:
                envs = vector.NormalizeObservation(envs)
            envs = vector.NormalizeReward(envs)
            observations, _ = envs.reset(seed=1)
            lengths = []
            for _ in range(200):
                observations, _, _, _, infos = envs.step(envs.action_space.sample())
                if "episode" in infos:
                    lengths += list(infos["episode"]["l"][infos["_episode"]])
            self.assertGreater(len(lengths), 10)
            self.assertTrue(all(8 <= length <= 500 for length in lengths))
            self.assertEqual(observations.shape, (4, 4))
            envs.close()

    def test_films_are_recorded(self):
        if importlib.util.find_spec("moviepy") is None:
            self.skipTest("moviepy is not installed")
        from pathlib import Path

        with tempfile.TemporaryDirectory() as folder:
            env = gymnasium.make("rlsuite/Walker-v0", render_mode="rgb_array", width=128, height=96)
            env = gymnasium.wrappers.RecordVideo(env, folder, episode_trigger=lambda _: True, video_length=20)
            env.reset(seed=1)
            for _ in range(25):
                env.step(env.action_space.sample())
            env.close()
            envs = gymnasium.make_vec(
                "rlsuite/Walker-v0", num_envs=2, render_mode="rgb_array", width=128, height=96)
            envs = gymnasium.wrappers.vector.RecordVideo(
                envs, folder + "/vector", step_trigger=lambda step: step == 0, video_length=20)
            envs.reset(seed=1)
            for _ in range(25):
                envs.step(envs.action_space.sample())
            envs.close()
            films = list(Path(folder).rglob("*.mp4"))
            self.assertEqual(len(films), 2)
            self.assertTrue(all(film.stat().st_size > 1000 for film in films))

    def test_wrong_arguments_are_exceptions(self):
        for arguments in ({"autoreset_mode": "never"}, {"render_mode": "human"}, {"threads": 0}, {"num_envs": 0}):
            with self.subTest(arguments), self.assertRaises(rlsuite.UsageError):
                gymnasium.make_vec("rlsuite/Walker-v0", **arguments)
        envs = gymnasium.make_vec("rlsuite/Walker-v0", num_envs=2)
        for mask in ([True], np.zeros(2, bool), np.ones(2)):
            with self.assertRaises(rlsuite.UsageError):
                envs.reset(options={"reset_mask": mask})

    def test_arrays_are_copies_unless_told_otherwise(self):
        for copy in (True, False):
            envs = gymnasium.make_vec("rlsuite/Walker-v0", num_envs=2, copy=copy)
            first, _ = envs.reset(seed=1)
            kept = first.copy()
            envs.step(np.ones((2, 4)))
            self.assertEqual(np.array_equal(first, kept), copy)


if __name__ == "__main__":
    unittest.main()
