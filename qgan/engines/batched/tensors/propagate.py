"""Propagation of a batch of states through a plan in torch: one function of autograd."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from qgan.engines.batched.plan import Plan
from qgan.engines.batched.refusal import guarded
from qgan.engines.batched.tensors.realise import Realisation
from qgan.engines.batched.tensors.runs import Product
from qgan.engines.batched.tensors.schedule import program

MOST_TAPED = 2**30  # bytes of kept states beyond which they are led back instead


def propagate(
    plan: Plan, weights: Tensor, inputs: Tensor, start: Tensor | None, low_memory: bool = False
) -> Tensor:
    """Apply the plan; differentiable once, by the adjoint method.

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
        batch = len(inputs) if plan.per_sample or start is not None else 1
        columns = 1 if start is None else start.shape[-1]
        size = batch * 2**plan.n_wires * columns * 2 * weights.element_size()
        led_back = low_memory or len(plan.stages) * size > MOST_TAPED
        at = Realisation(plan, weights, inputs, batch, columns, frugal=led_back)
        runs = program(plan, batch, columns, start is None, merges=not led_back)
        keep = any(ctx.needs_input_grad)
        tape: list[Tensor] | None = [] if keep and not led_back else None
        if start is not None:
            state = start.resolve_conj().contiguous()
        elif runs and isinstance(runs[0], Product):
            state = runs[0].begin(at, batch)
        else:
            state = _zero(plan, batch, weights)
        for run in runs:
            state = run.forward(at, state, tape)
        if keep:
            ctx.save_for_backward(weights, inputs, start, state if led_back else None, *tape or ())
            ctx.context = (at, runs)
        return state

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
        with torch.no_grad():
            grads = _Propagate.adjoint(ctx, gradient)
        return (None, *guarded(grads, gradient, ctx.saved_tensors[:3]), None)

    @staticmethod
    def adjoint(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients of weights, inputs and start."""
        _, inputs, _, final, *tape = ctx.saved_tensors
        at, runs = ctx.context
        _, needs_weights, needs_inputs, needs_start, _ = ctx.needs_input_grad
        at.noted.wanted = needs_weights or needs_inputs
        gradient, state = gradient.resolve_conj().contiguous(), final
        for position in range(len(runs) - 1, -1, -1):
            gradient, state = runs[position].backward(at, gradient, state, tape)
        of_angles = at.gradients(len(inputs), needs_inputs) if at.noted.wanted else (None, None)
        return (*of_angles, gradient if needs_start else None)


def _zero(plan: Plan, batch: int, like: Tensor) -> Tensor:
    """|0..0>, complex ``(B, 2**n, 1)``."""
    state = like.new_zeros(batch, 2**plan.n_wires, 1, dtype=like.dtype.to_complex())
    state[:, 0] = 1.0
    return state
