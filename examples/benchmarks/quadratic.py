"""What is quadratic in a state, from its factor, with gradients in closed form."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Complex, Float
from torch import Tensor


def squared_distance(
    factor: Complex[Tensor, "B D r"], operator: Complex[Tensor, "D D"]
) -> Float[Tensor, " B"]:
    """``||A A^dagger - O||_F^2`` to one Hermitian operator, which is taken as fixed.

    Args:
        factor: states as factors A.
        operator: O.

    Returns:
        Real values ``(B,)``; gradients go to the factor alone.

    Example:
        >>> zero = torch.tensor([1, 0], dtype=torch.complex128).reshape(1, 2, 1)
        >>> round(squared_distance(zero, torch.eye(2).to(zero) / 2).item(), 6)
        0.5
    """
    result: Tensor = _SquaredDistance.apply(factor.resolve_conj(), operator)
    return result


class _SquaredDistance(torch.autograd.Function):
    """``||A A^dagger - O||_F^2``, whose gradient is ``4 (A A^dagger - O) A``."""

    @staticmethod
    def forward(ctx: Any, factor: Tensor, operator: Tensor) -> Tensor:
        operator = operator.to(factor.dtype)
        turned = _apply(operator, factor)
        both = torch.baddbmm(turned, factor, torch.bmm(factor.mH, factor), beta=-2)
        ctx.save_for_backward(factor, operator)
        value = (torch.view_as_real(factor) * torch.view_as_real(both)).sum((1, 2, 3))
        ctx.slope = both.add_(turned) if ctx.needs_input_grad[0] else None
        return value.add_(torch.linalg.vector_norm(operator).square())

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        factor, operator = ctx.saved_tensors
        slope = ctx.slope
        if torch.is_grad_enabled():  # of the gradient too: as a function of the factor
            slope = factor @ (factor.mH @ factor) - _apply(operator, factor)
        return slope * (4 * gradient).reshape(-1, 1, 1), None


def _apply(operator: Complex[Tensor, "D D"], factor: Complex[Tensor, "B D r"]) -> Tensor:
    """``O A``: one product of matrices for the whole batch."""
    batch, dimension, rank = factor.shape
    columns = factor.transpose(0, 1).reshape(dimension, -1)
    return (operator @ columns).view(dimension, batch, rank).transpose(0, 1)
