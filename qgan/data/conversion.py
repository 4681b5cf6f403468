"""From a file of one format to a file of another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from qgan import errors
from qgan.data.arrays import check_new_file, read_arrays, write_arrays
from qgan.data.file import order_notes
from qgan.data.formats import Array, Format, format_to_write
from qgan.data.near_misses import check_states, repaired, turned_round
from qgan.povm import OUTCOMES, check_kind

__all__ = ["Conversion", "convert"]

REST = ("rest", "the rest")
"""Two names of the outcome of "pauli-4" that is left."""


@dataclass(frozen=True, eq=False)
class Conversion:
    """What was written.

    Args:
        form: the format.
        arrays: the arrays.
        notes: what was put right or assumed: whole sentences.
    """

    form: Format
    arrays: Mapping[str, Array]
    notes: tuple[str, ...]


def convert(
    file: Path,
    out: Path,
    little_endian: bool = False,
    rescale: bool = False,
    measurement: str | None = None,
    outcomes: Sequence[str] | None = None,
) -> Conversion:
    """Read a file and write what is read in the format that another name asks for.

    Args:
        file: the file to read.
        out: the file to write; its ending says the format.
        little_endian: whether to turn round the qubits of the states.
        rescale: whether states may have any norm, or be rounded to few digits.
        measurement: which measurement the outcomes are of, where the file does not say it.
        outcomes: the outcomes 0, 1, ... of the file in its order, by the names that
            :data:`qgan.povm.OUTCOMES` has; None where it is the order there.

    Returns:
        What was written.

    Raises:
        QganError: for a file that cannot be read or written, states that are no states, or outcomes
            that are not those of the measurement.
    """
    check_new_file(out)
    form = format_to_write(out)
    contents = read_arrays(file)
    arrays, notes = dict(contents.arrays), list[str]()
    if not {"states", "outcome"} & set(arrays):
        contents.check_present("states")
    if "states" in arrays:
        check_states(arrays["states"], rescale)
        states = turned_round(arrays["states"]) if little_endian else arrays["states"]
        if rescale:
            repairs = repaired(states, rescale)
            states = repairs[0].numpy()
            notes += repairs[1]
        arrays["states"] = states
        notes += order_notes(states.shape[1].bit_length() - 1, little_endian)
    if measurement is not None or outcomes is not None:
        _name_outcomes(arrays, measurement, outcomes)
    elif "outcome" in arrays and "measurement" not in arrays:
        notes.append("The file does not say which measurement its outcomes are of (--measurement).")
    write_arrays(out, arrays, form)
    return Conversion(form, arrays, tuple(notes))


def _name_outcomes(
    arrays: dict[str, Array], measurement: str | None, outcomes: Sequence[str] | None
) -> None:
    """Say which measurement outcomes are of, and put them into our order."""
    kind = measurement or str(arrays.get("measurement", ""))
    if not kind:
        raise errors.argument("measurement", "must be given with outcomes", "none")
    check_kind(kind)
    arrays["measurement"] = np.array(kind)
    if outcomes is None:
        return
    ours = [_short(name) for name in OUTCOMES[kind]]
    theirs = [_short(name) for name in outcomes]
    if sorted(theirs) != sorted(ours):
        rule = f"must be {', '.join(ours)} in some order"
        raise errors.argument("outcomes", rule, ", ".join(theirs))
    outcome = arrays.get("outcome")
    if outcome is None:
        raise errors.argument("outcomes", "must go with a file of outcomes", "a file without any")
    if outcome.dtype.kind not in "iu" or not ((outcome >= 0) & (outcome < len(ours))).all():
        rule = f"must hold integers from 0 to {len(ours) - 1}"
        raise errors.argument("outcome", rule, f"dtype {outcome.dtype}, others among them")
    arrays["outcome"] = np.array([ours.index(name) for name in theirs])[outcome]


def _short(name: str) -> str:
    name = name.strip()
    return REST[0] if name in REST else name
