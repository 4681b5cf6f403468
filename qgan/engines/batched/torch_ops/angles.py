"""A plan at given angles: matrices of its turns, diagonals of its phases, and the way back."""

from __future__ import annotations

import torch
from torch import Tensor

from qgan.engines.batched.plan import Plan, Stage
from qgan.engines.batched.torch_ops.blocks import blocks_of
from qgan.engines.batched.torch_ops.gathering import span
from qgan.engines.batched.torch_ops.layout import Layout
from qgan.engines.batched.torch_ops.phases import Phases
from qgan.engines.batched.torch_ops.slots import tables_of
from qgan.engines.batched.torch_ops.turns import Turns

MOST_PENDING = 2**16  # amplitudes that wait to be gathered together


class Pending:
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
        if len(self._pairs) * gradient.numel() >= MOST_PENDING:
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


class PlanAtAngles:
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
        self.pending = Pending(self.turns, self.phases)

    def gradients(self, n_rows: int, needs_inputs: bool) -> tuple[Tensor, Tensor | None]:
        """Gradients of weights and of inputs, from what was noted."""
        self.pending.flush()
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
