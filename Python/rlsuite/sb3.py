"""Environments for Stable-Baselines3, without a Python loop over them."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env.base_vec_env import VecEnv as _VecEnv

from ._library import UsageError
from ._simulation import Simulation
from ._spaces import action_space, observation_space


class VecEnv(_VecEnv):
    """N environments of the suite as a ``VecEnv`` of Stable-Baselines3.

    Infos have ``terminal_observation`` and ``TimeLimit.truncated`` as SB3 expects them, and ``episode`` with return,
    length and time, so that no ``VecMonitor`` is needed.

    Args:
        identifier: Id of the environment, such as ``walker``.
        num_envs: Number of environments.
        seed: Seed of the first environment; environment i has ``seed + i``.  Drawn by the system if ``None``.
        threads: Number of threads that step them; results do not depend on it.
        render_mode: ``"rgb_array"``, or ``None`` for no pictures.
        parameters: Physical parameters that differ from their nominal values.
        randomize: Parameters that each episode draws for itself, as in ``train --randomize``.
        perturb: Perturbations, as in ``train --perturb``.
        scale_actions: Whether continuous actions lie in -1...1 instead of the environment's own bounds.
        width: Width of pictures, in pixels, 64 to 4096.
        height: Height of pictures.
    """

    def __init__(
        self, identifier: str, num_envs: int = 1, *, seed: int | None = None, threads: int = 1,
        render_mode: str | None = None, parameters: Mapping[str, float] | None = None, randomize: str = "",
        perturb: str = "", scale_actions: bool = False, width: int = 600, height: int = 400,
    ):
        if render_mode not in (None, "rgb_array"):
            raise UsageError(f"render_mode must be 'rgb_array' or None and is {render_mode!r}")
        self.simulation = Simulation(
            identifier, num_envs, autoreset="same-step", threads=threads, parameters=parameters,
            randomize=randomize, perturb=perturb, scale_actions=scale_actions)
        self.specification = self.simulation.specification
        self.metadata = {"render_modes": ["rgb_array"]}
        self.render_mode = render_mode
        self.spec = None
        self._size = (width, height)
        self._returns = np.zeros(num_envs)
        self._lengths = np.zeros(num_envs, np.int64)
        self._began = time.monotonic()
        super().__init__(
            num_envs, observation_space(self.specification), action_space(self.specification, scale_actions))
        self.seed(seed)

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Sets the seeds of the episodes that the next reset begins."""
        if seed is None:
            seed = int(np.random.SeedSequence().generate_state(1)[0])
        self._seeds = [seed + i for i in range(self.num_envs)]
        return self._seeds

    def reset(self) -> np.ndarray:
        """Begins an episode in every environment."""
        for options, index in zip(self._options, range(self.num_envs)):
            if "parameters" in options:
                self.simulation.set_parameters(options["parameters"], index)
        self.simulation.reset(self._seeds)
        self._seeds = None
        self._returns[:] = 0
        self._lengths[:] = 0
        self.reset_infos = [{} for _ in range(self.num_envs)]
        self._reset_options()
        return self.simulation.observations.copy()

    def step_async(self, actions: np.ndarray) -> None:
        """Takes the actions of the next step."""
        self.simulation.take_actions(actions)

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        """Steps all environments; those whose episodes end begin the next one."""
        simulation = self.simulation
        simulation.step()
        self._returns += simulation.rewards
        self._lengths += 1
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        dones = simulation.terminated | simulation.truncated
        for i in np.flatnonzero(dones):
            infos[i] = {
                "terminal_observation": simulation.final_observations[i].copy(),
                "TimeLimit.truncated": bool(simulation.truncated[i]),
                "episode": {
                    "r": round(float(self._returns[i]), 6), "l": int(self._lengths[i]),
                    "t": round(time.monotonic() - self._began, 6)},
            }
            self._returns[i], self._lengths[i] = 0, 0
        return simulation.observations.copy(), simulation.rewards.astype(np.float32), dones, infos

    def close(self) -> None:
        """Frees the environments; calls after the first do nothing."""
        self.simulation.close()

    def get_images(self) -> Sequence[np.ndarray | None]:
        """A picture of each environment."""
        if self.render_mode is None:
            return [None] * self.num_envs
        return [self.simulation.render(i, *self._size) for i in range(self.num_envs)]

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """The value of an attribute for each of the environments, which share it."""
        return [getattr(self, attr_name) for _ in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Sets an attribute, which all environments share."""
        setattr(self, attr_name, value)

    def env_method(self, method_name: str, *arguments: Any, indices: Any = None, **keywords: Any) -> list[Any]:
        """Calls a method of the simulation with the index of each environment as its last argument."""
        method = getattr(self.simulation, method_name)
        return [method(*arguments, index, **keywords) for index in self._get_indices(indices)]

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
        """Whether a wrapper's work is done: that of ``Monitor`` is."""
        return [issubclass(wrapper_class, Monitor) for _ in self._get_indices(indices)]
