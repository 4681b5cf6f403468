"""A plan at given angles: matrices of its turns, diagonals of its phases, and the way back."""

from __future__ import annotations

from collections import defaultdict

import torch
from torch import Tensor

from qgan.engines.batched.blocks import Block, blocks_of, turn_matrices, turn_vectors
from qgan.engines.batched.plan import Plan
from qgan.engines.batched.tables import turn_generators
from qgan.pauli import SignTable

MOST_AT_ONCE = 2**22  # entries of all diagonals together; beyond, each is made when it is needed


class Turns:
    """The turns of a group.

    Args:
        slots: half angles ``(rows, b, n)``, b = 1 where shared.
        blocks: what wires turn together.
    """

    def __init__(self, slots: Tensor, blocks: tuple[Block, ...]) -> None:
        self.slots = slots
        self.blocks = blocks
        self.cos, self.sin = torch.cos(slots), torch.sin(slots)
        self._matrices: list[Tensor] = []
        self._vectors: dict[int, Tensor] = {}
        self._gradients: defaultdict[Block, list[tuple[int, Tensor]]] = defaultdict(list)

    def matrices(self, row: int, wires: frozenset[int]) -> list[tuple[Block, Tensor]]:
        """Blocks that turn in a row and their matrices, real ``(b, K, K)``."""
        if not self._matrices:
            self._matrices = turn_matrices(self.cos, self.sin, self.blocks)
        return [
            (block, matrix[row])
            for block, matrix in zip(self.blocks, self._matrices, strict=True)
            if block.holds_any(wires)
        ]

    def whole(self, rows: slice) -> Tensor:
        """Matrices of all wires at once, real ``(rows, 2**n, 2**n)``; shared rows only."""
        block = Block(0, self.slots.shape[-1])
        return turn_matrices(self.cos[rows], self.sin[rows], (block,))[0][:, 0]

    def vector(self, row: int) -> Tensor:
        """What a row makes of |0..0>: real ``(b, 2**n)``."""
        if row not in self._vectors:
            self._vectors[row] = turn_vectors(self.cos[row], self.sin[row])
        return self._vectors[row]

    def add_gradient(self, row: int, block: Block, correlations: Tensor) -> None:
        """Note ``K = Re sum conj(G) psi^T`` after turns, ``(rows, b, K, K)``, from a row on."""
        self._gradients[block].append((row, correlations.flatten(2)))

    def gradient(self) -> Tensor:
        """Of the slots, ``(rows, b, n)``."""
        n_rows, _, n = self.slots.shape
        result: Tensor | None = None
        for block, found in self._gradients.items():
            rows, correlations = in_order(found)
            generators = turn_generators(block.width, correlations.dtype, correlations.device)
            part = correlations @ generators
            if rows == list(range(n_rows)) and block.width == n:
                return part
            result = torch.zeros_like(self.slots) if result is None else result
            first, last = rows[0], rows[-1] + 1
            where = slice(first, last) if last - first == len(rows) else torch.tensor(rows)
            result[where, :, block.first : block.first + block.width] = part
        return torch.zeros_like(self.slots) if result is None else result


