"""NumPy archives: ``numpy.savez`` writes them."""

from __future__ import annotations

import functools
import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from qgan.data.formats.base import Array, Format, StoredArray

__all__ = ["NPZ"]


@contextmanager
def _open(path: Path) -> Iterator[Mapping[str, StoredArray]]:
    with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
        with zipfile.ZipFile(path) as members:
            present = set(members.namelist())
            headers = {
                name: _header(members, f"{name}.npy")
                for name in archive.files
                if f"{name}.npy" in present
            }
        yield {
            name: StoredArray(*header, functools.partial(_read, archive, name))
            for name, header in headers.items()
        }


def _read(archive: Any, name: str) -> Array:
    return np.asarray(archive[name])


def _header(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """The shape and the type that the header of an array declares."""
    with archive.open(name) as member:
        file: Any = member
        version = np.lib.format.read_magic(file)
        read = (
            np.lib.format.read_array_header_1_0
            if version == (1, 0)
            else np.lib.format.read_array_header_2_0
        )
        shape, _, dtype = read(file)
    return shape, dtype


def _write(arrays: Mapping[str, Array]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


NPZ = Format("NumPy archive", (".npz",), b"PK\x03\x04", _open, _write)
"""Archives of NumPy arrays."""
