"""Policies, recordings and runs."""

import copy
import json
import os
import shutil
import tempfile
import unittest
from pathlib import Path

import support
import numpy as np

import rlsuite
from rlsuite._simulation import Simulation


class FileTests(unittest.TestCase):
    def test_golden_recordings_are_read(self):
        for path in sorted(support.GOLDEN.glob("*.rlrec"))[:4]:
            with self.subTest(path.name):
                recording = rlsuite.read_recording(path)
                self.assertEqual(recording.header["environment"]["id"], path.stem)
                self.assertEqual(len(recording.steps["reward"]), recording.summary["steps"])

    def test_damaged_recordings_are_exceptions(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.rlrec"
            data = bytearray((support.GOLDEN / "walker.rlrec").read_bytes())
            data[200] ^= 1
            path.write_bytes(data)
            with self.assertRaises(rlsuite.DamagedError):
                rlsuite.read_recording(path)
            path.write_bytes(b"")
            with self.assertRaises(rlsuite.DamagedError):
                rlsuite.read_recording(path)
        with self.assertRaises(rlsuite.MissingError):
            rlsuite.read_recording("nowhere.rlrec")

    def test_controllers_act(self):
        policy = rlsuite.load_policy("pendulum-energy")
        self.assertEqual(policy.environment, "pendulum-v1")
        simulation = Simulation("pendulum-v1", 4, autoreset="same-step")
        simulation.reset([1, 2, 3, 4])
        rewards = []
        for _ in range(200):
            actions, state = policy.predict(simulation.observations)
            self.assertIsNone(state)
            simulation.take_actions(actions)
            simulation.step()
            rewards.append(simulation.rewards.mean())
        self.assertGreater(np.mean(rewards[-50:]), -0.5)
        one = policy(simulation.observations[0])
        copied = copy.deepcopy(policy)
        np.testing.assert_array_equal(copied(simulation.observations), policy(simulation.observations))
        copied.close()
        policy(simulation.observations)
        self.assertEqual(one.shape, (1,))

    def test_policies_that_can_not_act_are_exceptions(self):
        with self.assertRaises(rlsuite.MissingError):
            rlsuite.load_policy("nowhere/at/all")
        with self.assertRaises(rlsuite.UsageError):
            rlsuite.load_policy("mppi", "pendulum-v1")
        policy = rlsuite.load_policy("pendulum-energy")
        for wrong in (np.zeros(2), np.zeros((1, 1, 3)), np.zeros((0, 3)), np.full(3, np.nan), np.array(["a"] * 3)):
            with self.assertRaises(rlsuite.UsageError):
                policy.predict(wrong)
        policy.close()
        with self.assertRaises(rlsuite.UsageError):
            policy.predict(np.zeros(3))

    def test_runs_are_read(self):
        run = os.environ.get("RLSUITE_TEST_RUN")
        if not run:
            self.skipTest("RLSUITE_TEST_RUN names no run of cartpole-v1")
        found = rlsuite.read_run(run)
        self.assertEqual(len(found.metrics["steps"]), len(Path(run, "metrics.csv").read_text().splitlines()) - 1)
        self.assertIn("environment: cartpole-v1", found.configuration)
        self.assertEqual(len(found.episodes["timesteps"]), len(found.evaluations["steps"]))
        self.assertEqual(found.policy().environment, "cartpole-v1")
        self.assertIn(found.policy()(np.zeros(4)), (0, 1))
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(run, folder, dirs_exist_ok=True)
            Path(folder, "manifest.json").write_text("{")
            with self.assertRaises(rlsuite.DamagedError):
                rlsuite.read_run(folder)

    def test_folders_that_are_no_runs_are_exceptions(self):
        with tempfile.TemporaryDirectory() as folder:
            with self.assertRaises(rlsuite.MissingError):
                rlsuite.read_run(folder)
            Path(folder, "manifest.json").write_text(json.dumps({}))
            self.assertEqual(len(rlsuite.read_run(folder).metrics), 0)


if __name__ == "__main__":
    unittest.main()
