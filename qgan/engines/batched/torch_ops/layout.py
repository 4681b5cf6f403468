"""The layout of a group of rows: which slots and which arguments its angles add to.

A turn's slot is half of its angle, s. It gives four arguments, whose sines are the entries of
``RY(2 s) = [[cos s, -sin s], [sin s, cos s]]``. A phase's slot is minus half of the angle of one
product of Z, and is its own argument. Where diagonals are small, they are spread instead: a row's
slots are the phases phi of all basis states, and each gives two arguments, whose sines are
``cos phi`` and ``sin phi``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from qgan.pauli import SignTable, parity_signs

__all__ = ["Layout", "Places"]

# The entries of RY(2 s), row by row, as sines: (sign, shift) of sin(sign s + shift).
TURN_SINES = ((1.0, math.pi / 2), (-1.0, 0.0), (1.0, 0.0), (1.0, math.pi / 2))
# The real and the imaginary part of exp(i phi), as sines.
PHASE_SINES = ((1.0, math.pi / 2), (1.0, 0.0))

Places = list[tuple[int, float]]
"""Slots or arguments that an angle adds to, each with the sign that it is added with."""


@dataclass(frozen=True)
class Layout:
    """Where the angles of a group of rows go: slots and arguments, turns first.

    Args:
        n_wires: n.
        n_turns: the number of rows of turns.
        phases: for each row of phases its products of Z, by their wires.
        spread: whether a row's slots are the phases of all basis states.
    """

    n_wires: int
    n_turns: int
    phases: tuple[tuple[tuple[int, ...], ...], ...]
    spread: bool

    @cached_property
    def phase_slots(self) -> int:
        """The number of slots of a row of phases; rows with fewer products are padded."""
        products = max((len(row) for row in self.phases), default=0)
        return 2**self.n_wires if self.spread else products

    @cached_property
    def n_slots(self) -> int:
        """The number of all slots."""
        return self.n_turns * self.n_wires + len(self.phases) * self.phase_slots

    @cached_property
    def turn_arguments(self) -> int:
        """The number of arguments of all turns."""
        return len(TURN_SINES) * self.n_turns * self.n_wires

    @cached_property
    def n_arguments(self) -> int:
        """The number of all arguments."""
        each = len(PHASE_SINES) if self.spread else 1
        return self.turn_arguments + len(self.phases) * self.phase_slots * each

    def shifts(self) -> list[float]:
        """The constant part of each argument, before any angle is added."""
        turns = [shift for _, shift in TURN_SINES] * (self.n_turns * self.n_wires)
        each = [shift for _, shift in PHASE_SINES] if self.spread else [0.0]
        return turns + each * (len(self.phases) * self.phase_slots)

    def turn(self, row: int, wire: int) -> tuple[Places, Places]:
        """The slots and the arguments that an angle of a turn adds to."""
        slot = row * self.n_wires + wire
        first = len(TURN_SINES) * slot
        return [(slot, 1.0)], [(first + i, sign) for i, (sign, _) in enumerate(TURN_SINES)]

    def phase(self, row: int, product: int) -> tuple[Places, Places]:
        """The slots and the arguments that an angle of a product of Z adds to."""
        first = row * self.phase_slots
        slots = [(first + product, 1.0)]
        if self.spread:
            signs = parity_signs(self.phases[row][product], self.n_wires).tolist()
            slots = [(first + x, sign) for x, sign in enumerate(signs)]
        each = len(PHASE_SINES) if self.spread else 1
        arguments = [
            (self.turn_arguments + slot * each + i, sign)
            for slot, sign in slots
            for i in range(each)
        ]
        first_slot = self.n_turns * self.n_wires
        return [(first_slot + slot, sign) for slot, sign in slots], arguments

    def signs(self, like: Tensor) -> SignTable | None:
        """The signs of the products on basis states; None if the phases are spread, or none."""
        if self.spread or not self.phases:
            return None
        return SignTable.of(self.phases, self.n_wires, like)
