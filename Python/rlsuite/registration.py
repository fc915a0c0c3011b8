"""The environments under Gymnasium's names."""

from __future__ import annotations

import gymnasium

from ._library import describe, environments


def gymnasium_id(identifier: str, version: int | None = None) -> str:
    """Gymnasium's name of an environment: ``rlsuite/WalkerHardcore-v0`` for ``walker-hardcore``.

    The number counts the versions of its dynamics from 0; it is looked up unless it is given.
    """
    if version is None:
        version = describe(identifier)["version"]
    words = "".join(word[:1].upper() + word[1:] for word in identifier.split("-"))
    return f"rlsuite/{words}-v{version - 1}"


def register() -> None:
    """Registers every environment with Gymnasium; those that are known already are left alone."""
    for identifier in environments():
        name = gymnasium_id(identifier)
        if name in gymnasium.registry:
            continue
        # The library applies the time limit, so that an end by the task is never also one by the limit.
        gymnasium.register(
            id=name, entry_point="rlsuite.environment:Env", vector_entry_point="rlsuite.vector:VectorEnv",
            kwargs={"identifier": identifier})
