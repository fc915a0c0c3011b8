"""Many environments, stepped by one call, as Gymnasium has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from ._library import UsageError
from ._simulation import Simulation
from ._spaces import action_space, frames_per_second, observation_space
from .environment import check_options

_MODES = {
    AutoresetMode.NEXT_STEP: "next-step",
    AutoresetMode.SAME_STEP: "same-step",
    AutoresetMode.DISABLED: "disabled",
}


class VectorEnv(gymnasium.vector.VectorEnv):
    """N environments of the suite, which the library steps together.

    Args:
        identifier: Id of the environment, such as ``walker``.
        num_envs: Number of environments.
        autoreset_mode: When the next episode begins: ``AutoresetMode.NEXT_STEP``, ``SAME_STEP`` or ``DISABLED``.
        render_mode: ``"rgb_array"``, or ``None`` for no pictures.
        threads: Number of threads that step them; results do not depend on it.
        parameters: Physical parameters that differ from their nominal values.
        disturbances: Whether steps take disturbances, from ``disturbances``, [N × D].
        randomize: Parameters that each episode draws for itself, as in ``train --randomize``.
        perturb: Perturbations, as in ``train --perturb``.
        scale_actions: Whether continuous actions lie in -1...1 instead of the environment's own bounds.
        copy: Whether the returned arrays are copies; if not, the next step overwrites them.
        width: Width of pictures, in pixels, 64 to 4096.
        height: Height of pictures.

    With ``seed=s``, environment i begins with the seed s + i.  With ``DISABLED``, pass
    ``options={"reset_mask": array of N Booleans}`` to reset the environments that have ended.
    ``options={"parameters": {"gravity": 1.2, "mass": [one for each]}}`` sets physical parameters.
    """

    def __init__(
        self, identifier: str, num_envs: int = 1, *,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP, render_mode: str | None = None,
        threads: int = 1, parameters: Mapping[str, float] | None = None, disturbances: bool = False,
        randomize: str = "", perturb: str = "", scale_actions: bool = False, copy: bool = True, width: int = 600,
        height: int = 400,
    ):
        try:
            mode = AutoresetMode(autoreset_mode)
        except ValueError as error:
            names = [mode.value for mode in AutoresetMode]
            raise UsageError(f"autoreset_mode {autoreset_mode!r} is none of {names}") from error
        if render_mode not in (None, "rgb_array"):
            raise UsageError(f"render_mode must be 'rgb_array' or None and is {render_mode!r}")
        self._simulation = Simulation(
            identifier, num_envs, autoreset=_MODES[mode], threads=threads, parameters=parameters,
            disturbances=disturbances, randomize=randomize, perturb=perturb, scale_actions=scale_actions)
        self.num_envs = num_envs
        self.specification = self._simulation.specification
        self.metadata = {
            "render_modes": ["rgb_array"], "render_fps": frames_per_second(self.specification),
            "autoreset_mode": mode}
        self.render_mode = render_mode
        self.single_observation_space = observation_space(self.specification)
        self.single_action_space = action_space(self.specification, scale_actions)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._size = (width, height)
        self._mode = mode
        self._copy = copy
        self._is_seeded = False

    @property
    def disturbances(self) -> np.ndarray:
        """External disturbances of the steps from now on, [N × D]; write them in place."""
        return self._simulation.disturbances

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[np.ndarray, dict[str, Any]]:
        """Begins episodes, of all environments or of those in ``options["reset_mask"]``."""
        chosen = check_options(options, {"parameters", "reset_mask"})
        mask = chosen.get("reset_mask")
        if mask is not None:
            mask = np.asarray(mask)
            if mask.dtype != np.bool_ or mask.shape != (self.num_envs,) or not mask.any():
                raise UsageError(f"reset_mask must be an array of {self.num_envs} Booleans, some of them true")
        if "parameters" in chosen:
            self._simulation.set_parameters(chosen["parameters"])
        self._simulation.reset(self._seeds(seed), mask)
        return self._returned(self._simulation.observations), {}

    def _seeds(self, seed: int | list[int | None] | None) -> list[int] | None:
        if isinstance(seed, (int, np.integer)):
            self._np_random, self._np_random_seed = gymnasium.utils.seeding.np_random(int(seed))
            seeds: list[int] = [int(seed) + i for i in range(self.num_envs)]
        elif seed is not None:
            drawn = self.np_random.integers(1 << 62, size=len(seed)).tolist()
            seeds = [own if given is None else int(given) for given, own in zip(seed, drawn)]
        elif self._is_seeded:
            return None
        else:
            seeds = self.np_random.integers(1 << 62, size=self.num_envs).tolist()
        self._is_seeded = True
        return seeds

    def step(
        self, actions: Any
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Takes one step of every environment."""
        simulation = self._simulation
        simulation.take_actions(actions)
        simulation.step()
        infos: dict[str, Any] = {}
        if self._mode is AutoresetMode.SAME_STEP:
            ended = simulation.terminated | simulation.truncated
            if ended.any():
                self._add_final(infos, ended)
        return (
            self._returned(simulation.observations), self._returned(simulation.rewards),
            self._returned(simulation.terminated), self._returned(simulation.truncated), infos)

    def _add_final(self, infos: dict[str, Any], ended: np.ndarray) -> None:
        """Adds the last observations of episodes that have ended, as Gymnasium's own vectors do."""
        final = np.full(self.num_envs, None, dtype=object)
        for index in np.flatnonzero(ended):
            final[index] = self._simulation.final_observations[index].copy()
        infos["final_obs"], infos["_final_obs"] = final, ended
        infos["final_info"], infos["_final_info"] = {}, ended.copy()

    def _returned(self, array: np.ndarray) -> np.ndarray:
        return array.copy() if self._copy else array

    def render(self) -> tuple[np.ndarray, ...] | None:
        """A picture of each environment; ``None`` without a render mode."""
        if self.render_mode is None:
            return None
        return tuple(self._simulation.render(i, *self._size) for i in range(self.num_envs))

    def snapshot(self, environment: int) -> bytes:
        """The running episode of one environment."""
        return self._simulation.snapshot(environment)

    def restore(self, snapshot: bytes, environment: int) -> np.ndarray:
        """Continues an episode in one environment and returns its last observation."""
        self._simulation.restore(snapshot, environment)
        return self._simulation.observations[environment].copy()

    def parameters(self, environment: int = 0) -> dict[str, float]:
        """The physical parameters of one environment's next episode."""
        return self._simulation.parameters(environment)

    def state_hash(self, environment: int = 0) -> int:
        """Hash of the full state of one environment's simulator."""
        return self._simulation.state_hash(environment)

    def close_extras(self, **kwargs: Any) -> None:
        """Frees the environments."""
        if hasattr(self, "_simulation"):
            self._simulation.close()