class Phases:
    """The phases of a group.

    Args:
        slots: ``(rows, b, T)``, b = 1 where shared.
        signs: the group's table.
        n_wires: n.
    """

    def __init__(self, slots: Tensor, signs: SignTable, n_wires: int) -> None:
        self.slots = slots
        self.signs = signs
        self.at_once = slots[..., 0].numel() * 2**n_wires <= MOST_AT_ONCE
        self._diagonals = self._make(slice(None)) if self.at_once else None
        self._adjoints: tuple[Tensor, Tensor] | None = None
        self._gradients: list[tuple[int, Tensor]] = []

    def _make(self, rows: slice) -> Tensor:
        phases = self.signs.spread(self.slots[rows], rows)
        return torch.complex(torch.cos(phases), torch.sin(phases))

    def diagonals(self, rows: slice) -> Tensor:
        """Diagonals of some rows, complex ``(rows, b, 2**n)``."""
        return self._make(rows) if self._diagonals is None else self._diagonals[rows]

    def diagonal(self, row: int) -> Tensor:
        """The diagonal of a row, complex ``(b, 2**n)``."""
        return self.diagonals(slice(row, row + 1))[0]

    def adjoint(self, row: int) -> tuple[Tensor, Tensor]:
        """The conjugate diagonal D* of a row, and -i D*."""
        if self._diagonals is None:
            conjugate = self.diagonal(row).conj().resolve_conj()
            return conjugate, conjugate * -1j
        if self._adjoints is None:
            conjugates = self._diagonals.conj().resolve_conj()
            self._adjoints = conjugates, conjugates * -1j
        return self._adjoints[0][row], self._adjoints[1][row]

    def add_gradient(self, row: int, gradient: Tensor) -> None:
        """Note the gradient of phases, ``(rows, b, 2**n)``, from a row on."""
        if self._diagonals is None:  # not kept: as large as a state
            gradient = self.signs.gather(gradient, slice(row, row + len(gradient)))
        self._gradients.append((row, gradient))

    def gradient(self) -> Tensor:
        """Of the slots, ``(rows, b, T)``."""
        if not self._gradients:
            return torch.zeros_like(self.slots)
        rows, found = in_order(self._gradients)
        if len(rows) < len(self.slots):  # a phase of |0..0> is never noted
            padded = found.new_zeros(len(self.slots), *found.shape[1:])
            padded[torch.tensor(rows)] = found
            found = padded
        return found if self._diagonals is None else self.signs.gather(found)


def in_order(found: list[tuple[int, Tensor]]) -> tuple[list[int], Tensor]:
    """Rows that were noted piece by piece from (first row, rows), sorted; and emptied."""
    found.sort(key=lambda piece: piece[0])
    rows = [row + i for row, piece in found for i in range(len(piece))]
    pieces = [piece for _, piece in found]
    found.clear()
    return rows, pieces[0] if len(pieces) == 1 else torch.cat(pieces)


class Realisation:
    """Turns and phases of both groups of a plan.

    Args:
        plan: the plan.
        weights: ``(n_weights,)``.
        inputs: ``(B, n_inputs)``.
        batch: B of the states that will be propagated.
        columns: their r.
    """

    def __init__(
        self, plan: Plan, weights: Tensor, inputs: Tensor, batch: int, columns: int
    ) -> None:
        self.plan, n = plan, plan.n_wires
        self.noting = True  # whether the angles' gradients are wanted
        self.tables = plan.tables(weights)
        slots = self.tables.weights.push(weights) + self.tables.base
        self.n_shared = plan.groups[True].n_slots(n)
        self.turns: dict[bool, Turns] = {}
        self.phases: dict[bool, Phases] = {}
        for shared, group in plan.groups.items():
            if not (group.turns or group.phases):
                continue
            if shared:
                mine = slots[: self.n_shared].unsqueeze(0)
            else:
                mine = self.tables.inputs.push(inputs) + slots[self.n_shared :]
            rows, terms = len(group.turns), group.n_terms
            if rows:
                blocks = blocks_of(n, columns, batch, shared)
                turned = mine.narrow(1, 0, rows * n).view(-1, rows, n)
                self.turns[shared] = Turns(turned.transpose(0, 1), blocks)
            if group.phases:
                rows_of_phases = len(group.phases)
                phased = mine.narrow(1, rows * n, rows_of_phases * terms)
                phased = phased.view(-1, rows_of_phases, terms)
                signs = self.tables.signs[shared]
                assert signs is not None
                self.phases[shared] = Phases(phased.transpose(0, 1), signs, n)

    def gradients(self, n_rows: int, needs_inputs: bool) -> tuple[Tensor, Tensor | None]:
        """Gradients of weights and of inputs, from what the stages have noted."""
        parts: dict[bool, Tensor] = {}
        for shared, group in self.plan.groups.items():
            of_turns = [self.turns[shared].gradient()] if group.turns else []
            of_phases = [self.phases[shared].gradient()] if group.phases else []
            found = [part.transpose(0, 1).flatten(1) for part in (*of_turns, *of_phases)]
            if found:
                parts[shared] = torch.cat(found, 1)
        slots = [parts[s].sum(0) for s in (True, False) if s in parts]
        of_weights = self.tables.weights.pull(torch.cat(slots) if slots else self.tables.base)
        if not needs_inputs:
            return of_weights, None
        if False not in parts:
            return of_weights, of_weights.new_zeros(n_rows, self.plan.n_inputs)
        return of_weights, self.tables.inputs.pull(parts[False])
