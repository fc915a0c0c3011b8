"""Policies that the suite has trained, and its controllers."""

from __future__ import annotations

import ctypes
import json
import os
from typing import Any

import numpy as np

from ._library import UsageError, call_for_bytes, check, encode, library


class Policy:
    """A policy that acts as in the suite, bit for bit.

    ``predict`` has the signature of Stable-Baselines3's models, so that ``evaluate_policy`` takes it; the policy
    itself is a function from observations to actions.
    """

    def __init__(self, path: str | os.PathLike[str], environment: str | None = None):
        self._handle = 0
        self._origin = (os.fspath(path), environment)
        handle = ctypes.c_uint64()
        own = None if environment is None else encode(environment, "the environment")
        check(library.rlsuite_policy_load(encode(path, "the path"), own, ctypes.byref(handle)))
        self._handle = handle.value
        #: What the library says of the policy.
        self.description: dict[str, Any] = json.loads(
            call_for_bytes(library.rlsuite_policy_describe, self._handle))
        #: Id of the environment in which it acts.
        self.environment: str = self.description["environment"]
        self._width = self.description["observation-width"]
        self._action_width = self.description["action-width"]
        self._choices = self.description["choices"]

    def __call__(self, observation: Any, deterministic: bool = True) -> Any:
        """Returns the action for an observation, or those for a batch of them."""
        observation = np.asarray(observation)
        if observation.dtype.kind not in "fiu":
            raise UsageError(f"observations must be real numbers and are of type {observation.dtype}")
        if observation.ndim not in (1, 2) or observation.shape[-1] != self._width or not observation.size:
            raise UsageError(
                f"observations have the shape {observation.shape} instead of ({self._width},) or (rows, {self._width})")
        rows = np.ascontiguousarray(np.atleast_2d(observation), np.float32)
        actions = np.empty((len(rows), self._action_width), np.float32)
        check(library.rlsuite_policy_act(
            self._handle, rows.ctypes.data, rows.size, len(rows), bool(deterministic), actions.ctypes.data,
            actions.size))
        result = actions[:, 0].astype(np.int64) if self._choices else actions
        return result if observation.ndim == 2 else result[0]

    def predict(
        self, observation: Any, state: Any = None, episode_start: Any = None, deterministic: bool = True
    ) -> tuple[Any, Any]:
        """Returns the action for an observation, or those for a batch of them, and the state, which is ``None``.

        Args:
            observation: Observation, [O], or observations, [rows × O], as the environment returned them.
            state: Ignored.
            episode_start: Rows in which an episode begins; controllers forget the one before.
            deterministic: Whether to take the most likely action instead of a random one.
        """
        if episode_start is not None:
            for row in np.flatnonzero(np.atleast_1d(episode_start)):
                self.begin(int(row))
        return self(observation, deterministic), None

    def begin(self, row: int = 0, seed: int | None = None) -> None:
        """Tells the policy that an episode begins in a row; a seed starts its stream of random actions anew.

        Without a seed it is the row's number.
        """
        check(library.rlsuite_policy_begin(self._handle, row, row if seed is None else seed))

    def close(self) -> None:
        """Frees the policy; calls after the first do nothing."""
        handle, self._handle = self._handle, 0
        if handle:
            library.rlsuite_destroy(handle)

    def __del__(self) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return Policy, self._origin

    def __repr__(self) -> str:
        return f"rlsuite.load_policy({self.description['path']!r})"


def load_policy(path: str | os.PathLike[str], environment: str | None = None) -> Policy:
    """Loads a policy.

    Args:
        path: A run folder (its best checkpoint), a checkpoint folder, a policy file, or the id of a controller.
        environment: Id of the environment in which it shall act; its own by default.

    Raises:
        MissingError: If there is no such file.
        DamagedError: If it is damaged.
        UsageError: If it does not fit the environment.
    """
    return Policy(path, environment)
