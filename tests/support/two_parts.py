"""Data sets to judge by: one part to train on and one that is held out."""

from __future__ import annotations

from collections.abc import Sequence

from qgan.batch import Batch
from qgan.data import Dataset


def two_parts(
    train: Batch, held_out: Batch, n_labels: int = 2, factor_names: Sequence[str] = ()
) -> Dataset:
    """A data set without a validation part, whose labels are named by their numbers."""
    values = tuple(range(n_labels))
    names = tuple(str(value) for value in values)
    return Dataset(train, held_out[:0], held_out, values, names, tuple(factor_names), "two parts")
