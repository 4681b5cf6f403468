"""The history of a run: a CSV file, a row flushed at a time."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path

COLUMNS = (
    "step",
    "seconds",
    "discriminator_loss",
    "generator_loss",
    "shortfall",
    "wasserstein",
    "coverage",
)


class History:
    """Rows of numbers by step; columns that were not measured stay empty.

    Args:
        path: the file; it is created with its header if missing.
        until: rows of later steps are dropped (a resumed run writes them again).
    """

    def __init__(self, path: Path, until: int | None = None) -> None:
        self.path = path
        rows = read(path) if path.exists() else {}
        kept = [i for i, step in enumerate(rows.get("step", [])) if until is None or step <= until]
        with path.open("w", newline="") as file:
            csv.writer(file).writerow(COLUMNS)
        for i in kept:
            self.append({name: rows[name][i] for name in COLUMNS})

    def append(self, row: Mapping[str, float]) -> None:
        """Write one row and flush it."""
        with self.path.open("a", newline="") as file:
            values = [row.get(name, math.nan) for name in COLUMNS]
            csv.writer(file).writerow(["" if math.isnan(v) else v for v in values])


def read(path: Path) -> dict[str, list[float]]:
    """The columns of a history file; empty fields are NaN."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: [float(row[name] or "nan") for row in rows] for name in COLUMNS}
