"""One pass through a plan: its steps forwards, and the adjoint back through them."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from qgan.engines.batched.plan import Plan
from qgan.engines.batched.torch_ops.angles import PlanAtAngles
from qgan.engines.batched.torch_ops.program import steps_of
from qgan.engines.batched.torch_ops.stages import ProductStep

__all__ = ["Arguments", "Grads", "Pass"]

MOST_TAPED = 2**30  # bytes of a tape; beyond, the backward pass takes the final states back instead

Arguments = tuple[Tensor, Tensor, Tensor | None]
"""Weights, inputs and start."""

Grads = tuple[Tensor | None, Tensor | None, Tensor | None]
"""The gradients of weights, inputs and start, where they are needed."""


class Pass:
    """One pass through a plan: the final states, and what the adjoint needs.

    Args:
        plan: the plan.
        arguments: weights, inputs and start, as :func:`run_in_torch` takes them.
        low_memory: whether no states are taped.
        keeps: whether there will be a backward pass.
    """

    def __init__(self, plan: Plan, arguments: Arguments, low_memory: bool, keeps: bool) -> None:
        weights, inputs, start = arguments
        batch = len(inputs) if plan.per_sample or start is not None else 1
        columns = 1 if start is None else start.shape[-1]
        size = batch * 2**plan.n_wires * columns * 2 * weights.element_size()
        tapes = not (low_memory or len(plan.stages) * size > MOST_TAPED)
        self.n_samples = len(inputs)
        self.takes_back = not tapes
        self.at = PlanAtAngles(plan, weights, inputs, batch, columns, keeps_diagonals=tapes)
        self.steps = steps_of(plan, batch, columns, start is None, merges=tapes)
        self.tape: list[Tensor] | None = [] if keeps and tapes else None
        if start is not None:
            state = start.resolve_conj().contiguous()
        elif self.steps and isinstance(self.steps[0], ProductStep):
            state = self.steps[0].begin(self.at, batch)
        else:
            state = _zero(plan, batch, weights)
        for step in self.steps:
            state = step.forward(self.at, state, self.tape)
        self.final = state

    def adjoint(self, gradient: Tensor, final: Tensor | None, needs: Sequence[bool]) -> Grads:
        """The gradients of weights, inputs and start, as far as they are needed.

        Args:
            gradient: G at the end, ``(B, 2**n, r)``.
            final: the final states if they are taken back, None if the tape has the states.
            needs: which of the three gradients are needed.
        """
        needs_weights, needs_inputs, needs_start = needs
        self.at.pending.needed = needs_weights or needs_inputs
        gradient, state = gradient.resolve_conj().contiguous(), final
        tape = list(self.tape or ())
        for step in reversed(self.steps):
            gradient, state = step.backward(self.at, gradient, state, tape)
        of_weights = of_inputs = None
        if self.at.pending.needed:
            of_weights, of_inputs = self.at.gradients(self.n_samples, needs_inputs)
        return of_weights, of_inputs, gradient if needs_start else None


def _zero(plan: Plan, batch: int, like: Tensor) -> Tensor:
    """``|0..0>``, complex ``(B, 2**n, 1)``."""
    state = like.new_zeros(batch, 2**plan.n_wires, 1, dtype=like.dtype.to_complex())
    state[:, 0] = 1.0
    return state
