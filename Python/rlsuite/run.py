"""Folders of training runs."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ._library import DamagedError, MissingError
from ._tables import read_csv
from .policy import Policy, load_policy


@dataclass(frozen=True)
class Run:
    """One training run."""

    #: Folder of the run.
    path: Path
    #: Commit, processor, versions and command lines.
    manifest: dict[str, Any]
    #: Every setting, resolved, as YAML.
    configuration: str
    #: One row for each iteration.
    metrics: Any
    #: One row for each evaluation.
    evaluations: Any
    #: Steps, returns and lengths of all evaluation episodes, as ``evaluations.npz`` has them; empty before the first.
    episodes: dict[str, np.ndarray]

    def policy(self) -> Policy:
        """The policy of the best checkpoint, or of the latest if none is the best."""
        return load_policy(self.path)


def read_run(path: str | os.PathLike[str]) -> Run:
    """Reads the logs of a run; its tables are pandas ``DataFrame``s if pandas is installed, else arrays by name.

    Raises:
        MissingError: If the folder is not there or no run.
        DamagedError: If a file in it is damaged.
    """
    folder = Path(path)
    if not (folder / "manifest.json").is_file():
        raise MissingError(f"{folder} is not the folder of a run: it has no manifest.json")

    def text(name: str) -> str:
        file = folder / name
        return file.read_text("utf-8") if file.is_file() else ""

    try:
        arrays = folder / "evaluations.npz"
        episodes = dict(np.load(arrays, allow_pickle=False)) if arrays.is_file() else {}
        return Run(
            folder, json.loads(text("manifest.json")), text("config.yaml"), read_csv(text("metrics.csv")),
            read_csv(text("evaluations.csv")), episodes)
    except OSError:
        raise
    except Exception as error:
        raise DamagedError(f"{folder} is damaged: {error}") from error
