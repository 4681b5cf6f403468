"""Shots as experiments write them down: a string of bases and a string of bits for each."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Int
from torch import Tensor

from qgan import errors

__all__ = ["AXES", "outcomes_of_shot", "outcomes_of_strings"]

AXES = "XYZ"


def outcomes_of_shot(basis: str, bits: str) -> list[int]:
    """The outcomes ``2 * axis + bit`` of one shot, from strings of the same length.

    Example:
        >>> outcomes_of_shot("XZ", "01")
        [0, 5]
    """
    return [2 * AXES.index(axis) + int(bit) for axis, bit in zip(basis, bits, strict=True)]


def outcomes_of_strings(
    bases: Sequence[Sequence[str]], bits: Sequence[Sequence[str]]
) -> Int[Tensor, "B shots n"]:
    """The outcomes of "pauli-6", ``2 * basis + bit``, from strings.

    Args:
        bases: for each state a list of strings of X, Y and Z, a letter for each qubit; the lists
            may be of different lengths.
        bits: for each state as many strings of 0 (eigenvalue +1) and 1 (-1).

    Returns:
        ``(B, shots, n)``; -1 where a state has fewer shots than the most.

    Raises:
        QganError: if the numbers or the lengths of strings differ, or a letter is another one.

    Example:
        >>> outcomes_of_strings([["XZ"]], [["01"]]).tolist()
        [[[0, 5]]]
    """
    if len(bases) != len(bits) or not len(bases):
        raise errors.argument("bits", f"must have {len(bases)} lists, as `bases`", len(bits))
    rows = [_shots_of(k, *pair) for k, pair in enumerate(zip(bases, bits, strict=True))]
    most, n_qubits = max(map(len, rows)), rows[0].shape[1]
    for k, row in enumerate(rows):
        if row.shape[1] != n_qubits:
            rule = f"must have {n_qubits} letters in each string"
            raise errors.argument("bases", rule, f"{row.shape[1]} of state {k}")
    pad = torch.nn.functional.pad
    return torch.stack([pad(row, (0, 0, 0, most - len(row)), value=-1) for row in rows])


def _shots_of(state: int, bases: Sequence[str], bits: Sequence[str]) -> Int[Tensor, "shots n"]:
    """The outcomes of one state from its strings."""
    if len(bases) != len(bits) or not len(bases):
        rule = "must have a string for each basis, and one at least"
        raise errors.argument("bits", rule, f"{len(bits)} for {len(bases)} of state {state}")
    width = len(bases[0])
    for name, strings, letters in (("bases", bases, AXES), ("bits", bits, "01")):
        for string in strings:
            if len(string) != width or not set(string) <= set(letters) or not width:
                rule = f"must be strings of {width} letters among {letters}"
                raise errors.argument(name, rule, f"{string!r} of state {state}")
    pairs = zip(bases, bits, strict=True)
    return torch.tensor([outcomes_of_shot(*pair) for pair in pairs])
