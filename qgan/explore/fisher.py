"""How strongly each latent changes the state: the quantum Fisher information of z."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Complex, Float
from torch import Tensor

from qgan import errors
from qgan.explore.differentiable import slopes, smooth_states
from qgan.model import Model

__all__ = ["Sensitivity", "fisher_information", "sensitivity"]

LEAST_EIGENVALUE = 1e-9
"""Smaller eigenvalues of a density matrix are rounding errors and do not count for the rank."""
NEIGHBOUR = 1e-3
"""Distance along a latent at which the rank is compared with that of the point itself."""
LEAST_INFORMATION = 1e-10
"""Below this the state is taken not to depend on the latent."""


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """How strongly the state depends on its latents at P points.

    Args:
        information: quantum Fisher information matrices, ``(P, n_latent, n_latent)``.
        strengths: their eigenvalues, largest first, ``(P, n_latent)``.
        directions: their eigenvectors in latent space as rows, ``(P, n_latent, n_latent)``, in the
            same order.
        rank_changes: whether the rank of the state changes along a latent, ``(P, n_latent)``.
            Where it does, the information is not the limit of that at neighbouring points.
    """

    information: Float[Tensor, "P z z"]
    strengths: Float[Tensor, "P z"]
    directions: Float[Tensor, "P z z"]
    rank_changes: Bool[Tensor, "P z"]

    def __str__(self) -> str:
        """The directions in latent space in words, the one that changes the state most first."""
        lines = []
        for strengths, vectors, rank_change in zip(
            self.strengths.tolist(), self.directions.tolist(), self.rank_changes.any(1), strict=True
        ):
            for strength, vector in zip(strengths, vectors, strict=True):
                direction = " ".join(f"{c:+.2f} z_{k}" for k, c in enumerate(vector))
                lines.append(f"{strength:10.4f}  along {direction}")
            if rank_change:
                lines.append("            the rank changes here: the neighbours' values differ")
        return "\n".join(lines)


def sensitivity(
    model: Model, label: Any, latent: Tensor | Sequence[float] | Sequence[Sequence[float]]
) -> Sensitivity:
    """Quantum Fisher information of the state with respect to z.

    ``F_kl = Re Tr[rho (L_k L_l + L_l L_k)] / 2`` with the symmetric logarithmic derivatives of
    ``d_k rho = (L_k rho + rho L_k) / 2``. Where the rank is constant, it is 4 times the Bures
    metric.

    Args:
        model: an opened run.
        label: a label as the data name it.
        latent: one point ``(n_latent,)`` or several ``(P, n_latent)``.

    Returns:
        The matrices, their spectra and directions, and where the rank changes.

    Warns:
        UserWarning: if the state does not depend on the latent at any of the points.

    Raises:
        QganError: for an unknown label, a latent of another width, or no latent at all.

    References:
        Braunstein and Caves, Phys. Rev. Lett. 72, 3439 (1994), eq. 24; on rank changes
        Šafránek, Phys. Rev. A 95, 052320 (2017), eq. 9.
    """
    smooth = smooth_states(model.sampler)
    points = torch.as_tensor(latent, dtype=torch.float64)
    points = points[None] if points.ndim == 1 else points
    n = model.sampler.n_latent
    if points.ndim != 2 or points.shape[1] != n or not len(points):
        raise errors.argument("latent", f"must have {n} entries", tuple(points.shape))
    classes = torch.full((len(points),), model.index(label))
    factor, slope = slopes(smooth, classes, points)
    information = fisher_information(factor, slope)
    strengths, vectors = torch.linalg.eigh(information)
    steps = NEIGHBOUR * torch.eye(n, dtype=torch.float64)
    changes = torch.zeros(len(points), n, dtype=torch.bool)
    ranks = _rank(factor)
    with torch.no_grad():
        for k in range(n):
            for side in (steps[k], -steps[k]):
                changes[:, k] |= _rank(smooth(classes, points + side).factor) != ranks
    if float(strengths.max()) < LEAST_INFORMATION:
        message = (
            f"The states of label {label} do not depend on the latent: its information is zero."
        )
        warnings.warn(message, UserWarning, stacklevel=2)
    return Sensitivity(information, strengths.flip(1).clamp_min(0), vectors.mT.flip(1), changes)


def fisher_information(
    factor: Complex[Tensor, "P D r"], slope: Complex[Tensor, "P z D r"]
) -> Float[Tensor, "P z z"]:
    """Quantum Fisher information matrices of states from their derivatives.

    ``F_kl = 2 sum_ij Re(<i|d_k rho|j><j|d_l rho|i>) / (p_i + p_j)`` over ``p_i + p_j > 0``.

    Args:
        factor: ``A`` with ``rho = A A^dagger``.
        slope: the derivatives of the factor by each parameter.

    Returns:
        One matrix per point, ``(P, z, z)``.

    Example:
        >>> plus = torch.tensor([[[0.5**0.5], [0.5**0.5]]], dtype=torch.complex128)
        >>> slope = plus * torch.tensor([[-0.5j], [0.5j]])  # RZ(z): F = 4 Var(Z / 2) = 1
        >>> fisher_information(plus, slope[:, None]).round(decimals=9).tolist()
        [[[1.0]]]
    """
    rho = factor @ factor.mH
    half = slope @ factor.mH[:, None]
    change = half + half.mH
    values, vectors = torch.linalg.eigh(rho)
    inside = vectors.mH[:, None] @ change @ vectors[:, None]
    sums = values[:, :, None] + values[:, None, :]
    weight = torch.where(sums > LEAST_EIGENVALUE, 2 / sums.clamp_min(LEAST_EIGENVALUE), 0.0)
    information: Tensor = torch.einsum(
        "pkij,plji,pij->pkl", inside, inside, weight.to(inside.dtype)
    ).real
    return information


def _rank(factor: Complex[Tensor, "P D r"]) -> Tensor:
    eigenvalues: Tensor = torch.linalg.svdvals(factor) ** 2
    return (eigenvalues > LEAST_EIGENVALUE).sum(1)
