"""A plan at given angles: matrices of its turns, diagonals of its phases, and the way back."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from qgan.engines.batched.plan import Plan, Stage
from qgan.engines.batched.tensors.blocks import (
    Block,
    blocks_of,
    turn_gradients,
    turn_matrices,
    turn_vectors,
)
from qgan.engines.batched.tensors.gathering import Gathered, span
from qgan.engines.batched.tensors.layout import Layout
from qgan.engines.batched.tensors.tables import tables_of
from qgan.pauli import EVERY, SignTable

MOST_AT_ONCE = 2**22  # entries of all diagonals together; beyond, each is made when it is needed

MOST_NOTED = 2**16  # amplitudes that wait to be gathered together


class Turns:
    """The turns of a group.

    Args:
        entries: of RY on each wire, row by row, ``(b, rows, n, 4)``, b = 1 where shared.
        shared: whether the batch shares them.
        blocks: what wires turn together.
    """

    def __init__(self, entries: Tensor, shared: bool, blocks: tuple[Block, ...]) -> None:
        self.entries = entries
        self.shared = shared
        self.blocks = blocks
        self.gathered = Gathered()
        self._matrices: list[Tensor] = []
        self._vectors: dict[int, Tensor] = {}

    def matrices(self, row: int, wires: frozenset[int]) -> list[tuple[Block, Tensor]]:
        """Blocks that turn in a row and their matrices, real ``(b, K, K)``."""
        if not self._matrices:
            self._matrices = turn_matrices(self.entries, self.blocks)
        return [
            (block, matrix[:, row])
            for block, matrix in zip(self.blocks, self._matrices, strict=True)
            if block.holds_any(wires)
        ]

    def whole(self, rows: slice | list[int]) -> Tensor:
        """Matrices of all wires at once, real ``(rows, 2**n, 2**n)``; shared rows only."""
        block = Block(0, self.entries.shape[2])
        return turn_matrices(self.entries[:, rows], (block,))[0][0]

    def vector(self, row: int) -> Tensor:
        """What a row makes of |0..0>: real ``(b, 2**n)``."""
        if row not in self._vectors:
            self._vectors[row] = turn_vectors(self.entries[:, row])
        return self._vectors[row]

    def note(self, rows: Sequence[int], gradient: Tensor, state: Tensor) -> None:
        """Gather the gradients of rows from G and psi after each, ``(B, rows, 2**n, r)``."""
        self.gathered.add(rows, turn_gradients(self.blocks, self.shared, gradient, state))


class Phases:
    """The phases of a group.

    Args:
        shared: whether the batch shares them.
        diagonals: of all rows, complex ``(b, rows, 2**n)``, b = 1 where shared; or None.
        slots: instead of diagonals, ``(b, rows, T)``.
        signs: the group's table for slots.
        keeps: whether diagonals made of slots are kept, where all fit.
    """

    def __init__(
        self,
        shared: bool,
        diagonals: Tensor | None,
        slots: Tensor | None = None,
        signs: SignTable | None = None,
        keeps: bool = True,
    ) -> None:
        self.shared = shared
        self.slots = slots
        self.signs = signs
        self.gathered = Gathered()
        self._diagonals = diagonals
        if diagonals is None and keeps and self._fits():
            self._diagonals = self._spread(EVERY)
        self._adjoints: Tensor | None = None

    def _fits(self) -> bool:
        assert self.slots is not None
        assert self.signs is not None
        return self.slots[..., 0].numel() * self.signs.dimension <= MOST_AT_ONCE

    def _spread(self, rows: slice | list[int]) -> Tensor:
        assert self.slots is not None
        assert self.signs is not None
        phases = self.signs.spread(self.slots[:, rows].transpose(0, 1), rows)
        return torch.complex(torch.cos(phases), torch.sin(phases)).transpose(0, 1)

    def diagonals(self, rows: slice | list[int]) -> Tensor:
        """Diagonals of some rows, complex ``(b, rows, 2**n)``."""
        return self._spread(rows) if self._diagonals is None else self._diagonals[:, rows]

    def diagonal(self, row: int) -> Tensor:
        """The diagonal of a row, complex ``(b, 2**n)``."""
        if self._diagonals is None:
            return self._spread(slice(row, row + 1))[:, 0]
        return self._diagonals[:, row]

    def adjoint(self, row: int) -> Tensor:
        """The conjugate diagonal of a row."""
        if self._diagonals is None:
            return torch.conj_physical(self.diagonal(row))
        if self._adjoints is None:
            self._adjoints = torch.conj_physical(self._diagonals)
        return self._adjoints[:, row]

    def note(self, rows: Sequence[int], gradient: Tensor, state: Tensor) -> None:
        """Gather the gradients of rows from G and psi beside each, ``(B, rows, 2**n, r)``.

        Of exp(i phi): ``dL/dphi = Im(G conj(psi))``.
        """
        found = (gradient * torch.conj_physical(state)).imag
        if self.shared and len(found) > 1:
            found = found.sum(0, keepdim=True)
        self.add(rows, found.squeeze(-1) if found.shape[-1] == 1 else found.sum(-1))

    def add(self, rows: Sequence[int], gradient: Tensor) -> None:
        """Gather the gradient of the phases of rows, ``(b, rows, 2**n)``."""
        if self.signs is not None:
            gradient = self.signs.gather(gradient.transpose(0, 1), span(rows)).transpose(0, 1)
        self.gathered.add(rows, gradient)


class Noted:
    """G and psi between the turns and the phases of stages, kept while small: gathered together."""

    def __init__(self, turns: dict[bool, Turns], phases: dict[bool, Phases]) -> None:
        self.kinds = (("turn", turns), ("phase", phases))
        self.wanted = True  # whether gradients of angles are
        self._pairs: list[tuple[Stage, Tensor, Tensor]] = []

    def note(self, stage: Stage, gradient: Tensor, state: Tensor) -> None:
        """Keep the pair of a stage, ``(B, 2**n, r)``; the adjoint meets the last stage first."""
        if not self.wanted:
            return
        if self._pairs and self._pairs[0][1].shape != gradient.shape:
            self.flush()
        self._pairs.append((stage, gradient, state))
        if len(self._pairs) * gradient.numel() >= MOST_NOTED:
            self.flush()

    def flush(self) -> None:
        """Gather what is kept."""
        pairs = self._pairs[::-1]
        self._pairs.clear()
        if not pairs:
            return
        pair = [
            p[0].unsqueeze(1) if len(p) == 1 else torch.stack(p, 1)
            for p in ([q[1] for q in pairs], [q[2] for q in pairs])
        ]
        for kind, groups in self.kinds:
            rows = [getattr(stage, kind) for stage, _, _ in pairs]
            for shared, group in groups.items():
                places = [
                    i for i, row in enumerate(rows) if row is not None and row.shared == shared
                ]
                if places:
                    every = len(places) == len(rows)
                    mine = pair if every else [x[:, span(places)].contiguous() for x in pair]
                    group.note([rows[i].index for i in places], *mine)


class Realisation:
    """Turns and phases of both groups of a plan.

    Args:
        plan: the plan.
        weights: ``(n_weights,)``.
        inputs: ``(B, n_inputs)``.
        batch: B of the states that will be propagated.
        columns: their r.
        frugal: whether wide diagonals are made each time rather than kept.
    """

    def __init__(
        self,
        plan: Plan,
        weights: Tensor,
        inputs: Tensor,
        batch: int,
        columns: int,
        frugal: bool = False,
    ) -> None:
        self.plan, n = plan, plan.n_wires
        self.tables = tables_of(plan, weights)
        layouts, arguments = (
            self.tables.layouts,
            self.tables.weights.push(weights, self.tables.base),
        )
        n_shared = layouts[True].n_arguments
        self.turns: dict[bool, Turns] = {}
        self.phases: dict[bool, Phases] = {}
        for shared, layout in layouts.items():
            if not layout.n_arguments:
                continue
            if shared:
                mine = arguments[:n_shared].unsqueeze(0)
            else:
                mine = self.tables.inputs.push(inputs, arguments[n_shared:])
            turned, rows = layout.turn_arguments, len(layout.phases)
            sines = torch.sin(mine if layout.spread else mine[:, :turned])
            if turned:
                entries = sines[:, :turned].view(-1, layout.n_turns, n, 4)
                self.turns[shared] = Turns(entries, shared, blocks_of(n, columns, batch, shared))
            if layout.spread and rows:
                parts = sines[:, turned:].view(-1, rows, 2**n, 2)
                self.phases[shared] = Phases(shared, torch.view_as_complex(parts))
            elif rows:
                slots = mine[:, turned:].view(-1, rows, layout.phase_slots)
                signs = self.tables.signs[shared]
                self.phases[shared] = Phases(shared, None, slots, signs, keeps=not frugal)
        self.noted = Noted(self.turns, self.phases)

    def gradients(self, n_rows: int, needs_inputs: bool) -> tuple[Tensor, Tensor | None]:
        """Gradients of weights and of inputs, from what was noted."""
        self.noted.flush()
        tables, parts = self.tables, {}
        for shared, layout in tables.layouts.items():
            if layout.n_slots:
                batch = 1 if shared else n_rows
                parts[shared] = self._slots(shared, layout, batch)
        slots = [part[0] if shared else part.sum(0) for shared, part in parts.items()]
        of_weights = tables.slots_of_weights.pull(torch.cat(slots) if slots else tables.base[:0])
        if not needs_inputs:
            return of_weights, None
        if False not in parts:
            return of_weights, of_weights.new_zeros(n_rows, self.plan.n_inputs)
        return of_weights, tables.slots_of_inputs.pull(parts[False])

    def _slots(self, shared: bool, layout: Layout, batch: int) -> Tensor:
        """Gradients of all slots of a group, ``(b, slots)``."""
        like = self.tables.base
        found = []
        if layout.n_turns:
            turns = self.turns[shared].gathered
            found.append(turns.whole(batch, layout.n_turns, layout.n_wires, like))
        if layout.phases:
            phases = self.phases[shared].gathered
            found.append(phases.whole(batch, len(layout.phases), layout.phase_slots, like))
        return found[0] if len(found) == 1 else torch.cat(found, 1)
