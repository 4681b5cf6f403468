"""What a file says of each of its states beside the state: its label, its factors, its part."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from qgan import errors
from qgan.data.dataset import FEWEST, PARTS, check_periods
from qgan.data.formats import Array
from qgan.text import shortened

__all__ = ["LABEL_KINDS", "LABEL_RULE", "LabelClasses", "read_factors", "read_part", "read_periods"]

LABEL_KINDS = "biufU"
LABEL_RULE = "must hold integers, real numbers or strings"
MOST_REAL_LABELS = 64
"""Most distinct values of a real label that is a class, and not a condition."""
MOST_TURNS = 4
"""Turns beyond which the values of an angle are likely to be in other units than its period."""
UNBALANCED = 3
"""A label with so many times the states of another is worth a note."""
MOST_NAMED = 3


@dataclass(frozen=True, eq=False)
class LabelClasses:
    """The labels of a file as classes.

    Args:
        values: the distinct labels, sorted; a class is a place among them.
        names: what people call them.
        index: the class of each state, ``(N,)``.
    """

    values: tuple[Any, ...]
    names: tuple[str, ...]
    index: Tensor

    @classmethod
    def of(cls, arrays: Mapping[str, Array], n_states: int) -> LabelClasses:
        """The classes of the arrays ``label`` and, where it is there, ``label_names``.

        Raises:
            QganError: for another shape or type, a number that is not finite, too many real values,
                no state, or names that do not fit.
        """
        array = arrays["label"]
        if array.shape != (n_states,):
            raise errors.argument("label", f"must have shape ({n_states},)", array.shape)
        if array.dtype.kind not in LABEL_KINDS:
            raise errors.argument("label", LABEL_RULE, f"dtype {array.dtype}")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            got = f"NaN or inf at index {int(np.isfinite(array).argmin())}"
            raise errors.argument("label", "must hold finite numbers", got)
        values, index = np.unique(array, return_inverse=True)
        if array.dtype.kind == "f" and len(values) > MOST_REAL_LABELS:
            most = f"at most {MOST_REAL_LABELS} distinct values"
            rule = f"must have {most} where they are real numbers"
            raise errors.argument("label", rule, f"{len(values)} (put them into bins first)")
        if not len(values):
            raise errors.argument("label", "must have at least one state", "no states at all")
        plain = tuple(values.tolist())
        names = _names(arrays, "label_names", "one per label", [str(value) for value in plain])
        return cls(plain, names, torch.from_numpy(index.astype(np.int64)))

    def notes(self) -> tuple[str, ...]:
        """What people should know of the numbers of states of each label."""
        counts = torch.bincount(self.index, minlength=len(self.values)).tolist()
        pairs = list(zip(map(shortened, self.names), counts, strict=True))
        notes = []
        if len(counts) == 1:
            notes.append("All states have one label: it tells the generator nothing.")
        few = [f"{name} ({count})" for name, count in pairs if count < FEWEST]
        if few:
            more = f" and {len(few) - MOST_NAMED} more" if len(few) > MOST_NAMED else ""
            notes.append(
                f"Fewer than {FEWEST} states have the label {', '.join(few[:MOST_NAMED])}{more}: "
                "all of them are in each part, so that the held-out states are copies of training "
                "states and skill is undefined."
            )
        most, fewest = (f(pairs, key=lambda pair: pair[1]) for f in (max, min))
        if most[1] >= UNBALANCED * fewest[1]:
            notes.append(
                f"The labels are unbalanced: {most[0]} has {most[1]} states and {fewest[0]} has "
                f"{fewest[1]}. Training draws each label equally often."
            )
        return tuple(notes)


def _names(arrays: Mapping[str, Array], key: str, what: str, default: list[str]) -> tuple[str, ...]:
    """An array of names, or those that stand in for it."""
    names = arrays.get(key, np.array(default, dtype=np.str_))
    if names.shape != (len(default),) or names.dtype.kind != "U":
        rule = f"must be {len(default)} strings, {what}"
        raise errors.argument(key, rule, f"shape {names.shape}, dtype {names.dtype}")
    return tuple(names.tolist())


def read_factors(
    arrays: Mapping[str, Array], n_states: int
) -> tuple[Tensor | None, tuple[str, ...]]:
    """The hidden factors, float64 ``(N, k)``, and their names; no names give f0, f1, ...

    Raises:
        QganError: for another shape or type, a number that is not finite, or names that do not fit.
    """
    if "factors" not in arrays:
        return None, ()
    array = arrays["factors"]
    if array.ndim != 2 or len(array) != n_states or not array.shape[1]:
        raise errors.argument("factors", f"must have shape ({n_states}, k)", array.shape)
    rule = "must hold finite real numbers"
    if array.dtype.kind not in "biuf":
        raise errors.argument("factors", rule, f"dtype {array.dtype}")
    finite = np.isfinite(array).all(1)
    if not finite.all():
        raise errors.argument("factors", rule, f"NaN or inf at index {int(finite.argmin())}")
    default = [f"f{i}" for i in range(array.shape[1])]
    names = _names(arrays, "factor_names", "one per factor", default)
    return torch.from_numpy(array.astype(np.float64)), names


def read_periods(arrays: Mapping[str, Array], factors: Tensor | None) -> tuple[float | None, ...]:
    """The period of each factor that is an angle; None where the file has 0 or nan.

    Values that reach over many periods are told of: they are likely to be in another unit.

    Raises:
        QganError: for another shape or type, or a period that is not positive.
    """
    array = arrays.get("factor_periods")
    if array is None or factors is None:
        return ()
    n_factors = factors.shape[1]
    if array.shape != (n_factors,) or array.dtype.kind not in "iuf":
        rule = f"must have shape ({n_factors},), a number for each factor"
        got = f"shape {array.shape}, dtype {array.dtype}"
        raise errors.argument("factor_periods", rule, got)
    numbers = array.astype(np.float64).tolist()
    periods = check_periods([x if x and not math.isnan(x) else None for x in numbers], n_factors)
    for k, period in enumerate(periods):
        extent = float(factors[:, k].max() - factors[:, k].min())
        if period is not None and extent > MOST_TURNS * period:
            errors.warn(
                f"The values of factor {k} reach over {extent / period:.3g} of its periods in "
                f"`factor_periods`, {period:g}: is that in the units of the factor?"
            )
    return periods


def read_part(arrays: Mapping[str, Array], classes: LabelClasses) -> tuple[Tensor, ...] | None:
    """Masks of the states of each part, where the file says which part a state is in.

    Raises:
        QganError: for another shape, another word, or a part without states of some label.
    """
    array = arrays.get("part")
    if array is None:
        return None
    n_states = len(classes.index)
    if array.shape != (n_states,) or array.dtype.kind != "U":
        rule = f"must be {n_states} strings, one per state"
        raise errors.argument("part", rule, f"shape {array.shape}, dtype {array.dtype}")
    known = np.isin(array, PARTS)
    if not known.all():
        at = int(known.argmin())
        rule = f"must be one of {', '.join(PARTS)}"
        raise errors.argument("part", rule, f"{str(array[at])!r} at index {at}")
    masks = tuple(torch.from_numpy(array == name) for name in PARTS)
    for name, mask in zip(PARTS, masks, strict=True):
        counts = torch.bincount(classes.index[mask], minlength=len(classes.values))
        if not counts.all():
            missing = classes.names[int(counts.argmin())]
            rule = f"must have states of each label that are {name}"
            raise errors.argument("part", rule, f"none of {missing}")
    return masks
