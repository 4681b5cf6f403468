"""The steps of a program: stages that are carried out together, forwards and by the adjoint back.

G is the gradient of a real loss with respect to a state: dL = Re sum conj(G) dpsi. Backwards, each
step takes G from its end to its beginning, and notes on the way what the gradients of its angles
are gathered from.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from qgan.engines.batched.plan import Stage
from qgan.engines.batched.torch_ops.angles import PlanAtAngles
from qgan.engines.batched.torch_ops.fixed import apply_matrix
from qgan.engines.batched.torch_ops.turns import apply_block

__all__ = ["ColumnsStep", "ProductStep", "StageStep", "Step", "as_columns", "from_columns"]


@runtime_checkable
class Step(Protocol):
    """One or more stages of a plan."""

    def forward(self, at: PlanAtAngles, state: Tensor, tape: list[Tensor] | None) -> Tensor:
        """Apply the step to ``(B, 2**n, r)``; a tape takes the states that the adjoint needs."""

    def backward(
        self, at: PlanAtAngles, gradient: Tensor, state: Tensor | None, tape: list[Tensor]
    ) -> tuple[Tensor, Tensor | None]:
        """Take the gradient, and the state where none was taped, to the beginning of the step."""


class ProductStep:
    """The first stage, on ``|0..0>``: its turn makes a tensor product of vectors."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def begin(self, at: PlanAtAngles, batch: int) -> Tensor:
        """What the stage makes of ``|0..0>``, ``(B, 2**n, 1)``."""
        turn, phase = self.stage.turn, self.stage.phase
        assert turn is not None
        vector = at.turns[turn.shared].vector(turn.index)
        if phase is None:
            state = torch.complex(vector, torch.zeros_like(vector))
        else:
            state = at.phases[phase.shared].diagonal(phase.index) * vector
        return state.unsqueeze(-1).expand(batch, -1, -1).contiguous()

    def forward(self, at: PlanAtAngles, state: Tensor, tape: list[Tensor] | None) -> Tensor:
        """Return the state, which :meth:`begin` has made already."""
        return state

    def backward(
        self, at: PlanAtAngles, gradient: Tensor, state: Tensor | None, tape: list[Tensor]
    ) -> tuple[Tensor, Tensor | None]:
        """Note what the angles need; no step before this one needs a gradient."""
        turn, phase = self.stage.turn, self.stage.phase
        assert turn is not None
        if phase is not None:
            gradient = gradient * at.phases[phase.shared].adjoint(phase.index).unsqueeze(-1)
        between = at.turns[turn.shared].vector(turn.index).to(gradient.dtype).unsqueeze(-1)
        at.pending.note(self.stage, gradient, between.expand_as(gradient).contiguous())
        return gradient, None


class StageStep:
    """One stage on every state: a turn by blocks and a phase, or a fixed matrix."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def forward(self, at: PlanAtAngles, state: Tensor, tape: list[Tensor] | None) -> Tensor:
        """Apply the turn, then the phase; the tape takes the state between them."""
        turn, phase, fixed = self.stage.turn, self.stage.phase, self.stage.fixed
        if fixed is not None:
            return apply_matrix(fixed.like(state), fixed.wires, state)
        if turn is not None:
            for block, matrix in at.turns[turn.shared].matrices(turn.index, turn.wires):
                state = apply_block(matrix, block, state)
        if tape is not None:
            tape.append(state)
        if phase is None:
            return state
        diagonal = at.phases[phase.shared].diagonal(phase.index)
        return state * diagonal.unsqueeze(-1)

    def backward(
        self, at: PlanAtAngles, gradient: Tensor, state: Tensor | None, tape: list[Tensor]
    ) -> tuple[Tensor, Tensor | None]:
        """Take G back, and the state too if there is one; else the tape has the state."""
        turn, phase, fixed = self.stage.turn, self.stage.phase, self.stage.fixed
        if fixed is not None:
            matrix = fixed.like(gradient).mH
            back = None if state is None else apply_matrix(matrix, fixed.wires, state)
            return apply_matrix(matrix, fixed.wires, gradient), back
        between = tape.pop() if state is None else state
        if phase is not None:
            conjugate = at.phases[phase.shared].adjoint(phase.index).unsqueeze(-1)
            gradient = gradient * conjugate
            between = between if state is None else between * conjugate
        at.pending.note(self.stage, gradient, between)
        if turn is not None:
            for block, matrix in at.turns[turn.shared].matrices(turn.index, turn.wires):
                gradient = apply_block(matrix.mT, block, gradient)
                between = between if state is None else apply_block(matrix.mT, block, between)
        return gradient, None if state is None else between


class ColumnsStep:
    """Shared stages on the whole batch as columns of one factor: fewer and larger products."""

    def __init__(self, stages: tuple[Stage, ...]) -> None:
        self.steps = [StageStep(stage) for stage in stages]

    def forward(self, at: PlanAtAngles, state: Tensor, tape: list[Tensor] | None) -> Tensor:
        """Apply the stages to ``(B, 2**n, r)`` as ``(1, 2**n, B r)``."""
        shape, state = state.shape, as_columns(state).contiguous().unsqueeze(0)
        for step in self.steps:
            state = step.forward(at, state, tape)
        return from_columns(state, shape)

    def backward(
        self, at: PlanAtAngles, gradient: Tensor, state: Tensor | None, tape: list[Tensor]
    ) -> tuple[Tensor, Tensor | None]:
        """Take G and the state back through the stages, as columns too."""
        shape, gradient = gradient.shape, as_columns(gradient).contiguous().unsqueeze(0)
        state = None if state is None else as_columns(state).contiguous().unsqueeze(0)
        for step in reversed(self.steps):
            gradient, state = step.backward(at, gradient, state, tape)
        return from_columns(gradient, shape), None if state is None else from_columns(state, shape)


def as_columns(state: Tensor) -> Tensor:
    """States ``(B, 2**n, r)`` as columns ``(2**n, B r)``."""
    return state.squeeze(-1).T if state.shape[-1] == 1 else state.transpose(0, 1).flatten(1)


def from_columns(columns: Tensor, shape: torch.Size) -> Tensor:
    """Columns ``(2**n, B r)`` as states of a shape ``(B, 2**n, r)``, contiguous."""
    return columns.view(shape[1], shape[0], shape[2]).transpose(0, 1).contiguous()
