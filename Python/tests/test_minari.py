"""Data sets that Minari opens."""

import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import support
import numpy as np

import rlsuite


class MinariTests(unittest.TestCase):
    def test_recordings_become_data_sets(self):
        try:
            import h5py
        except ModuleNotFoundError as error:
            self.skipTest(f"{error.name} is not installed")
        for name in ("pendulum-v1", "cartpole-v1"):
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                path = support.GOLDEN / f"{name}.rlrec"
                target = rlsuite.write_minari([path, path], f"rlsuite/{name}/golden-v0", folder=folder,
                                              description="A golden one.", author="the suite")
                recording = rlsuite.read_recording(path)
                count = recording.summary["steps"]
                metadata = json.loads((target / "data" / "metadata.json").read_text())
                self.assertEqual((metadata["total_episodes"], metadata["total_steps"]), (2, 2 * count))
                self.assertEqual((metadata["description"], metadata["author"]), ("A golden one.", ["the suite"]))
                with h5py.File(target / "data" / "main_data.hdf5") as file:
                    episode = file["episode_1"]
                    self.assertEqual(len(episode["observations"]), count + 1)
                    np.testing.assert_array_equal(episode["rewards"][:], np.asarray(recording.steps["reward"], "f8"))
                    self.assertTrue(episode["terminations"][-1] or episode["truncations"][-1])
                    self.assertEqual(int(episode.attrs["seed"]), int(recording.header["seed"]))
                self.minari_agrees(folder, f"rlsuite/{name}/golden-v0", recording)

    def minari_agrees(self, folder, name, recording):
        """Reads the data set by Minari where it is installed, and repeats its first episode."""
        try:
            os.environ["MINARI_DATASETS_PATH"] = folder
            import minari
        except ModuleNotFoundError:
            return
        data = minari.load_dataset(name)
        self.assertEqual(len(list(data.iterate_episodes())), 2)
        episode = data[0]
        env = data.recover_environment()
        observation, _ = env.reset(seed=int(recording.header["seed"]))
        np.testing.assert_array_equal(observation, episode.observations[0])
        for action, expected in zip(episode.actions, episode.observations[1:]):
            np.testing.assert_array_equal(env.step(action)[0], expected)

    def test_pytorch_clones_what_the_program_records(self):
        try:
            import minari
            import torch
        except ModuleNotFoundError as error:
            self.skipTest(f"{error.name} is not installed")
        with tempfile.TemporaryDirectory() as folder:
            name = "rlsuite/pendulum-v1/energy-v0"
            environment = os.environ | {"MINARI_DATASETS_PATH": folder}
            subprocess.run(
                [sys.executable, "-m", "rlsuite.program", "record", "pendulum-energy", "--env", "pendulum-v1",
                 "--episodes", "20", "--dataset", name, "--out", f"{folder}/episodes"],
                check=True, capture_output=True, env=environment | {"PYTHONPATH": os.pathsep.join(sys.path)})
            os.environ["MINARI_DATASETS_PATH"] = folder
            episodes = list(minari.load_dataset(name).iterate_episodes())
            self.assertEqual(len(episodes), 20)
            torch.manual_seed(0)
            observations = torch.tensor(np.concatenate([episode.observations[:-1] for episode in episodes]))
            actions = torch.tensor(np.concatenate([episode.actions for episode in episodes]))
            network = torch.nn.Sequential(torch.nn.Linear(3, 32), torch.nn.Tanh(), torch.nn.Linear(32, 1))
            optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
            losses = []
            for _ in range(300):
                loss = torch.nn.functional.mse_loss(network(observations), actions)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                losses.append(loss.item())
            self.assertLess(losses[-1], losses[0] / 3)

    def test_the_program_learns_from_what_minari_writes(self):
        try:
            import gymnasium
            import minari
            from minari.data_collector import EpisodeBuffer
        except ImportError as error:
            self.skipTest(str(error))
        env = gymnasium.make("rlsuite/PendulumV1-v0")
        buffers = []
        for seed in range(3):
            observations, actions, rewards, truncations = [env.reset(seed=seed)[0]], [], [], []
            while not truncations or not truncations[-1]:
                actions.append(np.float32(2 * np.sin([len(actions)])))
                observation, reward, _, truncated, _ = env.step(actions[-1])
                observations.append(observation)
                rewards.append(reward)
                truncations.append(truncated)
            buffers.append(EpisodeBuffer(
                seed=seed, observations=observations, actions=actions, rewards=rewards,
                terminations=[False] * len(rewards), truncations=truncations))
        with tempfile.TemporaryDirectory() as folder:
            os.environ["MINARI_DATASETS_PATH"] = folder
            minari.create_dataset_from_buffers(
                "rlsuite/pendulum-v1/sine-v0", buffers, env=env, algorithm_name="sine", author="", author_email="",
                code_permalink="")
            subprocess.run(
                [sys.executable, "-m", "rlsuite.program", "train", "--env", "pendulum-v1", "--agent", "bc", "--dataset",
                 "rlsuite/pendulum-v1/sine-v0", "--steps", "2000", "--eval-episodes", "1", "--out", f"{folder}/run"],
                check=True, capture_output=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
            recordings = rlsuite.read_run(f"{folder}/run").manifest["recordings"]
            self.assertEqual((recordings["episodes"], recordings["steps"]), (3, 600))

    def test_what_makes_no_data_set_is_refused(self):
        path = support.GOLDEN / "pendulum-v1.rlrec"
        with tempfile.TemporaryDirectory() as folder:
            for files, name in (
                ([], "a-v0"), ([path], "a"), ([path], "../a-v0"), ([path, support.GOLDEN / "cartpole-v1.rlrec"], "a-v0"),
            ):
                with self.assertRaises(rlsuite.UsageError):
                    rlsuite.write_minari(files, name, folder=folder)
            self.assertEqual(list(Path(folder).iterdir()), [])
            with self.assertRaises(rlsuite.MissingError):
                rlsuite.write_minari([f"{folder}/nowhere.rlrec"], "a-v0", folder=folder)
            rlsuite.write_minari([path], "a-v0", folder=folder)
            with self.assertRaises(rlsuite.UsageError):
                rlsuite.write_minari([path], "a-v0", folder=folder)


if __name__ == "__main__":
    unittest.main()
