"""Data sets of PennyLane (``qml.data``): HDF5 files whose arrays have names of their own.

What is there under our names is read under them. Where those are missing, ``ground_states``,
``phase_labels`` and ``parameters`` are read in their place: names for data of spin systems.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from qgan.data.formats.base import Array, StoredArray

__all__ = ["is_pennylane", "our_names"]

THEIR_NAMES = {"states": "ground_states", "label": "phase_labels"}
"""Names of ours, and what data sets of spin systems may call the same."""


def is_pennylane(file: Any) -> bool:
    """Whether PennyLane has written an open HDF5 file."""
    return any(key.endswith("data.type_id") for key in file.attrs)


def our_names(file: Any, arrays: Mapping[str, StoredArray]) -> dict[str, StoredArray]:
    """The arrays of a data set of PennyLane under the names that this program reads.

    Args:
        file: the open HDF5 file.
        arrays: its arrays under the names that they have there.
    """
    renamed = dict(arrays)
    for ours, theirs in THEIR_NAMES.items():
        if ours not in renamed and theirs in renamed:
            renamed[ours] = renamed.pop(theirs)
    if "states" in renamed and "factors" not in renamed and "parameters" in file:
        columns = _parameters(file["parameters"], renamed["states"].shape[0])
        if columns:
            shape = (renamed["states"].shape[0], len(columns))
            renamed["factors"] = StoredArray(
                shape, np.dtype(np.float64), lambda: np.stack(list(columns.values()), axis=1)
            )
            names = np.array(list(columns))
            renamed["factor_names"] = StoredArray(names.shape, names.dtype, lambda: names)
    return renamed


def _parameters(group: Any, n_states: int) -> dict[str, Array]:
    """The parameters of the Hamiltonian that differ from state to state."""
    columns = {}
    for name in group:
        dataset = group[name]
        shape, dtype = getattr(dataset, "shape", None), getattr(dataset, "dtype", None)
        if shape == (n_states,) and dtype is not None and dtype.kind in "iuf":
            numbers = np.asarray(dataset[()], dtype=np.float64)
            if len(np.unique(numbers)) > 1:
                columns[name] = numbers
    return columns
