"""A plan at given angles: the turns and phases that its angles make, and the gradients of these."""

from __future__ import annotations

import torch
from torch import Tensor

from qgan.engines.batched.plan import AngleRow, Plan, Stage
from qgan.engines.batched.torch_ops.blocks import blocks_of
from qgan.engines.batched.torch_ops.gathering import span
from qgan.engines.batched.torch_ops.layout import Layout
from qgan.engines.batched.torch_ops.phases import Phases
from qgan.engines.batched.torch_ops.slots import tables_of
from qgan.engines.batched.torch_ops.turns import Turns

__all__ = ["Pending", "PlanAtAngles"]

MOST_PENDING = 2**16  # amplitudes that wait to be gathered together


class Pending:
    """G and psi between the turn and the phase of stages, from which gradients are gathered.

    Small ones wait, so that the gradients of many stages are gathered in one call.

    Args:
        turns: the turns of both groups.
        phases: the phases of both groups.
    """

    def __init__(self, turns: dict[bool, Turns], phases: dict[bool, Phases]) -> None:
        self.turns, self.phases = turns, phases
        self.needed = True  # whether angles need gradients
        self._pairs: list[tuple[Stage, Tensor, Tensor]] = []

    def note(self, stage: Stage, gradient: Tensor, state: Tensor) -> None:
        """Take G and psi of a stage, ``(B, 2**n, r)``; the adjoint begins with the last stage."""
        if not self.needed:
            return
        if self._pairs and self._pairs[0][1].shape != gradient.shape:
            self.flush()
        self._pairs.append((stage, gradient, state))
        if len(self._pairs) * gradient.numel() >= MOST_PENDING:
            self.flush()

    def flush(self) -> None:
        """Gather the gradients of all stages that wait."""
        pairs = self._pairs[::-1]
        self._pairs.clear()
        if not pairs:
            return
        gradient, state = (
            tensors[0].unsqueeze(1) if len(tensors) == 1 else torch.stack(tensors, 1)
            for tensors in ([pair[1] for pair in pairs], [pair[2] for pair in pairs])
        )
        self._gather([stage.turn for stage, _, _ in pairs], self.turns, gradient, state)
        self._gather([stage.phase for stage, _, _ in pairs], self.phases, gradient, state)

    def _gather(
        self,
        rows: list[AngleRow | None],
        groups: dict[bool, Turns] | dict[bool, Phases],
        gradient: Tensor,
        state: Tensor,
    ) -> None:
        """Hand G and psi, ``(B, rows, 2**n, r)``, to the groups of the rows."""
        for shared, group in groups.items():
            members = [
                (place, row.index)
                for place, row in enumerate(rows)
                if row is not None and row.shared == shared
            ]
            if len(members) == len(rows):
                group.note([index for _, index in members], gradient, state)
            elif members:
                places = span([place for place, _ in members])
                parts = (gradient[:, places].contiguous(), state[:, places].contiguous())
                group.note([index for _, index in members], *parts)


class PlanAtAngles:
    """The turns and phases of both groups of a plan, at given weights and inputs.

    Args:
        plan: the plan.
        weights: ``(n_weights,)``.
        inputs: ``(B, n_inputs)``.
        batch: the batch of the states that the plan acts on: B, or 1 where nothing differs.
        columns: r of these states.
        keeps_diagonals: whether wide diagonals are kept for the backward pass, or made again.
    """

    def __init__(
        self,
        plan: Plan,
        weights: Tensor,
        inputs: Tensor,
        batch: int,
        columns: int,
        keeps_diagonals: bool = True,
    ) -> None:
        self.plan, n = plan, plan.n_wires
        self.tables = tables_of(plan, weights)
        layouts = self.tables.layouts
        of_both = self.tables.weights.push(weights, self.tables.base)
        n_shared = layouts[True].n_arguments
        self.turns: dict[bool, Turns] = {}
        self.phases: dict[bool, Phases] = {}
        for shared, layout in layouts.items():
            if not layout.n_arguments:
                continue
            if shared:
                arguments = of_both[:n_shared].unsqueeze(0)
            else:
                arguments = self.tables.inputs.push(inputs, of_both[n_shared:])
            first, rows = layout.turn_arguments, len(layout.phases)  # phases follow the turns
            sines = torch.sin(arguments if layout.spread else arguments[:, :first])
            if first:
                entries = sines[:, :first].view(-1, layout.n_turns, n, 4)
                self.turns[shared] = Turns(entries, shared, blocks_of(n, columns, batch, shared))
            if layout.spread and rows:
                pairs = sines[:, first:].view(-1, rows, 2**n, 2)
                self.phases[shared] = Phases(shared, torch.view_as_complex(pairs))
            elif rows:
                slots = arguments[:, first:].view(-1, rows, layout.phase_slots)
                signs = self.tables.signs[shared]
                self.phases[shared] = Phases(shared, None, slots, signs, keeps=keeps_diagonals)
        self.pending = Pending(self.turns, self.phases)

    def gradients(self, n_samples: int, needs_inputs: bool) -> tuple[Tensor, Tensor | None]:
        """The gradients of weights and of inputs, from all that was noted.

        Args:
            n_samples: B of the inputs.
            needs_inputs: whether the inputs need theirs.
        """
        self.pending.flush()
        tables, of_groups = self.tables, {}
        for shared, layout in tables.layouts.items():
            if layout.n_slots:
                of_groups[shared] = self._of_slots(shared, layout, 1 if shared else n_samples)
        of_slots = [of[0] if shared else of.sum(0) for shared, of in of_groups.items()]
        both = torch.cat(of_slots) if of_slots else tables.base[:0]
        of_weights = tables.slots_of_weights.pull(both)
        if not needs_inputs:
            return of_weights, None
        if False not in of_groups:
            return of_weights, of_weights.new_zeros(n_samples, self.plan.n_inputs)
        return of_weights, tables.slots_of_inputs.pull(of_groups[False])

    def _of_slots(self, shared: bool, layout: Layout, batch: int) -> Tensor:
        """The gradients of all slots of a group, ``(b, slots)``, turns first."""
        like, kinds = self.tables.base, []
        if layout.n_turns:
            turns = self.turns[shared].gathered
            kinds.append(turns.whole(batch, layout.n_turns, layout.n_wires, like))
        if layout.phases:
            phases = self.phases[shared].gathered
            kinds.append(phases.whole(batch, len(layout.phases), layout.phase_slots, like))
        return kinds[0] if len(kinds) == 1 else torch.cat(kinds, 1)
