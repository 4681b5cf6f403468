"""Diff methods that have a first derivative only, and refuse a second one."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from qgan.engines.refusal import differentiable_once

__all__ = ["FirstDerivativeOnly"]


class FirstDerivativeOnly(torch.autograd.Function):
    """Identity on angles whose gradients refuse to be differentiated again.

    PennyLane's adjoint and parameter-shift give a first derivative outside autograd's graph; a
    second one would otherwise be lost without a word.
    """

    @staticmethod
    def forward(ctx: Any, *angles: Tensor) -> tuple[Tensor, ...]:
        """Return the angles as they are."""
        ctx.save_for_backward(*angles)
        views = tuple(entry.view_as(entry) for entry in angles)
        fixed = [v for v, needs in zip(views, ctx.needs_input_grad, strict=True) if not needs]
        ctx.mark_non_differentiable(*fixed)  # else PennyLane would differentiate all of them
        return views

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients, linked to the refusal while a graph of them is being built."""
        return differentiable_once(
            grads,
            ctx.saved_tensors,
            "adjoint and parameter-shift give the first only",
            "use backprop on default.qubit, or a penalty in view space",
        )
