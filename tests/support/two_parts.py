"""Data sets to judge by: one part to train on and one that is held out."""

from __future__ import annotations

from collections.abc import Sequence

from qgan.batch import Batch
from qgan.data import Dataset


def two_parts(
    train: Batch,
    held_out: Batch,
    n_labels: int = 2,
    factor_names: Sequence[str] = (),
    factor_periods: Sequence[float | None] = (),
) -> Dataset:
    """A data set without a validation part, whose labels are named by their numbers."""
    values = tuple(range(n_labels))
    names = tuple(str(value) for value in values)
    about_factors = tuple(factor_names), "two parts", tuple(factor_periods)
    return Dataset(train, held_out[:0], held_out, values, names, *about_factors)
