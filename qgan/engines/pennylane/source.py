"""States as sources: their columns as vectors with weights, and factors that carry a gradient."""

from __future__ import annotations

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from qgan.states import States

__all__ = ["column_norms", "differentiable_factor", "weighted_columns"]


def weighted_columns(
    factor: Complex[Tensor, "B D r"],
) -> tuple[Complex[Tensor, "N D"], Float[Tensor, "B r"]]:
    """The columns of factors as normalised vectors with their weights.

    ``A A^dagger = sum_c w_c |c><c|``. A column of zeros becomes ``|0>`` of weight 0.

    Args:
        factor: ``(B, D, r)``.

    Returns:
        Vectors ``(B * r, D)`` and weights ``(B, r)``.
    """
    rows = factor.transpose(1, 2)
    weights = (rows.real**2 + rows.imag**2).sum(-1)
    empty = weights == 0
    norms = torch.where(empty, torch.ones_like(weights), weights).sqrt()
    basis = torch.zeros_like(rows)
    basis[..., 0] = 1
    vectors = torch.where(empty.unsqueeze(-1), basis, rows / norms.unsqueeze(-1))
    return vectors.reshape(-1, factor.shape[1]), weights


def column_norms(weights: Float[Tensor, "B r"]) -> Float[Tensor, "B r"]:
    """The norms of columns: the roots of their weights.

    The gradient at a weight of 0 is 0 rather than infinite, since no change of a column of zeros
    moves ``|c><c|`` to first order.
    """
    empty = weights == 0
    norms = torch.where(empty, torch.ones_like(weights), weights).sqrt()
    return torch.where(empty, torch.zeros_like(norms), norms)


def differentiable_factor(states: States) -> Complex[Tensor, "B D r"]:
    """A factor that carries the first-order gradient of the density matrix.

    ``A = A_0 + (1 - P/2) (rho - rho_0) B``, with ``B = A_0 (A_0^dagger A_0)^{-1}`` on the support
    and ``P = A_0 B^dagger`` its projector, so that ``dA A_0^dagger + A_0 dA^dagger`` is ``drho``
    but for the block outside the support, which vanishes to first order for positive ``rho``.
    Eigenvalues below 1e-10 count as outside.

    Args:
        states: states; those made of a density matrix have orthogonal columns without gradient.

    Returns:
        The factor itself where it carries the gradient already, else ``A``.
    """
    rho, factor = states.density_matrix(), states.factor
    if factor.requires_grad or not rho.requires_grad:
        return factor
    values = (factor.real**2 + factor.imag**2).sum(1, keepdim=True)
    inverse = torch.where(values > 1e-10, 1 / values.clamp_min(1e-10), torch.zeros_like(values))
    dual = factor * inverse
    change = (rho - rho.detach()) @ dual
    return factor + change - factor @ (dual.mH @ change) / 2
