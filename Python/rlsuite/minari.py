"""Recorded episodes as a data set of Minari, without Minari itself; needs h5py."""

from __future__ import annotations

import json
import os
import re
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ._library import UsageError, version
from .recording import read_raw

#: Version of Minari whose format is written.
FORMAT = "0.5.3"


def write_minari(
    recordings: Iterable[str | os.PathLike[str]], dataset_id: str, *, folder: str | os.PathLike[str] | None = None,
    description: str = "", author: str = "",
) -> Path:
    """Writes recordings of one environment as a data set that ``minari.load_dataset`` opens.

    Args:
        recordings: Files of episodes (``.rlrec``), in their order.
        dataset_id: Id of the data set, such as ``rlsuite/walker/expert-v0``; it must be new.
        folder: Folder of all data sets; by default ``$MINARI_DATASETS_PATH`` or ``~/.minari/datasets``.
        description: What the data set is.
        author: Who made it.

    Returns:
        The data set's folder.

    Raises:
        UsageError: If the id is malformed or taken, there are no recordings, or they are of several environments.
        DamagedError: If a recording is damaged.
    """
    import h5py

    if not re.fullmatch(r"([A-Za-z0-9_-]+/)*[A-Za-z0-9_-]+-v\d+", dataset_id):
        raise UsageError(f"'{dataset_id}' is no id of a data set, such as rlsuite/walker/expert-v0")
    episodes = [read_raw(path) for path in recordings]
    if not episodes:
        raise UsageError("there are no recordings")
    first = episodes[0][0]
    for header, *_ in episodes:
        if (header["environment"], header["action-space"]) != (first["environment"], first["action-space"]):
            raise UsageError(
                f"the recordings are of {first['environment']['id']} and {header['environment']['id']}, and a data set "
                "has one environment")
    root = Path(folder or os.environ.get("MINARI_DATASETS_PATH") or Path.home() / ".minari" / "datasets")
    target = root / dataset_id
    if target.exists():
        raise UsageError(f"{target} exists; choose another id")
    (target / "data").mkdir(parents=True)
    for parent in Path(dataset_id).parents:
        if parent.name and not (root / parent / "namespace_metadata.json").exists():
            (root / parent / "namespace_metadata.json").write_text("{}", "utf-8")
    returns, steps = [], 0
    with h5py.File(target / "data" / "main_data.hdf5", "w", track_order=True) as file:
        for index, episode in enumerate(episodes):
            arrays = _arrays(*episode)
            group = file.create_group(f"episode_{index}")
            group.attrs["id"] = index
            group.attrs["total_steps"] = len(arrays["rewards"])
            group.attrs["seed"] = np.uint64(int(episode[0]["seed"]))
            for name, array in arrays.items():
                group.create_dataset(name, data=array)
            group.create_group("infos")
            returns.append(float(arrays["rewards"].sum()))
            steps += len(arrays["rewards"])
    size = (target / "data" / "main_data.hdf5").stat().st_size
    (target / "data" / "metadata.json").write_text(
        json.dumps(_metadata(first, dataset_id, returns, steps, size / 1e6, description, author), indent=2), "utf-8")
    return target


def _arrays(header: dict[str, Any], names: list[str], rows: list[tuple], end: Any) -> dict[str, np.ndarray]:
    """The arrays of one episode, as Minari has them."""
    choices = header["action-space"].get("count")
    actions = 1 if choices else len(header["action-space"]["low"])
    seen = len(header["observations"])
    values = np.array([row[3:] for row in rows], np.float32).reshape(len(rows), len(names) - 3)
    flags = np.array([row[2] for row in rows], np.uint8)
    start = [struct.unpack("<f", bytes.fromhex(bits)[::-1])[0] for bits in header["initial-observation"]]
    taken = values[:, :actions]
    return {
        "observations": np.vstack([np.array(start, np.float32)[None], values[:, -seen:]]),
        "actions": taken[:, 0].astype(np.int64) if choices else taken,
        "rewards": values[:, -seen - 1].astype(np.float64),
        "terminations": flags == 1,
        "truncations": flags == 2,
    }


def _metadata(
    header: dict[str, Any], dataset_id: str, returns: list[float], steps: int, megabytes: float, description: str,
    author: str,
) -> dict[str, Any]:
    space = header["action-space"]
    seen = len(header["observations"])
    if "count" in space:
        actions: dict[str, Any] = {"type": "Discrete", "dtype": "int64", "start": 0, "n": space["count"]}
    else:
        low, high = ([float(bound) for bound in space[key]] for key in ("low", "high"))
        actions = {"type": "Box", "dtype": "float32", "shape": [len(low)], "low": low, "high": high}
    observations = {
        "type": "Box", "dtype": "float32", "shape": [seen], "low": [-np.inf] * seen, "high": [np.inf] * seen}
    metadata = {
        "total_episodes": len(returns), "total_steps": steps, "data_format": "hdf5",
        "observation_space": json.dumps(observations), "action_space": json.dumps(actions), "dataset_id": dataset_id,
        "minari_version": FORMAT, "jpeg_encoding": False, "dataset_size": megabytes, "description": description,
        "algorithm_name": header["agent"], "author": [author], "author_email": [""],
        "code_permalink": "", "requirements": [f"rlsuite=={version()}"],
        "num_episodes_average_score": float(np.mean(returns)),
    }
    try:
        import gymnasium

        from .registration import gymnasium_id
    except ModuleNotFoundError:
        return metadata
    environment = header["environment"]
    metadata["env_spec"] = gymnasium.spec(gymnasium_id(environment["id"], environment["version"])).to_json()
    return metadata
