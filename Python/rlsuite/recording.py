"""Recordings of episodes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from ._library import DamagedError, MissingError
from ._read_recording import read_recording as _read
from ._tables import table


@dataclass(frozen=True)
class Recording:
    """One recorded episode."""

    #: Environment, seed, parameters, spaces and the build that recorded it.
    header: dict[str, Any]
    #: A row for each step: number, hash of the state, flags, action, disturbance, reward and observation; the first
    #: row is the start.
    steps: Any
    #: Number of steps, return and checksum; ``None`` if the file ends early.
    summary: dict[str, Any] | None


def read_recording(path: str | os.PathLike[str]) -> Recording:
    """Reads a recording (``.rlrec``); its steps are a pandas ``DataFrame`` if pandas is installed, else arrays by name.

    Raises:
        MissingError: If there is no such file.
        DamagedError: If it is damaged.
    """
    header, names, rows, end = read_raw(path)
    columns = zip(*rows) if rows else [()] * len(names)
    return Recording(header, table({name: np.array(column) for name, column in zip(names, columns)}), end)


def read_raw(path: str | os.PathLike[str]) -> tuple[dict[str, Any], list[str], list[tuple], Any]:
    """Header, names of columns, rows and summary of a recording."""
    try:
        return _read(path)
    except FileNotFoundError as error:
        raise MissingError(f"{os.fspath(path)} does not exist") from error
    except OSError:
        raise
    except Exception as error:
        raise DamagedError(f"{os.fspath(path)} is damaged: {error or type(error).__name__}") from error
