"""The arrays of a user's file, whatever its format: which are read, and how they are written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from qgan import errors
from qgan.data.formats import Array, Format, StoredArray, format_of, format_to_write
from qgan.engines.memory import check_bytes
from qgan.files import write_atomically

__all__ = ["ARRAYS", "Contents", "check_new_file", "read_arrays", "write_arrays"]

ARRAYS = (
    "states",
    "label",
    "label_names",
    "factors",
    "factor_names",
    "factor_periods",
    "part",
    "latent",
    "outcome",
    "measurement",
)
"""The names of the arrays that are read; others are left alone."""


@dataclass(frozen=True)
class Contents:
    """What a file holds.

    Args:
        path: the file.
        format: its format.
        arrays: those of its arrays that this program reads, by name; no strings of bytes.
        others: the names of its other arrays.
    """

    path: Path
    format: Format
    arrays: Mapping[str, Array]
    others: tuple[str, ...]

    def check_present(self, *names: str) -> None:
        """Refuse a file that lacks an array.

        Raises:
            QganError: with the names of the arrays that are there.
        """
        for name in names:
            if name not in self.arrays:
                present = [*self.arrays, *self.others]
                near = errors.nearest(name, list(self.others))
                meant = "" if near is None else f" (perhaps `{near}`)"
                rule = f"must hold an array `{name}`{meant}"
                raise errors.argument("path", rule, f"{self.path} with {present}")


def read_arrays(path: Path) -> Contents:
    """Those arrays of a file that this program reads.

    Args:
        path: a file of any format of :data:`qgan.data.formats.FORMATS`.

    Returns:
        What it holds; nothing is checked but that there is room for it.

    Raises:
        QganError: if there is no such file, its format is not read, it is damaged or holds objects
            of Python, or its arrays do not fit into memory.
    """
    try:
        exists = path.is_file()
    except (OSError, ValueError):  # a name that is too long or has a null byte
        exists = False
    if not exists:
        raise errors.argument("path", "must be a file that exists", path)
    form = format_of(path)
    try:
        with form.open(path) as stored:
            readable = {name: stored[name] for name in ARRAYS if name in stored}
            _check_room(readable)
            arrays = {name: _text_of_bytes(name, one.read()) for name, one in readable.items()}
            others = tuple(name for name in stored if name not in ARRAYS)
    except errors.QganError:
        raise
    except Exception as error:  # what the readers of others raise for a damaged file has no end
        raise errors.argument("path", form.rule, path) from error
    if "states" in arrays:
        arrays["states"] = _vectors_of_columns(arrays["states"])
    return Contents(path, form, arrays, others)


def _check_room(arrays: Mapping[str, StoredArray]) -> None:
    """Refuse arrays by the sizes that the file declares, before one of them is read."""
    needed, parts = 0, []
    for name, array in arrays.items():
        if array.dtype.hasobject or any(size < 0 for size in array.shape):
            raise ValueError("an array of objects, or of a negative size")
        # States are read, made complex128 and factored; the rest is read and copied.
        item_size = max(array.dtype.itemsize, 8)
        copies = 3 * 16 if name == "states" else item_size
        needed += math.prod(array.shape) * (item_size + copies)
        parts.append(f"`{name}` of shape {array.shape}")
    check_bytes("path", ", ".join(parts), needed)


def _text_of_bytes(name: str, array: Array) -> Array:
    """Strings of bytes as text; other arrays as they are."""
    if array.dtype.kind != "S":
        return array
    try:
        return np.asarray(np.char.decode(array, "utf-8"))
    except UnicodeDecodeError:
        raise errors.argument(name, "must hold text in UTF-8", "other bytes") from None


def _vectors_of_columns(states: Array) -> Array:
    """Vectors that are columns ``(N, 2**n, 1)``, as QuTiP has its kets, without their last axis."""
    is_column = states.ndim == 3 and states.shape[2] == 1 and states.shape[1] > 1
    return states[..., 0] if is_column else states


def check_new_file(path: Path) -> None:
    """Refuse a place where no file can be written.

    Raises:
        QganError: if it is a folder, or lies in none that exists.
    """
    if path.is_dir() or not path.parent.is_dir():
        raise errors.argument("path", "must be a file in a folder that exists", path)


def write_arrays(path: Path, arrays: Mapping[str, Array], form: Format | None = None) -> None:
    """Write arrays to a file, whole or not at all.

    Args:
        path: the file to write or replace, in a folder that exists.
        arrays: the arrays by name.
        form: the format; None takes that of the ending.

    Raises:
        QganError: if the folder does not exist or cannot be written to, or no format has the
            ending.
    """
    check_new_file(path)
    form = format_to_write(path) if form is None else form
    assert form.write is not None
    write_atomically(path, form.write(arrays))
