"""HDF5 files: one dataset per array at the root, and the data sets of PennyLane.

A file that this program writes has a dataset for each array, under the name of the array, and the
attributes ``layout = "qgan"`` and ``version = 1`` at its root. Complex numbers are compounds of
``r`` and ``i``, as h5py has them, and strings are UTF-8 of a fixed length, since damage to those of
variable length can keep the HDF5 library busy for ever. Other programs need not write the
attributes, and their strings may have any length. A group whose members are called 0, 1, 2, ... is
the array of these members.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from qgan.data.formats.base import Array, Format, StoredArray
from qgan.data.formats.pennylane import is_pennylane, our_names

__all__ = ["HDF5", "dataset_array", "hard_links"]

VERSION = 1
"""The version of the layout that is written."""


@contextmanager
def _open(path: Path) -> Iterator[Mapping[str, StoredArray]]:
    import h5py

    with h5py.File(path, "r") as file:
        arrays = _arrays_of(file)
        yield our_names(file, arrays) if is_pennylane(file) else arrays


def _arrays_of(file: Any) -> dict[str, StoredArray]:
    """The arrays at the root of a file, by name."""
    import h5py

    arrays = {}
    for name, member in hard_links(file):
        is_dataset = isinstance(member, h5py.Dataset)
        array = dataset_array(member) if is_dataset else _list_array(member)
        if array is not None:
            arrays[name] = array
    return arrays


def hard_links(group: Any) -> Iterator[tuple[str, Any]]:
    """The members of a group that lie in the same file: a link leads to no other file."""
    import h5py

    for name in group:
        if isinstance(group.get(name, getlink=True), h5py.HardLink):
            yield name, group[name]


def dataset_array(dataset: Any) -> StoredArray | None:
    """A dataset of numbers or strings; None for one of another kind, or one in another file."""
    import h5py

    if dataset.shape is None or dataset.external or dataset.is_virtual:
        return None
    if h5py.check_string_dtype(dataset.dtype) is not None:
        return StoredArray(dataset.shape, np.dtype("U16"), lambda: _strings(dataset))
    if dataset.dtype.kind not in "biufcS":
        return None
    return StoredArray(dataset.shape, dataset.dtype, lambda: np.asarray(dataset[()]))


def _strings(dataset: Any) -> Array:
    return np.asarray(np.asarray(dataset.asstr()[()]).tolist(), dtype=np.str_)


def _list_array(group: Any) -> StoredArray | None:
    """The array of the members 0, 1, 2, ... of a group; None for another group."""
    members = dict(hard_links(group))
    if not members or set(members) != {str(place) for place in range(len(members))}:
        return None
    rows = [
        dataset_array(members[str(place)]) if hasattr(members[str(place)], "dtype") else None
        for place in range(len(members))
    ]
    known = [row for row in rows if row is not None]
    if len(known) < len(rows) or len({row.shape for row in known}) != 1:
        return None
    dtype = np.result_type(*{row.dtype for row in known})
    return StoredArray((len(known), *known[0].shape), dtype, functools.partial(_stacked, known))


def _stacked(rows: list[StoredArray]) -> Array:
    return np.stack([row.read() for row in rows])


def _write(arrays: Mapping[str, Array]) -> bytes:
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file.attrs["layout"], file.attrs["version"] = "qgan", VERSION
        for name, array in arrays.items():
            if array.dtype.kind == "U":
                encoded = np.char.encode(array, "utf-8")
                kind = h5py.string_dtype("utf-8", max(1, encoded.dtype.itemsize))
                file.create_dataset(name, data=encoded.astype(kind), dtype=kind)
            else:
                file.create_dataset(name, data=array)
    return buffer.getvalue()


HDF5 = Format("HDF5 file", (".h5", ".hdf5"), b"\x89HDF\r\n\x1a\n", _open, _write)
"""HDF5 with one dataset per array, or a data set of PennyLane."""
