"""Gymnasium's spaces of an environment."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces

_LARGEST = float(np.finfo(np.float32).max)


def _box(components: list[dict[str, Any]]) -> spaces.Box:
    """A box; where the suite has no bound, the largest number of single precision is one."""
    def bounds(key: str) -> np.ndarray:
        return np.clip(np.array([float(part[key]) for part in components]), -_LARGEST, _LARGEST).astype(np.float32)

    return spaces.Box(bounds("low"), bounds("high"), dtype=np.float32)


def observation_space(specification: dict[str, Any]) -> spaces.Box:
    """The space of one environment's observations."""
    return _box(specification["observation"])


def action_space(specification: dict[str, Any], is_scaled: bool = False) -> spaces.Space[Any]:
    """The space of one environment's actions; boxes are -1...1 if they are scaled."""
    if specification["discrete"]:
        return spaces.Discrete(len(specification["action"]))
    if is_scaled:
        return spaces.Box(-1, 1, (len(specification["action"]),), np.float32)
    return _box(specification["action"])


def frames_per_second(specification: dict[str, Any]) -> int:
    """Pictures per second in real time."""
    return max(1, round(1 / specification["time-step"]))
