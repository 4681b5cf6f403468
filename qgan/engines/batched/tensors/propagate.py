"""Propagation of a batch of states through a plan in torch: one function of autograd."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from qgan.engines.batched.plan import FIRST_ONLY, INSTEAD, Plan
from qgan.engines.batched.tensors.realise import Realisation
from qgan.engines.batched.tensors.recorded import Recorded, recorded
from qgan.engines.batched.tensors.runs import Product
from qgan.engines.batched.tensors.schedule import program
from qgan.engines.refusal import differentiable_once

MOST_TAPED = 2**30  # bytes of kept states beyond which they are led back instead

Grads = tuple[Tensor | None, Tensor | None, Tensor | None]
"""Of weights, inputs and start."""


def propagate(
    plan: Plan, weights: Tensor, inputs: Tensor, start: Tensor | None, low_memory: bool = False
) -> Tensor:
    """Apply the plan; differentiable once, by the adjoint method.

    On CUDA a pass that comes back with the same shapes is recorded and replayed as a graph.

    Args:
        plan: the plan.
        weights: real ``(n_weights,)``.
        inputs: real ``(B, n_inputs)`` in the same precision.
        start: complex ``(B, 2**n, r)``; None is |0..0>.
        low_memory: keep no state for the backward pass, which then leads the final one back.

    Returns:
        Complex ``(B, 2**n, r)``; with batch 1 if nothing differs between samples.
    """
    result: Tensor = _Propagate.apply(plan, weights, inputs, start, low_memory)
    return result


class Pass:
    """One pass through a plan: the final states, and what the adjoint needs.

    Args:
        plan: the plan.
        given: weights, inputs and start, as of :func:`propagate`.
        low_memory: keep no state.
        keeps: whether there will be a backward pass.
    """

    def __init__(
        self,
        plan: Plan,
        given: tuple[Tensor, Tensor, Tensor | None],
        low_memory: bool,
        keeps: bool,
    ) -> None:
        weights, inputs, start = given
        batch = len(inputs) if plan.per_sample or start is not None else 1
        columns = 1 if start is None else start.shape[-1]
        size = batch * 2**plan.n_wires * columns * 2 * weights.element_size()
        self.n_rows = len(inputs)
        self.led_back = low_memory or len(plan.stages) * size > MOST_TAPED
        self.at = Realisation(plan, weights, inputs, batch, columns, frugal=self.led_back)
        self.runs = program(plan, batch, columns, start is None, merges=not self.led_back)
        self.tape: list[Tensor] | None = [] if keeps and not self.led_back else None
        if start is not None:
            state = start.resolve_conj().contiguous()
        elif self.runs and isinstance(self.runs[0], Product):
            state = self.runs[0].begin(self.at, batch)
        else:
            state = _zero(plan, batch, weights)
        for run in self.runs:
            state = run.forward(self.at, state, self.tape)
        self.final = state

    def adjoint(self, gradient: Tensor, final: Tensor | None, needs: Sequence[bool]) -> Grads:
        """Gradients of what is needed of weights, inputs and start; ``final`` where led back."""
        needs_weights, needs_inputs, needs_start = needs
        self.at.noted.wanted = needs_weights or needs_inputs
        gradient, state = gradient.resolve_conj().contiguous(), final
        tape = list(self.tape or ())
        for run in reversed(self.runs):
            gradient, state = run.backward(self.at, gradient, state, tape)
        of_weights = of_inputs = None
        if self.at.noted.wanted:
            of_weights, of_inputs = self.at.gradients(self.n_rows, needs_inputs)
        return of_weights, of_inputs, gradient if needs_start else None


class _Propagate(torch.autograd.Function):
    """Forward tapes the state within each stage; backward runs the adjoint through them."""

    @staticmethod
    def forward(
        ctx: Any,
        plan: Plan,
        weights: Tensor,
        inputs: Tensor,
        start: Tensor | None,
        low_memory: bool,
    ) -> Tensor:
        needs = ctx.needs_input_grad[1:4]
        given = (weights, inputs, start)
        graph = None if low_memory else recorded(plan, given, needs, Pass)
        if graph is not None:
            ctx.owner = object()
            state = graph.forward(ctx.owner, given)
            ctx.save_for_backward(*given, None)
            ctx.made = graph
            return state
        made = Pass(plan, given, low_memory, any(needs))
        state = made.final
        del made.final  # ctx would hold what holds ctx
        if any(needs):
            ctx.save_for_backward(*given, state if made.led_back else None)
            ctx.made = made
        return state

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
        *given, final = ctx.saved_tensors
        made, needs = ctx.made, ctx.needs_input_grad[1:4]
        with torch.no_grad():
            if isinstance(made, Recorded):
                grads = made.adjoint(ctx.owner, tuple(given), gradient)
            else:
                grads = made.adjoint(gradient, final, needs)
        return (None, *differentiable_once(grads, (gradient, *given), FIRST_ONLY, INSTEAD), None)


def _zero(plan: Plan, batch: int, like: Tensor) -> Tensor:
    """|0..0>, complex ``(B, 2**n, 1)``."""
    state = like.new_zeros(batch, 2**plan.n_wires, 1, dtype=like.dtype.to_complex())
    state[:, 0] = 1.0
    return state
