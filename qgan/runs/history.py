"""The history of a run: a CSV file, a row flushed at a time."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Mapping
from pathlib import Path

from qgan.runs.checkpoint import unwritable, write_atomically

COLUMNS = (
    "step",
    "seconds",
    "discriminator_loss",
    "generator_loss",
    "shortfall",
    "wasserstein",
    "coverage",
    "real_copies",
    "generated_copies",
    "executions",
    "shots",
)


class History:
    """Rows of numbers by step; columns that were not measured stay empty.

    Args:
        path: the file; it is created with its header if missing.
        until: rows of later steps are dropped (a resumed run writes them again).
        most: so many rows are kept at most: what a checkpoint does not know of is done again.

    Attributes:
        rows: number of rows.
    """

    def __init__(self, path: Path, until: int | None = None, most: int | None = None) -> None:
        self.path = path
        found = read(path) if path.exists() else {}
        kept = [i for i, step in enumerate(found.get("step", [])) if until is None or step <= until]
        kept = kept[:most]
        self.rows = len(kept)
        lines = [",".join(COLUMNS) + "\r\n"]
        lines += [_line({name: found[name][i] for name in COLUMNS}) for i in kept]
        write_atomically(path, "".join(lines).encode())

    def append(self, row: Mapping[str, float]) -> None:
        """Write one row and flush it."""
        try:
            with self.path.open("a", newline="") as file:
                file.write(_line(row))
        except OSError as error:
            raise unwritable(self.path, error) from None
        self.rows += 1

    def sync(self) -> None:
        """Flush all rows to disk: a checkpoint must not know of rows that a power cut took."""
        try:
            with self.path.open("rb") as file:
                os.fsync(file.fileno())
        except OSError as error:
            raise unwritable(self.path, error) from None


def _line(row: Mapping[str, float]) -> str:
    """A row as CSV; what was not measured is empty."""
    text = io.StringIO(newline="")
    values = [row.get(name, math.nan) for name in COLUMNS]
    csv.writer(text).writerow(["" if math.isnan(v) else v for v in values])
    return text.getvalue()


def read(path: Path) -> dict[str, list[float]]:
    """The columns of a history file; empty fields are NaN.

    A last row that was torn, and rows that are no numbers (a power cut leaves zero bytes), are
    left out.
    """
    text = path.read_bytes().decode("utf-8", "replace").replace("\0", "?")
    whole = text[: text.rfind("\n") + 1]
    rows = filter(None, map(_numbers, csv.DictReader(io.StringIO(whole, newline=""))))
    table = list(rows)
    return {name: [row[name] for row in table] for name in COLUMNS}


def _numbers(row: Mapping[str, str | None]) -> dict[str, float] | None:
    try:
        return {name: float(row.get(name) or "nan") for name in COLUMNS}
    except ValueError:
        return None
