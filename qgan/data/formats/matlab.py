"""Files of MATLAB, of versions up to 7 (read by SciPy) and 7.3 (which are HDF5).

MATLAB has no arrays of one axis, no integers unless asked for, and drops a last axis of length 1;
what that does to labels, names and outcomes is undone here. Version 7.3 stores the axes of an array
in the reverse order.
"""

from __future__ import annotations

import functools
import io
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from qgan.data.formats.base import Array, Format, StoredArray
from qgan.data.formats.matlab_elements import check_elements
from qgan.files import read_regular

__all__ = ["MATLAB"]

FLAT = ("label", "label_names", "factor_names", "factor_periods", "part", "measurement")
"""Arrays with one axis or none, which MATLAB stores as a row or a column."""
CLASSES = {"double": "c16", "single": "c8", "logical": "b1", "char": "U16", "cell": "U16"}
"""Classes of MATLAB as types that are large enough; integers have the same names in NumPy."""


@contextmanager
def _open(path: Path) -> Iterator[Mapping[str, StoredArray]]:
    with path.open("rb") as file:
        is_hdf5 = file.read(10) == b"MATLAB 7.3"
    with (_open_hdf5 if is_hdf5 else _open_classic)(path) as arrays:
        yield {name: _as_ours(name, array) for name, array in arrays.items()}


@contextmanager
def _open_classic(path: Path) -> Iterator[dict[str, StoredArray]]:
    import scipy.io

    check_elements(read_regular(path))
    arrays = {}
    for name, shape, kind in scipy.io.whosmat(str(path)):
        if kind in CLASSES or kind.lstrip("u").startswith("int"):
            read = functools.partial(_read_classic, path, name)
            arrays[name] = StoredArray(tuple(shape), np.dtype(CLASSES.get(kind, kind)), read)
    yield arrays


def _read_classic(path: Path, name: str) -> Array:
    import scipy.io

    return np.asarray(scipy.io.loadmat(str(path), variable_names=[name])[name])


@contextmanager
def _open_hdf5(path: Path) -> Iterator[dict[str, StoredArray]]:
    import h5py

    from qgan.data.formats.hdf5 import hard_links

    with h5py.File(path, "r") as file:
        arrays = {}
        for name, member in hard_links(file):
            if isinstance(member, h5py.Dataset) and not (member.external or member.is_virtual):
                read = functools.partial(_read_hdf5, file, member)
                dtype = np.dtype("c16") if member.dtype.names else member.dtype
                dtype = np.dtype("U16") if dtype.hasobject else dtype
                arrays[name] = StoredArray(member.shape[::-1], dtype, read)
        yield arrays


def _read_hdf5(file: Any, member: Any) -> Array:
    """A variable of version 7.3, with its axes in the order of MATLAB."""
    kind = member.attrs.get("MATLAB_class", b"")
    kind = kind.decode() if isinstance(kind, bytes) else str(kind)
    array = np.asarray(member[()]).T
    if array.dtype.names:
        return np.asarray(array["real"] + 1j * array["imag"])
    if kind == "char":
        return np.array(_text(array))
    if kind == "cell":
        return np.array([_text(np.asarray(file[place][()]).T) for place in array.ravel()])
    return array.astype(bool) if kind == "logical" else array


def _text(codes: Array) -> Any:
    """The text, or the texts of several rows, of characters as MATLAB stores them."""
    rows = ["".join(map(chr, row)).rstrip() for row in codes]
    return rows[0] if len(rows) == 1 else rows


def _as_ours(name: str, array: StoredArray) -> StoredArray:
    """An array of MATLAB in the shape and type that its name asks for."""
    if name == "outcome":
        shape = (*array.shape, 1) if len(array.shape) == 2 else array.shape  # of one qubit
        return StoredArray(shape, array.dtype, lambda: _integers(array.read().reshape(shape)))
    if name not in FLAT:
        return array
    flat = () if name == "measurement" else (math.prod(array.shape),)
    return StoredArray(flat, array.dtype, functools.partial(_flat, name, array))


def _flat(name: str, stored: StoredArray) -> Array:
    array = stored.read()
    if array.dtype.kind == "O":
        array = np.array([str(np.asarray(cell).ravel()[0]) for cell in array.ravel()])
    if array.dtype.kind == "U":
        array = np.char.rstrip(array)
    array = array.ravel()
    if name == "measurement":
        return np.asarray(array[0])
    return _integers(array) if name == "label" else array


def _integers(array: Array) -> Array:
    """Numbers that are integers in all but their type, as integers."""
    if array.dtype.kind == "f" and np.isfinite(array).all() and (array == np.rint(array)).all():
        return array.astype(np.int64)
    return array


def _write(arrays: Mapping[str, Array]) -> bytes:
    import scipy.io

    buffer = io.BytesIO()
    scipy.io.savemat(buffer, {name: _as_cells(array) for name, array in arrays.items()})
    return buffer.getvalue()


def _as_cells(array: Array) -> Array:
    """Several strings as cells, since MATLAB's characters would give all of them one length."""
    return array.astype(object) if array.dtype.kind == "U" and array.ndim else array


MATLAB = Format("MATLAB file", (".mat",), b"MATLAB ", _open, _write)
"""Files that MATLAB's ``save`` writes."""
