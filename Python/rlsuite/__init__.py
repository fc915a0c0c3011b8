"""rlsuite from Python: its environments for Gymnasium and Stable-Baselines3, its policies and its files.

``import rlsuite`` registers every environment with Gymnasium if that is installed::

    import gymnasium, rlsuite

    env = gymnasium.make("rlsuite/Walker-v0")
    envs = gymnasium.make_vec("rlsuite/Walker-v0", num_envs=32)
"""

from ._library import (
    DamagedError,
    Error,
    MissingError,
    UnavailableError,
    UsageError,
    abi_version,
    describe,
    environments,
    version,
)
from .minari import write_minari
from .policy import Policy, load_policy
from .recording import Recording, read_recording
from .run import Run, read_run

__version__ = version()
__all__ = [
    "DamagedError", "Error", "MissingError", "Policy", "Recording", "Run", "UnavailableError", "UsageError",
    "abi_version", "describe", "environments", "load_policy", "read_recording", "read_run", "version",
    "write_minari",
]

try:
    import gymnasium as _gymnasium
except ModuleNotFoundError:
    pass
else:
    from .environment import Env
    from .registration import gymnasium_id, register
    from .vector import VectorEnv

    __all__ += ["Env", "VectorEnv", "gymnasium_id", "register"]
    register()
