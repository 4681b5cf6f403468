"""Outcomes as text: one line per shot, and per qubit an integer or four numbers of which one is 1.

Programs for tomography with neural networks keep the outcomes of one state so, in ``data.txt`` and
``train.txt``. The file does not say which measurement it was, and has no label.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from qgan import errors
from qgan.data.formats.base import Array, Format, StoredArray
from qgan.engines.memory import check_bytes
from qgan.files import read_regular

__all__ = ["TEXT", "outcomes_of"]

WIDTH = 4
"""Numbers per qubit in the one-hot layout: both measurements in use there have four outcomes."""


@contextmanager
def _open(path: Path) -> Iterator[Mapping[str, StoredArray]]:
    check_bytes("path", "the numbers of a text file", 8 * path.stat().st_size)
    try:
        lines = np.loadtxt(io.BytesIO(read_regular(path)), dtype=np.int64, ndmin=2)
    except ValueError as error:
        rule = "must have the same number of integers in each line, one line per shot"
        raise errors.argument("path", rule, f"{path}: {errors.one_line(error)}") from None
    outcome = outcomes_of(lines)[None]
    yield {"outcome": StoredArray(outcome.shape, outcome.dtype, lambda: outcome)}


def outcomes_of(lines: Array) -> Array:
    """Outcomes ``(shots, n)`` of lines in either layout.

    Args:
        lines: ``(shots, n)`` integers, or ``(shots, 4 n)`` zeros and ones with a single one for
            each qubit.

    Example:
        >>> outcomes_of(np.array([[0, 0, 1, 0, 1, 0, 0, 0]])).tolist()
        [[2, 0]]
        >>> outcomes_of(np.array([[2, 0]])).tolist()
        [[2, 0]]
    """
    shots, width = lines.shape
    if width and width % WIDTH == 0 and ((lines == 0) | (lines == 1)).all():
        qubits = lines.reshape(shots, -1, WIDTH)
        if (qubits.sum(-1) == 1).all():
            return np.asarray(qubits.argmax(-1))
    return lines


def _write(arrays: Mapping[str, Array]) -> bytes:
    outcome = arrays.get("outcome")
    if outcome is None or len(outcome) != 1:
        got = "no records" if outcome is None else f"records of {len(outcome)} states"
        rule = "must be of another format: text is for records of one state"
        raise errors.argument("out", rule, got)
    buffer = io.BytesIO()
    np.savetxt(buffer, outcome[0], fmt="%d")
    return buffer.getvalue()


TEXT = Format("text with an outcome per qubit", (".txt",), b"", _open, _write)
"""Outcomes of measurements of one state, a line per shot."""
