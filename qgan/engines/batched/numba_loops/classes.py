"""Flips as numbers: the classes of basis states on which a flip turns by one angle.

Words that flip the same bits F, as XX and YY do, commute and mix the same pairs of basis states
``x`` and ``z = x xor F``; let x be the one whose highest bit of F is 0. With y letters Y and the
signed bits S, a word has ``<z|P|x> = i**y (-1)^popcount(x & S)``. So a product of their rotations
by angles theta_k is one rotation of each pair by the half angle

    phi(x) = sum_k theta_k / 2 (-1)^(y_k // 2) (-1)^popcount(x & S_k),

which is a real one, ``exp(-i phi Y)``, if y is odd, and ``exp(-i phi X)`` if y is even. States with
the same signs are a class. Its half angle is a slot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from qgan.engines.batched.lowering import LEAST_ANGLE, Angle, FlipLayer

__all__ = [
    "FIRST",
    "FLIPS",
    "LOW",
    "MASK",
    "N_MASKS",
    "ODD",
    "TOP",
    "Classes",
    "FlipNumbers",
    "Slot",
    "classes_of",
]


class FlipNumbers(NamedTuple):
    """A flip as numbers.

    Args:
        flips: F.
        top: the highest bit of F.
        low: the lowest bit that matters: states that differ below it only are of one class.
        odd: 1 if the words have an odd number of letters Y.
        mask: where the masks of the flip begin.
        n_masks: their number m. Bit j of a class is the parity of ``x & mask_j``.
        first: where the slots of its ``2**m`` classes begin.
    """

    flips: int
    top: int
    low: int
    odd: int
    mask: int
    n_masks: int
    first: int


# The place of each number of a flip in the table of flips, in the order of FlipNumbers.
FLIPS, TOP, LOW, ODD, MASK, N_MASKS, FIRST = range(7)


@dataclass
class Slot:
    """A slot while a program is made.

    Args:
        bits: its wires, as bits of a basis state.
        angles: the positions of the angles that add up, and what each is multiplied by.
    """

    bits: int
    angles: list[tuple[int, float]]


class Classes(NamedTuple):
    """The classes of a flip: its masks, and the slot of each class, or None where nothing turns."""

    masks: list[int]
    slots: list[Slot | None]


def classes_of(layer: FlipLayer, n_wires: int, angles: Sequence[Angle]) -> Classes:
    """The classes of a flip.

    Args:
        layer: the flip.
        n_wires: n of the circuit.
        angles: what the positions of angles point into.
    """
    top = 1 << max(n_wires - 1 - wire for wire in layer.flips)
    signs = {
        word: sum(1 << (n_wires - 1 - wire) for wire in word) & ~top for word in layer.rotations
    }
    masks = _independent(list(signs.values()))
    slots: list[Slot | None] = []
    for number in range(1 << len(masks)):
        x = _state_of_class(masks, number)
        terms = [
            (position, 0.5 * (-1) ** (len(word & layer.flips) // 2 + (x & sign).bit_count()))
            for word, sign in signs.items()
            for position in layer.rotations[word]
        ]
        slots.append(Slot(0, terms) if _turns(terms, angles) else None)
    return Classes(masks, slots)


def _independent(signs: list[int]) -> list[int]:
    """Masks whose sums modulo 2 are all of these, each with a leading bit of its own."""
    masks: list[int] = []
    for sign in signs:
        rest = sign
        for mask in masks:
            rest = min(rest, rest ^ mask)
        if rest:
            lead = 1 << (rest.bit_length() - 1)
            masks = [*(mask ^ rest if mask & lead else mask for mask in masks), rest]
    return masks


def _state_of_class(masks: list[int], number: int) -> int:
    """A basis state of a class: leading bits belong to one mask each."""
    leads = (1 << (mask.bit_length() - 1) for mask in masks)
    return sum(lead for j, lead in enumerate(leads) if number >> j & 1)


def _turns(terms: list[tuple[int, float]], angles: Sequence[Angle]) -> bool:
    """Whether the angles of a class do not cancel, as those of a control that is 0 do."""
    totals: dict[tuple[str | None, int], float] = {}
    for position, factor in terms:
        angle = angles[position]
        for key, number in (((angle.source, angle.entry), angle.scale), ((None, 0), angle.shift)):
            totals[key] = totals.get(key, 0.0) + factor * number
    return any(abs(total) > LEAST_ANGLE for total in totals.values())
