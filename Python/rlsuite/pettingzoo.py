"""An environment of several bodies, as PettingZoo has it: each of them acts for itself.

Needs PettingZoo: ``pip install pettingzoo``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pettingzoo
from gymnasium import spaces

from ._library import UsageError
from .environment import RESET_OPTIONS, Env


class ParallelEnv(pettingzoo.ParallelEnv):
    """The bodies of one environment, which act at the same time.

    Args:
        identifier: Id of an environment of several bodies, such as ``quadcopter-swarm``.
        render_mode: ``"rgb_array"``, or ``None`` for no pictures.
        **options: What ``rlsuite.Env`` takes besides.

    Each agent, ``body_0`` and so on, observes its own part of the observation and has its own part of the action. All
    get the environment's reward, which is the task's for all of them together, and end at the same step; ``state()`` is
    the whole observation.
    """

    metadata = {"name": "rlsuite", "render_modes": ["rgb_array"], "is_parallelizable": True}

    def __init__(self, identifier: str, render_mode: str | None = None, **options: Any):
        self._env = Env(identifier, render_mode, **options)
        self.specification = self._env.specification
        count = self.specification["agents"]
        if count < 2:
            self._env.close()
            raise UsageError(f"'{identifier}' has one body; rlsuite.Env is for it")
        self.metadata = {**self.metadata, "name": identifier, "render_fps": self._env.metadata["render_fps"]}
        self.render_mode = render_mode
        self.possible_agents = [f"body_{index}" for index in range(count)]
        self.agents: list[str] = []
        self.state_space = self._env.observation_space
        self._observations = self._parts(self._env.observation_space)
        self._actions = self._parts(self._env.action_space)
        self._last = np.zeros(self.state_space.shape, np.float32)

    def _parts(self, space: spaces.Box) -> list[spaces.Box]:
        count = len(self.possible_agents)
        return [
            spaces.Box(low, high, dtype=np.float32)
            for low, high in zip(np.split(space.low, count), np.split(space.high, count))]

    def observation_space(self, agent: str) -> spaces.Box:
        """The space of what one agent observes."""
        return self._observations[self.possible_agents.index(agent)]

    def action_space(self, agent: str) -> spaces.Box:
        """The space of one agent's actions."""
        return self._actions[self.possible_agents.index(agent)]

    def reset(
        self, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[dict[str, np.ndarray], dict[str, dict[str, Any]]]:
        """Begins the episode of a seed, as ``rlsuite.Env.reset`` does; options that it does not know are ignored."""
        known = {name: value for name, value in (options or {}).items() if name in RESET_OPTIONS}
        self._last, _ = self._env.reset(seed=seed, options=known)
        self.agents = list(self.possible_agents)
        return self._shared(), {agent: {} for agent in self.agents}

    def step(self, actions: Mapping[str, Any]) -> tuple[
        dict[str, np.ndarray], dict[str, float], dict[str, bool], dict[str, bool], dict[str, dict[str, Any]]
    ]:
        """Takes one step of all; without agents, after an episode's end, nothing happens."""
        agents = self.agents
        if not agents:
            return {}, {}, {}, {}, {}
        if missing := [agent for agent in agents if agent not in actions]:
            raise UsageError(f"no action for {missing[0]}")
        parts = [np.asarray(actions[agent]) for agent in agents]
        for agent, part, space in zip(agents, parts, self._actions):
            if part.shape != space.shape:
                raise UsageError(f"the action of {agent} has the shape {part.shape} instead of {space.shape}")
        self._last, reward, terminated, truncated, _ = self._env.step(np.concatenate(parts))
        if terminated or truncated:
            self.agents = []
        return (
            self._shared(), dict.fromkeys(agents, reward), dict.fromkeys(agents, terminated),
            dict.fromkeys(agents, truncated), {agent: {} for agent in agents})

    def _shared(self) -> dict[str, np.ndarray]:
        return dict(zip(self.possible_agents, np.split(self._last, len(self.possible_agents))))

    def state(self) -> np.ndarray:
        """The observations of all agents, one after the other."""
        return self._last.copy()

    def render(self) -> np.ndarray | None:
        """A picture, [height × width × 3]; ``None`` without a render mode."""
        return self._env.render()

    def close(self) -> None:
        """Frees the environment; calls after the first do nothing."""
        self._env.close()
