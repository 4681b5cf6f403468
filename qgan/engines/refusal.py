"""A second derivative of a circuit is refused rather than silently wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from qgan import errors


def differentiable_once(
    grads: Sequence[Tensor | None], sources: Sequence[Tensor | None], why: str, instead: str
) -> tuple[Tensor | None, ...]:
    """Gradients which, where a graph of them is being made, refuse to be differentiated.

    Args:
        grads: what a backward pass gives.
        sources: what the gradients are functions of.
        why: the reason.
        instead: what to do.
    """
    if not torch.is_grad_enabled():
        return tuple(grads)
    there = [source for source in sources if source is not None]
    return tuple(None if g is None else _Refusal.apply(why, instead, g, *there) for g in grads)


class _Refusal(torch.autograd.Function):
    """A gradient as a function of all it depends on, that raises when it is differentiated."""

    @staticmethod
    def forward(ctx: Any, why: str, instead: str, grad: Tensor, *sources: Tensor) -> Tensor:
        ctx.told = why, instead
        return grad.view_as(grad)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        raise errors.unsupported("Second derivative of a circuit", *ctx.told)
