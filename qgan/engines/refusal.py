"""A second derivative of a circuit is refused rather than silently wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from qgan import errors

__all__ = ["differentiable_once"]


def differentiable_once(
    grads: Sequence[Tensor | None], sources: Sequence[Tensor | None], why: str, instead: str
) -> tuple[Tensor | None, ...]:
    """Gradients that refuse to be differentiated, wherever a graph of them is being built.

    Args:
        grads: the gradients that a backward pass returns.
        sources: the tensors that these gradients are functions of.
        why: why there is no second derivative.
        instead: what to do instead.

    Returns:
        The same gradients, linked to the refusal if a graph is being built.
    """
    if not torch.is_grad_enabled():
        return tuple(grads)
    tensors = [source for source in sources if source is not None]
    return tuple(None if g is None else _Refusal.apply(why, instead, g, *tensors) for g in grads)


class _Refusal(torch.autograd.Function):
    """A gradient as a function of all it depends on, which raises when it is differentiated."""

    @staticmethod
    def forward(ctx: Any, why: str, instead: str, grad: Tensor, *sources: Tensor) -> Tensor:
        ctx.reason = why, instead
        return grad.view_as(grad)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        raise errors.unsupported("Second derivative of a circuit", *ctx.reason)
