"""Tables, by pandas where it is installed."""

from __future__ import annotations

import csv
import io
from typing import Any

import numpy as np


def table(columns: dict[str, np.ndarray]) -> Any:
    """Columns as a pandas ``DataFrame``, or as they are without pandas."""
    try:
        import pandas
    except ModuleNotFoundError:
        return columns
    return pandas.DataFrame(columns)


def read_csv(text: str) -> Any:
    """A table from CSV; columns of numbers are arrays of numbers."""
    rows = list(csv.reader(io.StringIO(text)))
    if not rows:
        return table({})
    columns = {}
    for index, name in enumerate(rows[0]):
        values = [row[index] if index < len(row) else "" for row in rows[1:]]
        columns[name] = _numbers(values)
    return table(columns)


def _numbers(values: list[str]) -> np.ndarray:
    for convert in (int, lambda text: float(text) if text else float("nan")):
        try:
            return np.array([convert(value) for value in values])
        except (ValueError, OverflowError):
            continue
    return np.array(values, dtype=object)
