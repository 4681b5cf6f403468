"""Runs: parts of a plan that are carried out alike, forwards and by the adjoint backwards.

G is the gradient of a real loss with respect to a state, dL = Re sum conj(G) dpsi. Backwards each
run turns G at its end into G at its beginning and notes what its angles gather on the way.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from qgan.engines.batched.blocks import (
    CALL,
    MULTIPLY,
    PASS,
    Block,
    apply_block,
    block_gradient,
    shared_columns,
    shared_cost,
)
from qgan.engines.batched.plan import Plan, Stage
from qgan.engines.batched.realise import Realisation

MOST_MERGED_WIRES = 6  # whole layers as single matrices: 4**n entries each


@runtime_checkable
class Run(Protocol):
    """A part of a plan."""

    def forward(self, at: Realisation, state: Tensor, tape: list[Tensor] | None) -> Tensor:
        """Apply it to ``(B, 2**n, r)``; the tape, if any, keeps what the adjoint needs."""

    def backward(
        self, at: Realisation, gradient: Tensor, state: Tensor | None, tape: list[Tensor]
    ) -> tuple[Tensor, Tensor | None]:
        """The gradient (and, where none was taped, the state) at its beginning."""


class Product:
    """The first turn, on |0..0>: a tensor product of vectors, and no matrix."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.rest = StageRun(stage)

    def forward(self, at: Realisation, state: Tensor, tape: list[Tensor] | None) -> Tensor:
        """Of the state |0..0> only the shape is read."""
        turn, phase = self.stage.turn, self.stage.phase
        assert turn is not None
        vector = at.turns[turn.shared].vector(turn.index)
        if phase is None:
            made = vector.to(state.dtype)
        else:
            made = at.phases[phase.shared].diagonal(phase.index) * vector
        return made.unsqueeze(-1).expand(len(state), -1, -1).contiguous()

    def backward(
        self, at: Realisation, gradient: Tensor, state: Tensor | None, tape: list[Tensor]
    ) -> tuple[Tensor, Tensor | None]:
        """Nothing lies before it."""
        turn = self.stage.turn
        assert turn is not None
        after = at.turns[turn.shared].vector(turn.index).to(gradient.dtype).unsqueeze(-1)
        self.rest.note(at, gradient, after.expand_as(gradient).contiguous())
        return gradient, None


