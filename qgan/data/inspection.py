"""Everything that can be said of a file before something is made of it, its faults first."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from qgan import errors
from qgan.data.arrays import Contents, read_arrays
from qgan.data.columns import LabelClasses, read_factors, read_part, read_periods
from qgan.data.dataset import Dataset
from qgan.data.file import dataset_of
from qgan.data.formats import Array
from qgan.data.near_misses import faults_of_states

__all__ = ["Inspection", "inspect_file"]


@dataclass(frozen=True, eq=False)
class Inspection:
    """What a file holds and what is wrong with it.

    Args:
        contents: its arrays.
        faults: everything that is wrong, each with the first row that has it.
        data: the data set; None where something is wrong.
    """

    contents: Contents
    faults: tuple[errors.QganError, ...]
    data: Dataset | None


def inspect_file(
    path: Path, seed: int = 0, little_endian: bool = False, rescale: bool = False
) -> Inspection:
    """Read a file as :func:`qgan.data.from_file` does, but go on after the first fault.

    Args:
        path: the file.
        seed: as :func:`qgan.data.from_file` has it.
        little_endian: as :func:`qgan.data.from_file` has it.
        rescale: as :func:`qgan.data.from_file` has it.

    Raises:
        QganError: if it is no file of a known format, or a damaged one.
    """
    contents = read_arrays(path)
    faults = tuple(_faults_of(contents, rescale))
    if faults:
        return Inspection(contents, faults, None)
    try:
        data = dataset_of(contents.arrays, path.stem, seed, little_endian, rescale)
    except errors.QganError as error:
        return Inspection(contents, (error,), None)
    return Inspection(contents, (), data)


def _faults_of(contents: Contents, rescale: bool) -> Iterator[errors.QganError]:
    arrays = contents.arrays
    for name in ("states", "label"):
        yield from _raised(functools.partial(contents.check_present, name))
    states = arrays.get("states")
    if states is not None:
        yield from faults_of_states(states, rescale)
    one = states if states is not None and states.ndim else arrays.get("label")
    if one is None or not one.ndim:
        return
    yield from _faults_of_columns(arrays, len(one))


def _faults_of_columns(arrays: Mapping[str, Array], n_states: int) -> Iterator[errors.QganError]:
    """What is wrong with what the file says of each state beside the state."""
    classes: list[LabelClasses] = []
    factors: list[Tensor | None] = []
    if "label" in arrays:
        yield from _raised(lambda: classes.append(LabelClasses.of(arrays, n_states)))
    yield from _raised(lambda: factors.append(read_factors(arrays, n_states)[0]))
    if factors:
        yield from _raised(lambda: read_periods(arrays, factors[0]))
    if classes:
        yield from _raised(lambda: read_part(arrays, classes[0]))


def _raised(check: Callable[[], Any]) -> Iterator[errors.QganError]:
    """The fault that a check raises, if it does."""
    try:
        check()
    except errors.QganError as error:
        yield error
