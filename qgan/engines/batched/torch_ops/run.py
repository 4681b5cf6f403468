"""A batch of states through a plan by operations of torch, as one function of autograd."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from qgan.engines.batched.plan import FIRST_ONLY, INSTEAD, Plan
from qgan.engines.batched.torch_ops.graphs import GraphPass, graph_pass
from qgan.engines.batched.torch_ops.passes import Pass
from qgan.engines.refusal import differentiable_once

__all__ = ["run_in_torch"]


def run_in_torch(
    plan: Plan, weights: Tensor, inputs: Tensor, start: Tensor | None, low_memory: bool = False
) -> Tensor:
    """Apply the plan; differentiable once, by the adjoint method.

    On CUDA a pass that comes back with the same shapes is captured and replayed as a graph.

    Args:
        plan: the plan.
        weights: real ``(n_weights,)``.
        inputs: real ``(B, n_inputs)`` in the same precision.
        start: complex ``(B, 2**n, r)``; None is ``|0..0>``.
        low_memory: whether no states are kept for the backward pass, which then takes the final
            ones back.

    Returns:
        Complex ``(B, 2**n, r)``; with batch 1 if nothing differs between samples.
    """
    result: Tensor = _InTorch.apply(plan, weights, inputs, start, low_memory)
    return result


class _InTorch(torch.autograd.Function):
    """The states at the end of a plan: a pass, or its graph on CUDA."""

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
        arguments = (weights, inputs, start)
        graph = None if low_memory else graph_pass(plan, arguments, needs)
        if graph is not None:
            ctx.owner = object()
            state = graph.forward(ctx.owner, arguments)
            ctx.save_for_backward(*arguments, None)
            ctx.forward_pass = graph
            return state
        forward_pass = Pass(plan, arguments, low_memory, any(needs))
        state = forward_pass.final
        del forward_pass.final  # ctx would hold what holds ctx
        if any(needs):
            ctx.save_for_backward(*arguments, state if forward_pass.takes_back else None)
            ctx.forward_pass = forward_pass
        return state

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Any, ...]:
        *arguments, final = ctx.saved_tensors
        forward_pass, needs = ctx.forward_pass, ctx.needs_input_grad[1:4]
        with torch.no_grad():
            if isinstance(forward_pass, GraphPass):
                grads = forward_pass.adjoint(ctx.owner, tuple(arguments), gradient)
            else:
                grads = forward_pass.adjoint(gradient, final, needs)
        refused = differentiable_once(grads, (gradient, *arguments), FIRST_ONLY, INSTEAD)
        return (None, *refused, None)
