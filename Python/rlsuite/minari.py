"""Recorded episodes as a data set of Minari, without Minari itself."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from ._library import check, encode, library


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
        MissingError: If a recording does not exist.
        DamagedError: If a recording is damaged.
    """
    root = Path(folder or os.environ.get("MINARI_DATASETS_PATH") or Path.home() / ".minari" / "datasets")
    request = {
        "recordings": [os.fspath(path) for path in recordings], "id": dataset_id, "folder": os.fspath(root),
        "author": author}
    if description:
        request["description"] = description
    check(library.rlsuite_write_minari(encode(json.dumps(request), "the data set")))
    return root / dataset_id
