"""One environment, as Gymnasium has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np

from ._library import UsageError
from ._simulation import Simulation
from ._spaces import action_space, frames_per_second, observation_space

RESET_OPTIONS = {"parameters", "snapshot"}


def check_options(options: Mapping[str, Any] | None, known: set[str]) -> dict[str, Any]:
    """Returns the options of a reset; those that are not known are refused."""
    options = dict(options or {})
    for name in options:
        if name not in known:
            raise UsageError(f"unknown option '{name}'; allowed: {', '.join(sorted(known))}")
    return options


class Env(gymnasium.Env):
    """One environment of the suite.

    Args:
        identifier: Id of the environment, such as ``walker``.
        render_mode: ``"rgb_array"``, or ``None`` for no pictures.
        parameters: Physical parameters that differ from their nominal values.
        disturbances: Whether ``step`` takes disturbances, by ``disturb``.
        randomize: Parameters that each episode draws for itself, as in ``train --randomize``.
        perturb: Perturbations, as in ``train --perturb``.
        scale_actions: Whether continuous actions lie in -1...1 instead of the environment's own bounds.
        width: Width of pictures, in pixels, 64 to 4096.
        height: Height of pictures.

    ``reset(seed=s)`` begins the episode of that seed, which is the same in the suite and, where an environment is
    modelled on one of Gymnasium's, there; the seeds of later episodes follow from it.
    ``reset(options={"parameters": {"gravity": 1.2}})`` sets physical parameters from this episode on, and
    ``options={"snapshot": data}`` continues an episode that ``snapshot`` returned.
    """

    metadata = {"render_modes": ["rgb_array"]}

    def __init__(
        self, identifier: str, render_mode: str | None = None, *,
        parameters: Mapping[str, float] | None = None, disturbances: bool = False, randomize: str = "",
        perturb: str = "", scale_actions: bool = False, width: int = 600, height: int = 400,
    ):
        self._simulation = Simulation(
            identifier, parameters=parameters, disturbances=disturbances, randomize=randomize, perturb=perturb,
            scale_actions=scale_actions)
        self.specification = self._simulation.specification
        self.metadata = {**self.metadata, "render_fps": frames_per_second(self.specification)}
        if render_mode not in (None, "rgb_array"):
            raise UsageError(f"render_mode must be 'rgb_array' or None and is {render_mode!r}")
        self.render_mode = render_mode
        self.observation_space = observation_space(self.specification)
        self.action_space = action_space(self.specification, scale_actions)
        self._size = (width, height)
        self._is_seeded = False

    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begins an episode and returns its first observation."""
        super().reset(seed=seed)
        chosen = check_options(options, RESET_OPTIONS)
        if "parameters" in chosen:
            self._simulation.set_parameters(chosen["parameters"])
        if seed is None and not self._is_seeded:
            seed = int(self.np_random.integers(1 << 62))
        self._is_seeded = True
        self._simulation.reset(None if seed is None else [seed])
        if "snapshot" in chosen:
            self._simulation.restore(chosen["snapshot"])
        return self._simulation.observations[0].copy(), {}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Takes one step; an episode that has ended must be reset first."""
        simulation = self._simulation
        simulation.take_actions(np.asarray(action)[None])
        simulation.step()
        return (
            simulation.observations[0].copy(), float(simulation.rewards[0]), bool(simulation.terminated[0]),
            bool(simulation.truncated[0]), {})

    def render(self) -> np.ndarray | None:
        """A picture, [height × width × 3]; ``None`` without a render mode."""
        if self.render_mode is None:
            gymnasium.logger.warn("render() needs an environment made with render_mode='rgb_array'")
            return None
        return self._simulation.render(0, *self._size)

    def disturb(self, disturbance: Any) -> None:
        """Sets the external disturbance of the steps from now on, within the bounds of the specification."""
        self._simulation.disturbances[0] = disturbance

    def snapshot(self) -> bytes:
        """The running episode, from which ``reset(options={"snapshot": …})`` continues exactly."""
        return self._simulation.snapshot()

    def restore(self, snapshot: bytes) -> np.ndarray:
        """Continues an episode and returns its last observation."""
        self._simulation.restore(snapshot)
        return self._simulation.observations[0].copy()

    def parameters(self) -> dict[str, float]:
        """The physical parameters of the next episode."""
        return self._simulation.parameters()

    def state_hash(self) -> int:
        """Hash of the full state of the simulator: equal states, equal futures."""
        return self._simulation.state_hash()

    def close(self) -> None:
        """Frees the environment; calls after the first do nothing."""
        if hasattr(self, "_simulation"):
            self._simulation.close()
