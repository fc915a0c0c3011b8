"""Tests of evaluate_in_gymnasium.py that need NumPy alone: `python -m unittest` in this folder."""

import json
import os
import struct
import tempfile
import unittest

import numpy

from evaluate_in_gymnasium import Policy, PolicyFileError, read_safetensors


def write_policy(path, tensors, **description):
    """Writes a safetensors file the way rlsuite does, with `description` as its policy metadata."""
    header, data = {"__metadata__": {"policy": json.dumps(description)}}, b""
    for name, array in tensors.items():
        kind = {"float32": "F32", "float64": "F64", "uint64": "U64"}[array.dtype.name]
        offsets = [len(data), len(data) + array.nbytes]
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": offsets}
        data += array.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


class PolicyTests(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = os.path.join(folder.name, "policy.safetensors")
        # One hidden unit: tanh(1 * 0.5 + 2 * -0.25 + 0.5) = tanh(0.5); two outputs, 3 and -1 times it.
        self.tensors = {
            "policy.0.weight": numpy.array([[1, 2]], numpy.float32),
            "policy.0.bias": numpy.array([0.5], numpy.float32),
            "policy.1.weight": numpy.array([[3], [-1]], numpy.float32),
            "policy.1.bias": numpy.array([0, 0], numpy.float32),
        }
        self.description = {
            "head": "gaussian", "activation": "tanh", "hidden": [1], "environment": "walker",
            "action-low": [-1, -1], "action-high": [1, 1], "layer-norm": False,
        }

    def act(self, observation):
        write_policy(self.path, self.tensors, **self.description)
        return Policy(self.path).act(observation)

    def test_forward_pass_and_clipping(self):
        action = self.act([0.5, -0.25])
        self.assertEqual(action.dtype, numpy.float32)
        # 3 tanh(0.5) = 1.386 is clipped to 1, -tanh(0.5) is not.
        numpy.testing.assert_allclose(action, [1, -numpy.tanh(0.5)], rtol=1e-6)

    def test_frozen_parts_are_added_and_taken_away(self):
        self.tensors["policy.injections"] = numpy.array([1], numpy.uint64)
        for part, factor in (("policy.frozen.0", 2), ("policy.frozen.1", 0.5)):
            for name in ("0.weight", "0.bias", "1.bias"):
                self.tensors[f"{part}.{name}"] = self.tensors[f"policy.{name}"]
            self.tensors[f"{part}.1.weight"] = (factor * self.tensors["policy.1.weight"]).astype(numpy.float32)
        # The last weights together: 1 - 2 + 0.5 times the network's own.
        numpy.testing.assert_allclose(self.act([0.5, -0.25]), [-1.5 * numpy.tanh(0.5), 0.5 * numpy.tanh(0.5)], rtol=1e-6)
        del self.tensors["policy.frozen.1.0.bias"]
        with self.assertRaises(PolicyFileError):
            self.act([0.5, -0.25])

    def test_categorical_takes_the_largest_logit(self):
        self.description["head"] = "categorical"
        self.assertEqual(self.act([0.5, -0.25]), 0)
        self.assertEqual(self.act([-5.0, 0.0]), 1)

    def test_squashed_gaussian_takes_the_squashed_mean(self):
        self.description |= {"head": "squashed-gaussian", "action-low": [-2], "action-high": [4]}
        action = self.act([0.5, -0.25])
        self.assertEqual(action.dtype, numpy.float32)
        # One action; the second output belongs to its deviation.  Halfway is 1, the range is 6.
        numpy.testing.assert_allclose(action, [1 + 3 * numpy.tanh(3 * numpy.tanh(0.5))], rtol=1e-6)

    def test_normalizer_scales_and_clips(self):
        self.tensors["observation-normalizer.mean"] = numpy.array([1.0, -4.0])
        self.tensors["observation-normalizer.variance"] = numpy.array([4.0, 1e-8])
        self.tensors["policy.0.weight"] = numpy.array([[1, 0.05]], numpy.float32)
        # (2 - 1) / 2 = 0.5; (0 + 4) / sqrt(2e-8) is clipped to 10; tanh(0.5 + 0.5 + 0.5).
        numpy.testing.assert_allclose(self.act([2.0, 0.0])[1], -numpy.tanh(1.5), rtol=1e-6)
        # (-8 + 4) / sqrt(2e-8) is clipped to -10; tanh(0.5 - 0.5 + 0.5).
        numpy.testing.assert_allclose(self.act([2.0, -8.0])[1], -numpy.tanh(0.5), rtol=1e-6)

    def test_damaged_files_are_refused(self):
        write_policy(self.path, self.tensors, **self.description)
        with open(self.path, "rb") as file:
            content = file.read()
        damaged = {
            "empty": b"", "truncated": content[:-1], "header only": content[:40],
            "huge header": struct.pack("<Q", 1 << 62) + content[8:],
            "not JSON": content[:8] + b"x" + content[9:],
        }
        for name, data in damaged.items():
            with self.subTest(name):
                with open(self.path, "wb") as file:
                    file.write(data)
                with self.assertRaises(PolicyFileError):
                    read_safetensors(self.path)

    def test_foreign_policies_are_refused(self):
        changes = (
            {"head": "flow"}, {"activation": "gelu"}, {"layer-norm": True}, {"architecture": "bro"}, {"hidden": [1, 1]},
        )
        for change in changes:
            with self.subTest(change), self.assertRaises(PolicyFileError):
                write_policy(self.path, self.tensors, **(self.description | change))
                Policy(self.path)


if __name__ == "__main__":
    unittest.main()
