"""The Wright omega function with a gradient: the solution w of ``w + log w = x``."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

__all__ = ["log_and_inverse", "wright_omega"]


class _WrightOmega(torch.autograd.Function):
    """``omega(x)`` by scipy, with ``omega' = omega / (1 + omega)``, which is differentiable too."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        from scipy.special import wrightomega

        ctx.save_for_backward(x)
        return torch.as_tensor(wrightomega(x.detach().cpu().double().numpy())).to(x)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        omega = wright_omega(x)
        return gradients[0] * omega / (1 + omega)


def wright_omega(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Wright's omega of real numbers: ``omega + log omega = x``, so ``omega = W(e^x)``.

    Lambert's W overflows where ``e^x`` does; Wright's omega does not.

    Args:
        x: real numbers.

    Returns:
        Positive numbers (0 where double precision underflows), in the precision of ``x``.

    References:
        Corless and Jeffrey, The Wright omega function, LNCS 2385, 76 (2002).

    Example:
        >>> wright_omega(torch.tensor([1.0, -2000.0, 1e6]).double()).round(decimals=3).tolist()
        [1.0, 0.0, 999986.185]
    """
    result: Tensor = _WrightOmega.apply(x)
    return result


def log_and_inverse(
    x: Float[Tensor, "*shape"],
) -> tuple[Float[Tensor, "*shape"], Float[Tensor, "*shape"]]:
    """``log omega(x)`` and ``1 / omega(x)`` without cancellation or early overflow.

    For x below 1, where omega may underflow, the logarithm is ``x - omega``. For larger x, where
    that difference would cancel, it is the logarithm of omega itself.
    """
    omega = wright_omega(x)
    small = x < 1
    log = torch.where(small, x - omega, torch.where(small, 1.0, omega).log())
    return log, (-log).exp()
