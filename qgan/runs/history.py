"""The history of a run: a CSV file to which rows are added one by one."""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Mapping
from pathlib import Path

from qgan import errors
from qgan.files import append, read_regular
from qgan.runs.checkpoint import unwritable, write_atomically
from qgan.stored import MOST_BYTES

__all__ = ["COLUMNS", "History", "read_history"]

COLUMNS = (
    "step",
    "seconds",
    "discriminator_loss",
    "generator_loss",
    "closed_form",
    "shortfall",
    "wasserstein",
    "coverage",
    "real_copies",
    "generated_copies",
    "executions",
    "shots",
)


MOST_STEPS = 2**53
"""A larger whole number is not exact as it is read."""


class History:
    """One row of numbers per recorded step; a number that is not known is an empty field.

    Args:
        path: the file; it is created with its header if missing.
        until: rows of later steps are dropped, since a resumed run writes them again.
        most_rows: the number of rows that the checkpoint knows of; further rows are dropped.

    Attributes:
        rows: the number of rows.
    """

    def __init__(self, path: Path, until: int | None = None, most_rows: int | None = None) -> None:
        self.path = path
        columns = read_history(path) if os.path.lexists(path) else {}
        places = [
            i for i, step in enumerate(columns.get("step", [])) if until is None or step <= until
        ]
        places = places[:most_rows]
        self.rows = len(places)
        lines = [",".join(COLUMNS) + "\r\n"]
        lines += [_line({name: columns[name][i] for name in COLUMNS}) for i in places]
        write_atomically(path, "".join(lines).encode())

    def append(self, row: Mapping[str, float]) -> None:
        """Write one row and flush it."""
        append(self.path, _line(row))
        self.rows += 1

    def sync(self) -> None:
        """Flush all rows to disk, so that no checkpoint counts rows that a power cut removes."""
        try:
            with self.path.open("rb") as file:
                os.fsync(file.fileno())
        except OSError as error:
            raise unwritable(self.path, error) from None


def _line(row: Mapping[str, float]) -> str:
    """A row as CSV, with empty fields for numbers that are not known."""
    text = io.StringIO(newline="")
    values = [row.get(name, math.nan) for name in COLUMNS]
    csv.writer(text).writerow(["" if math.isnan(v) else v for v in values])
    return text.getvalue()


def read_history(path: Path) -> dict[str, list[float]]:
    """Read the columns of a history file; empty fields are NaN.

    An incomplete last row is left out, and so are rows that hold anything but numbers or whose step
    is no whole number: a power cut can leave zero bytes.

    Raises:
        QganError: if the file cannot be read.
    """
    text = read_regular(path, MOST_BYTES).decode("utf-8", "replace").replace("\0", "?")
    whole = text[: text.rfind("\n") + 1]
    try:
        table = [*filter(None, map(_numbers, csv.DictReader(io.StringIO(whole, newline=""))))]
    except csv.Error as error:
        raise errors.QganError(f"File {path} cannot be read as CSV: {error}.") from None
    return {name: [row[name] for row in table] for name in COLUMNS}


def _numbers(row: Mapping[str, str | None]) -> dict[str, float] | None:
    try:
        numbers = {name: float(row.get(name) or "nan") for name in COLUMNS}
    except ValueError:
        return None
    step = numbers["step"]
    return numbers if 0 <= step <= MOST_STEPS and step.is_integer() else None
