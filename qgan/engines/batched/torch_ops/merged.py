"""Whole stages as single matrices, where states are small."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from qgan.engines.batched.plan import Stage
from qgan.engines.batched.torch_ops.angles import PlanAtAngles
from qgan.engines.batched.torch_ops.gathering import span
from qgan.engines.batched.torch_ops.stages import as_columns, from_columns
from qgan.engines.batched.torch_ops.turns import turn_generators

__all__ = ["MergedStep"]


class MergedStep:
    """Shared stages as one matrix each; where the batch is large, they are multiplied first.

    Args:
        stages: stages that have a shared turn and a shared phase each.
        n_wires: n.
        first: whether the matrices are multiplied with each other before they act on the states.
    """

    def __init__(self, stages: tuple[Stage, ...], n_wires: int, first: bool) -> None:
        turns = [stage.turn.index for stage in stages if stage.turn is not None]
        phases = [stage.phase.index for stage in stages if stage.phase is not None]
        self.turns = range(turns[0], turns[-1] + 1)
        self.phases = range(phases[0], phases[-1] + 1)
        self.n_wires = n_wires
        self.first = first

    def forward(self, at: PlanAtAngles, state: Tensor, tape: list[Tensor] | None) -> Tensor:
        """Take columns of states, or those of the unit matrix, through the matrix of each stage."""
        matrices = self._matrices(at)
        stages = matrices.unbind()
        chain = [stages[0]] if self.first else [as_columns(state)]
        for matrix in stages[1:] if self.first else stages:
            chain.append(torch.mm(matrix, chain[-1]))
        if tape is not None and self.first:
            unit = _unit(2**self.n_wires, matrices.dtype, matrices.device)
            tape += [matrices, torch.stack([unit, *chain]), state]
        elif tape is not None:
            tape += [matrices, torch.stack(chain)]
        if self.first:
            return _apply(chain[-1], state)
        return from_columns(chain[-1], state.shape)

    def backward(
        self, at: PlanAtAngles, gradient: Tensor, state: Tensor | None, tape: list[Tensor]
    ) -> tuple[Tensor, Tensor | None]:
        """Apply the adjoint of each stage, then gather the gradients of all stages together."""
        before = tape.pop() if self.first else None
        states, matrices = tape.pop(), tape.pop()
        adjoints = torch.conj_physical(matrices).mT.unbind()
        chain = [as_columns(gradient)]
        if before is not None:
            chain = [torch.mm(chain[0], torch.conj_physical(as_columns(before)).T)]
        for adjoint in reversed(adjoints):
            chain.append(torch.mm(adjoint, chain[-1]))
        if at.pending.needed:
            self._note(at, torch.bmm(torch.stack(chain[::-1]), torch.conj_physical(states).mT))
        if before is None:
            return from_columns(chain[-1], gradient.shape), None
        return _apply(torch.conj_physical(states[-1]).T, gradient), None

    def _matrices(self, at: PlanAtAngles) -> Tensor:
        diagonals = at.phases[True].diagonals(span(self.phases))[0]
        return diagonals.unsqueeze(-1) * at.turns[True].whole(span(self.turns))

    def _note(self, at: PlanAtAngles, overlaps: Tensor) -> None:
        """Gather gradients from ``G psi^dagger`` between stages, ``(stages + 1, 2**n, 2**n)``.

        A turn commutes with its own generator, so that its gradient can be read before it.
        """
        phases = overlaps[1:].diagonal(dim1=1, dim2=2).imag.unsqueeze(0)
        at.phases[True].add(self.phases, phases)
        correlations = overlaps[:-1].real.flatten(1)
        generators = turn_generators(self.n_wires, correlations.dtype, correlations.device)
        at.turns[True].gathered.add(self.turns, torch.mm(correlations, generators).unsqueeze(0))


@lru_cache(maxsize=16)
@torch.inference_mode(False)
def _unit(size: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    return torch.eye(size, dtype=dtype, device=device)


def _apply(matrix: Tensor, state: Tensor) -> Tensor:
    """Apply a matrix on all wires to ``(B, 2**n, r)``."""
    if state.shape[-1] == 1:
        return torch.mm(state.squeeze(-1), matrix.T).unsqueeze(-1)
    return torch.matmul(matrix, state)
