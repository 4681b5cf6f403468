"""Whole layers as single matrices, where states are small."""

from __future__ import annotations

import torch
from torch import Tensor

from qgan.engines.batched.blocks import Block
from qgan.engines.batched.plan import Stage
from qgan.engines.batched.realise import Realisation
from qgan.engines.batched.runs import columns_of, states_of


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
        chain = [layers[0]] if self.first else [columns_of(state)]
        for matrix in layers[1:] if self.first else layers:
            chain.append(torch.mm(matrix, chain[-1]))
        if tape is not None:
            tape.append(matrices)
            tape.append(torch.stack(chain if self.first else chain[1:]))
            if self.first:
                tape.append(state)
        if self.first:
            return _apply(chain[-1], state)
        return states_of(chain[-1], state.shape)

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
            here = columns_of(gradient) @ columns_of(before).mH
        else:
            here = columns_of(gradient)
        found = [here]
        for layer in range(self.length - 1, 0, -1):
            found.append(torch.mm(adjoints[layer], found[-1]))
        if at.noting:
            self._note(at, torch.stack(found[::-1]) @ after.mH)
        if before is None:
            back = states_of(adjoints[0] @ found[-1], shape)
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


def _apply(matrix: Tensor, state: Tensor) -> Tensor:
    """A matrix on all wires of ``(B, 2**n, r)``."""
    if state.shape[-1] == 1:
        return torch.mm(state.squeeze(-1), matrix.T).unsqueeze(-1)
    return torch.matmul(matrix, state)
