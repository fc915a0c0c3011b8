"""A vector of environments with its buffers, on which the classes for Gymnasium and SB3 are built."""

from __future__ import annotations

import ctypes
import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from ._library import Buffers, Sizes, UsageError, call_for_bytes, check, describe, encode, library

_step = library.rlsuite_step


def _pointer(array: np.ndarray | None) -> int | None:
    return None if array is None or array.size == 0 else array.ctypes.data


class Simulation:
    """N environments, stepped in place.

    ``actions`` is written by the caller, everything else by the library.  The arrays are its own: copy what has
    to outlive the next step.  A copy, by ``copy.deepcopy`` or ``pickle``, continues the running episodes exactly;
    environments whose episode has ended must be reset in it.
    """

    def __init__(
        self, environment: str, count: int = 1, *, autoreset: str = "disabled", threads: int = 1,
        parameters: Mapping[str, float] | None = None, disturbances: bool = False, randomize: str = "",
        perturb: str = "", scale_actions: bool = False,
    ):
        self._handle = 0
        self._arguments = {
            "environment": environment, "count": count, "autoreset": autoreset, "threads": threads,
            "parameters": dict(parameters or {}), "disturbances": disturbances, "randomize": randomize,
            "perturb": perturb, "scale_actions": scale_actions}
        configuration = {
            "environment": environment, "environments": count, "autoreset": autoreset, "threads": threads,
            "parameters": dict(parameters or {}), "disturbances": bool(disturbances), "randomize": randomize,
            "perturb": perturb,
        }
        try:
            text = json.dumps(configuration, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise UsageError(f"the configuration can't be written as JSON: {error}") from error
        handle = ctypes.c_uint64()
        check(library.rlsuite_create(encode(text, "the configuration"), ctypes.byref(handle)))
        self._handle = handle.value
        self.specification = describe(environment)
        self.sizes = Sizes()
        check(library.rlsuite_get_sizes(self._handle, ctypes.byref(self.sizes)))
        self.count = count
        self._scale = self._scaling() if scale_actions and not self.sizes.choices else None
        width = self.sizes.observation_width
        self.actions = np.zeros((count, self.sizes.action_width), np.float32)
        self.disturbances = np.zeros((count, self.sizes.disturbance_width), np.float32)
        self.observations = np.zeros((count, width), np.float32)
        self.rewards = np.zeros(count, np.float64)
        self.terminated = np.zeros(count, np.bool_)
        self.truncated = np.zeros(count, np.bool_)
        self.final_observations = np.zeros((count, width), np.float32)
        buffers = Buffers()
        for name, _ in Buffers._fields_[::2]:
            array = getattr(self, name)
            setattr(buffers, name, _pointer(array))
            setattr(buffers, name + "_count", array.size)
        check(library.rlsuite_bind(self._handle, ctypes.byref(buffers), ctypes.sizeof(buffers)))

    def __getstate__(self) -> dict[str, Any]:
        snapshots: list[bytes | None] = []
        for index in range(self.count):
            try:
                snapshots.append(self.snapshot(index))
            except UsageError:
                snapshots.append(None)
        return {
            "arguments": self._arguments, "snapshots": snapshots,
            "parameters": [self.parameters(index) for index in range(self.count)],
            "arrays": {name: getattr(self, name).copy() for name, _ in Buffers._fields_[::2]}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state["arguments"])
        for index, snapshot in enumerate(state["snapshots"]):
            if snapshot is not None:
                self.restore(snapshot, index)
            self.set_parameters(state["parameters"][index], index)
        for name, array in state["arrays"].items():
            getattr(self, name)[:] = array

    def _scaling(self) -> tuple[np.ndarray, np.ndarray]:
        """Half the range and the middle of each component of an action."""
        low, high = (
            np.array([float(part[key]) for part in self.specification["action"]], np.float32)
            for key in ("low", "high"))
        if not np.isfinite(high - low).all():
            raise UsageError(f"the actions of {self.specification['environment']} have no bounds to be scaled to")
        return (high - low) / 2, (high + low) / 2

    @property
    def parameter_names(self) -> list[str]:
        """Names of the physical parameters, in the order of the specification."""
        return [entry["name"] for entry in self.specification["parameters"]]

    def take_actions(self, actions: Any) -> None:
        """Copies actions of any number type and stride into the buffer."""
        actions = np.asarray(actions)
        choices = self.sizes.choices
        if choices:
            if not np.issubdtype(actions.dtype, np.integer):
                raise UsageError(f"actions must be integers and are of type {actions.dtype}")
            expected: tuple[int, ...] = (self.count,)
            target = self.actions[:, 0]
        else:
            if actions.dtype.kind not in "fiu":
                raise UsageError(f"actions must be real numbers and are of type {actions.dtype}")
            expected, target = self.actions.shape, self.actions
        if actions.shape != expected:
            raise UsageError(f"actions have the shape {actions.shape} instead of {expected}")
        with np.errstate(over="ignore"):
            np.copyto(target, actions, casting="unsafe")
            if self._scale is not None:
                half, middle = self._scale
                target *= half
                target += middle

    def reset(self, seeds: Any = None, mask: Any = None) -> None:
        """Starts episodes; see ``rlsuite_reset`` of the header."""
        if seeds is not None:
            numbers = [int(seed) for seed in seeds]
            if len(numbers) != self.count:
                raise UsageError(f"there are {len(numbers)} seeds for {self.count} environments")
            if not all(0 <= seed < 1 << 64 for seed in numbers):
                raise UsageError("seeds must lie in 0..<2^64")
            seeds = np.array(numbers, np.uint64)
        if mask is not None:
            mask = np.ascontiguousarray(mask)
            if mask.dtype != np.bool_ or mask.shape != (self.count,):
                raise UsageError(f"the mask must be an array of {self.count} Booleans")
        check(library.rlsuite_reset(
            self._handle, _pointer(seeds), 0 if seeds is None else seeds.size, _pointer(mask),
            0 if mask is None else mask.size))

    def step(self) -> None:
        """Steps all environments with the actions in the buffer."""
        status = _step(self._handle)
        if status:
            check(status)

    def set_parameters(self, values: Mapping[str, Any], environment: int = -1) -> None:
        """Sets physical parameters from the next reset on; values may be numbers or one for each environment."""
        if not isinstance(values, Mapping):
            raise UsageError("parameters must be a mapping from names to values")
        for name, value in values.items():
            array = np.asarray(value, np.float64)
            if array.ndim == 0:
                targets = [(environment, float(array))]
            elif array.shape == (self.count,):
                targets = list(enumerate(array.tolist()))
            else:
                raise UsageError(f"parameter {name} has {array.size} values for {self.count} environments")
            for index, number in targets:
                check(library.rlsuite_set_parameter(self._handle, index, encode(name, "the name"), number))

    def parameters(self, environment: int = 0) -> dict[str, float]:
        """The physical parameters of one environment's next episode."""
        values = np.zeros(self.sizes.parameters, np.float64)
        check(library.rlsuite_get_parameters(self._handle, environment, _pointer(values), values.size))
        return dict(zip(self.parameter_names, values.tolist()))

    def render(self, environment: int, width: int, height: int) -> np.ndarray:
        """A picture of one environment, [height × width × 3], of bytes."""
        if not (64 <= width <= 4096 and 64 <= height <= 4096):
            raise UsageError(f"width and height must lie in 64...4096 and are {width} and {height}")
        pixels = np.empty((height, width, 3), np.uint8)
        check(library.rlsuite_render(
            self._handle, environment, width, height, _pointer(pixels), pixels.size))
        return pixels

    def snapshot(self, environment: int = 0) -> bytes:
        """The running episode of one environment."""
        return call_for_bytes(library.rlsuite_snapshot, self._handle, environment)

    def restore(self, snapshot: bytes, environment: int = 0) -> None:
        """Continues an episode."""
        data = bytes(snapshot)
        check(library.rlsuite_restore(self._handle, environment, data, len(data)))

    def state_hash(self, environment: int = 0) -> int:
        """Hash of the full state of one environment's simulator."""
        value = ctypes.c_uint64()
        check(library.rlsuite_state_hash(self._handle, environment, ctypes.byref(value)))
        return value.value

    def close(self) -> None:
        """Frees the environments; calls after the first do nothing."""
        handle, self._handle = self._handle, 0
        if handle:
            library.rlsuite_destroy(handle)

    def __del__(self) -> None:
        self.close()
