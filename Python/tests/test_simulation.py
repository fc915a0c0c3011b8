"""The library through NumPy: errors are exceptions, and steps repeat."""

import ctypes
import unittest

import support  # noqa: F401
import numpy as np

import rlsuite
from rlsuite import _library
from rlsuite._simulation import Simulation


class SimulationTests(unittest.TestCase):
    def test_every_environment_steps_and_repeats(self):
        for identifier in rlsuite.environments():
            with self.subTest(identifier):
                first, second = (Simulation(identifier, 3, autoreset="same-step") for _ in range(2))
                self.assertEqual(rlsuite.describe(identifier)["environment"], identifier)
                for simulation in (first, second):
                    simulation.reset([5, 6, 7])
                self.assertTrue(first.observations.any())
                for step in range(30):
                    for simulation in (first, second):
                        simulation.actions[:] = step % 2
                        simulation.step()
                np.testing.assert_array_equal(first.observations, second.observations)
                np.testing.assert_array_equal(first.rewards, second.rewards)

    def test_wrong_actions_are_exceptions(self):
        walker = Simulation("walker", 2)
        walker.reset()
        for wrong in (
            np.zeros((2, 3)), np.zeros((3, 4)), np.zeros(8), np.zeros((2, 4), complex), [["a"] * 4] * 2, None,
        ):
            with self.assertRaises(rlsuite.UsageError):
                walker.take_actions(wrong)
        for wrong in (np.nan, np.inf, 1e300):
            walker.take_actions(np.full((2, 4), wrong))
            with self.assertRaisesRegex(rlsuite.UsageError, "environment 0 is not finite"):
                walker.step()
        walker.take_actions(np.asfortranarray(np.arange(16.0).reshape(4, 4))[::2] / 16)
        np.testing.assert_array_equal(walker.actions, np.arange(16.0).reshape(4, 4)[::2].astype("f4") / 16)
        walker.step()
        pole = Simulation("cartpole-v1", 2)
        pole.reset()
        for wrong in (np.zeros(2), np.zeros((2, 1), int), np.zeros(2, bool)):
            with self.assertRaises(rlsuite.UsageError):
                pole.take_actions(wrong)
        for wrong in (2, -1, 1 << 62):
            pole.take_actions(np.full(2, wrong))
            with self.assertRaisesRegex(rlsuite.UsageError, "whole number in 0...1"):
                pole.step()

    def test_wrong_configurations_are_exceptions(self):
        for arguments in (
            {"environment": "walkr"}, {"environment": "walker", "count": 0}, {"environment": "wal\0ker"},
            {"environment": "walker", "parameters": {"gravty": 1}}, {"environment": "walker", "threads": 1 << 70},
            {"environment": "walker", "parameters": {"gravity": float("nan")}},
            {"environment": "walker", "perturb": "action-delay=x"}, {"environment": object()},
        ):
            with self.subTest(arguments), self.assertRaises(rlsuite.UsageError):
                Simulation(**arguments)

    def test_wrong_resets_are_exceptions(self):
        walker = Simulation("walker", 2)
        for arguments in (
            {"seeds": [1]}, {"seeds": [-1, 0]}, {"seeds": [1 << 64, 0]}, {"mask": [1, 0]}, {"mask": [True]},
        ):
            with self.subTest(arguments), self.assertRaises(rlsuite.UsageError):
                walker.reset(**arguments)
        with self.assertRaisesRegex(rlsuite.UsageError, "must be reset"):
            walker.step()

    def test_handles_that_are_closed_are_exceptions(self):
        walker = Simulation("walker")
        walker.close()
        walker.close()
        for call in (walker.step, walker.reset, walker.snapshot, walker.state_hash):
            with self.assertRaisesRegex(rlsuite.UsageError, "nothing with the handle 0"):
                call()

    def test_damaged_snapshots_are_exceptions(self):
        walker = Simulation("walker", 2)
        walker.reset([1, 2])
        walker.step()
        snapshot = walker.snapshot(1)
        for wrong in (b"", b"x", snapshot[:-1], snapshot[:8] + b"}" * 40):
            with self.assertRaises(rlsuite.Error):
                walker.restore(wrong)
        walker.restore(snapshot, 0)
        self.assertEqual(walker.state_hash(0), walker.state_hash(1))
        np.testing.assert_array_equal(walker.observations[0], walker.observations[1])

    def test_structures_of_another_size_are_exceptions(self):
        walker = Simulation("walker")
        buffers = _library.Buffers()
        with self.assertRaisesRegex(rlsuite.UsageError, "bytes instead of"):
            _library.check(_library.library.rlsuite_bind(walker._handle, ctypes.byref(buffers), 8))

    def test_pictures_and_parameters(self):
        walker = Simulation("walker", 2)
        walker.reset()
        picture = walker.render(1, 120, 80)
        self.assertEqual((picture.shape, picture.dtype), ((80, 120, 3), np.uint8))
        self.assertGreater(len(np.unique(picture)), 4)
        with self.assertRaises(rlsuite.UsageError):
            walker.render(0, 10, 10)
        walker.set_parameters({"gravity": [1.0, 1.5]})
        self.assertEqual([walker.parameters(i)["gravity"] for i in (0, 1)], [1.0, 1.5])
        with self.assertRaises(rlsuite.UsageError):
            walker.set_parameters({"gravity": [1.0, 1.5, 2.0]})


if __name__ == "__main__":
    unittest.main()