class StageRun:
    """One stage, on every state: turns by blocks, a phase, or a fixed matrix."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage

    def forward(self, at: Realisation, state: Tensor, tape: list[Tensor] | None) -> Tensor:
        """Turn, then phase; the state between them is taped."""
        turn, phase, fixed = self.stage.turn, self.stage.phase, self.stage.fixed
        if fixed is not None:
            return apply_matrix(fixed.matrix.to(state), fixed.wires, state)
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
        self, at: Realisation, gradient: Tensor, state: Tensor | None, tape: list[Tensor]
    ) -> tuple[Tensor, Tensor | None]:
        """A state that is given is led back too; else the taped one is read."""
        turn, phase, fixed = self.stage.turn, self.stage.phase, self.stage.fixed
        if fixed is not None:
            matrix = fixed.matrix.to(gradient).mH
            back = None if state is None else apply_matrix(matrix, fixed.wires, state)
            return apply_matrix(matrix, fixed.wires, gradient), back
        taped = state is None
        between = tape.pop() if state is None else state
        if phase is not None and not taped:
            between = between * at.phases[phase.shared].adjoint(phase.index)[0].unsqueeze(-1)
        gradient = self.note(at, gradient, between)
        if turn is not None:
            for block, matrix in at.turns[turn.shared].matrices(turn.index, turn.wires):
                gradient = apply_block(matrix.mT, block, gradient)
                between = between if taped else apply_block(matrix.mT, block, between)
        return gradient, None if taped else between

    def note(self, at: Realisation, gradient: Tensor, state: Tensor) -> Tensor:
        """Note the gradients of a stage's angles; returns G between its turn and its phase.

        Args:
            gradient: after the phase.
            state: between turn and phase.
        """
        turn, phase = self.stage.turn, self.stage.phase
        if phase is not None:
            conjugate, rotated = (
                d.unsqueeze(-1) for d in at.phases[phase.shared].adjoint(phase.index)
            )
            if at.noting:
                share = _phase_gradient(gradient * rotated, state, phase.shared)
                at.phases[phase.shared].add_gradient(phase.index, share.unsqueeze(0))
            gradient = gradient * conjugate
        if turn is not None and at.noting:
            turns = at.turns[turn.shared]
            for block in turns.blocks:
                if any(block.first <= wire < block.first + block.width for wire in turn.wires):
                    found = block_gradient(block, turn.shared, gradient, state)
                    turns.add_gradient(turn.index, block, found.unsqueeze(0))
        return gradient


def _phase_gradient(rotated: Tensor, state: Tensor, shared: bool) -> Tensor:
    """Of exp(i phi): dL/dphi = Im(G conj(psi)) = Re(conj(psi) (-i G)), with -i G given."""
    product = torch.view_as_real(rotated) * torch.view_as_real(state)
    if shared and len(product) > 1:
        product = product.sum(0, keepdim=True)
    return product.flatten(2).sum(-1)


class Merged:
    """Shared stages as one matrix each, multiplied together first where the batch is large.

    Args:
        stages: with a shared turn and a shared phase each.
        n_wires: n.
        first: whether the product of all stages meets the batch, rather than each stage.
    """

    def __init__(self, stages: tuple[Stage, ...], n_wires: int, first: bool) -> None:
        turns = [stage.turn.index for stage in stages if stage.turn is not None]
        phases = [stage.phase.index for stage in stages if stage.phase is not None]
        self.turns = slice(turns[0], turns[-1] + 1)
        self.phases = slice(phases[0], phases[-1] + 1)
        self.length = len(stages)
        self.block = Block(0, n_wires)
        self.first = first

    def forward(self, at: Realisation, state: Tensor, tape: list[Tensor] | None) -> Tensor:
        """Columns of states, or of the unit matrix, through each layer's matrix."""
        matrices = self._matrices(at)
        layers = matrices.unbind()
        chain = [layers[0]] if self.first else [_columns(state)]
        for matrix in layers[1:] if self.first else layers:
            chain.append(torch.mm(matrix, chain[-1]))
        if tape is not None:
            tape.append(matrices)
            tape.append(torch.stack(chain if self.first else chain[1:]))
            if self.first:
                tape.append(state)
        if self.first:
            return _apply(chain[-1], state)
        return _states(chain[-1], state.shape)

    def backward(
        self, at: Realisation, gradient: Tensor, state: Tensor | None, tape: list[Tensor]
    ) -> tuple[Tensor, Tensor | None]:
        """The adjoint of each layer, then the gradients of all layers together."""
        before = tape.pop() if self.first else None
        after, matrices = tape.pop(), tape.pop()
        adjoints = matrices.mH.resolve_conj().unbind()
        shape, back = gradient.shape, gradient
        if before is not None:
            back = _apply(after[-1].mH, gradient)
            here = _columns(gradient) @ _columns(before).mH
        else:
            here = _columns(gradient)
        found = [here]
        for layer in range(self.length - 1, 0, -1):
            found.append(torch.mm(adjoints[layer], found[-1]))
        if at.noting:
            self._note(at, torch.stack(found[::-1]) @ after.mH)
        if before is None:
            back = _states(adjoints[0] @ found[-1], shape)
        return back, None

    def _matrices(self, at: Realisation) -> Tensor:
        diagonals = at.phases[True].diagonals(self.phases)[:, 0]
        return diagonals.unsqueeze(-1) * at.turns[True].whole(self.turns)

    def _note(self, at: Realisation, overlap: Tensor) -> None:
        """From ``R = G psi^dagger`` after each layer, ``(layers, 2**n, 2**n)``."""
        diagonals = at.phases[True].diagonals(self.phases)[:, 0]
        phases = overlap.diagonal(dim1=1, dim2=2).imag.unsqueeze(1)
        at.phases[True].add_gradient(self.phases.start, phases)
        unphased = overlap * (diagonals.conj().unsqueeze(-1) * diagonals.unsqueeze(-2))
        at.turns[True].add_gradient(self.turns.start, self.block, unphased.real.unsqueeze(1))


class Together:
    """Shared stages on the whole batch as columns of one state: fewer and larger products."""

    def __init__(self, stages: tuple[Stage, ...]) -> None:
        self.runs = [StageRun(stage) for stage in stages]

    def forward(self, at: Realisation, state: Tensor, tape: list[Tensor] | None) -> Tensor:
        """``(B, 2**n, r)`` as ``(1, 2**n, B r)``, and back."""
        shape, state = state.shape, _columns(state).contiguous().unsqueeze(0)
        for run in self.runs:
            state = run.forward(at, state, tape)
        return _states(state, shape)

    def backward(
        self, at: Realisation, gradient: Tensor, state: Tensor | None, tape: list[Tensor]
    ) -> tuple[Tensor, Tensor | None]:
        """The same the other way."""
        shape, gradient = gradient.shape, _columns(gradient).contiguous().unsqueeze(0)
        state = None if state is None else _columns(state).contiguous().unsqueeze(0)
        for run in reversed(self.runs):
            gradient, state = run.backward(at, gradient, state, tape)
        return _states(gradient, shape), None if state is None else _states(state, shape)


def _apply(matrix: Tensor, state: Tensor) -> Tensor:
    """A matrix on all wires of ``(B, 2**n, r)``."""
    if state.shape[-1] == 1:
        return torch.mm(state.squeeze(-1), matrix.T).unsqueeze(-1)
    return torch.matmul(matrix, state)


def _columns(state: Tensor) -> Tensor:
    """``(B, 2**n, r)`` as ``(2**n, B r)``."""
    return state.squeeze(-1).T if state.shape[-1] == 1 else state.transpose(0, 1).flatten(1)


def _states(columns: Tensor, shape: torch.Size) -> Tensor:
    """The way back; contiguous."""
    return columns.view(shape[1], shape[0], shape[2]).transpose(0, 1).contiguous()


def program(
    plan: Plan, batch: int, columns: int, from_zero: bool, merges: bool = True
) -> tuple[Run, ...]:
    """The runs of a plan, chosen by cost for a batch of states of that many columns."""
    key = (batch, columns, from_zero, merges)
    if key not in plan.programs:
        plan.programs[key] = _program(plan, *key)
    found: tuple[Run, ...] = plan.programs[key]
    return found


def _program(
    plan: Plan, batch: int, columns: int, from_zero: bool, merges: bool
) -> tuple[Run, ...]:
    runs: list[Run] = []
    stages = list(plan.stages)
    if from_zero:
        while stages and stages[0].turn is None and stages[0].fixed is None:
            stages.pop(0)  # a phase of |0..0> is a global one
        if stages and stages[0].turn is not None:
            runs.append(Product(stages.pop(0)))
    while stages:
        count = next((i for i, stage in enumerate(stages) if not _mergeable(stage)), len(stages))
        n = plan.n_wires
        if (
            merges
            and count
            and _merged_cost(n, count, batch * columns) < count * _stage_cost(n, columns, batch)
        ):
            runs.append(Merged(tuple(stages[:count]), n, first=batch * columns > 2**n))
            stages = stages[count:]
        else:
            count = next((i for i, stage in enumerate(stages) if not stage.shared), len(stages))
            if count and shared_columns(n, columns, batch) != columns:
                runs.append(Together(tuple(stages[:count])))
            else:
                runs.extend(StageRun(stage) for stage in stages[: max(1, count)])
            stages = stages[max(1, count) :]
    return tuple(runs)


def _mergeable(stage: Stage) -> bool:
    both = stage.turn is not None and stage.phase is not None
    return both and stage.shared


def _merged_cost(n_wires: int, count: int, columns: int) -> float:
    if n_wires > MOST_MERGED_WIRES:
        return float("inf")
    size: int = 2**n_wires
    first = columns > size
    product = 8 * size**2 * MULTIPLY
    each = CALL + product * min(columns, size) + size**2 * 10 * PASS
    return count * each + (CALL + product * columns if first else 0.0)


def _stage_cost(n_wires: int, columns: int, batch: int) -> float:
    numbers: int = batch * columns * 2**n_wires
    turns = min(shared_cost(n_wires, columns, batch), shared_cost(n_wires, columns * batch, 1))
    return turns + 2 * CALL + numbers * 3 * PASS


def apply_matrix(matrix: Tensor, wires: tuple[int, ...], state: Tensor) -> Tensor:
    """Apply a matrix to any wires of ``state`` (B, 2**n, r)."""
    n = state.shape[1].bit_length() - 1
    rest = [q for q in range(n) if q not in wires]
    order = [0, *(w + 1 for w in wires), *(q + 1 for q in rest), n + 1]
    tensor = state.reshape(state.shape[0], *(2,) * n, state.shape[2]).permute(order)
    columns = 2 ** len(rest) * state.shape[2]
    moved = matrix @ tensor.reshape(state.shape[0], 2 ** len(wires), columns)
    back = torch.argsort(torch.tensor(order)).tolist()
    return moved.reshape(tensor.shape).permute(back).reshape(state.shape).contiguous()
