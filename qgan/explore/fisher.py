"""How much each latent turns the state: the quantum Fisher information of z."""

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

LEAST_EIGENVALUE = 1e-9
"""Of a density matrix: less is rounding, and does not count for the rank."""
NEIGHBOUR = 1e-3
"""How far along a latent the rank is looked at."""
LEAST_INFORMATION = 1e-10


@dataclass(frozen=True, eq=False)
class Sensitivity:
    """How the state answers to its latents at P points.

    Args:
        information: quantum Fisher information matrices, ``(P, n_latent, n_latent)``.
        strengths: their eigenvalues, largest first, ``(P, n_latent)``.
        directions: unit vectors in latent space, a row each, in the same order.
        rank_changes: where the rank of the state changes along a latent, ``(P, n_latent)``: the
            information is then not the limit of that of the neighbours.
    """

    information: Float[Tensor, "P z z"]
    strengths: Float[Tensor, "P z"]
    directions: Float[Tensor, "P z z"]
    rank_changes: Bool[Tensor, "P z"]

    def __str__(self) -> str:
        """Directions in latent space ordered by how much they do, in words."""
        lines = []
        for strengths, rows, flags in zip(
            self.strengths.tolist(), self.directions.tolist(), self.rank_changes.any(1), strict=True
        ):
            for strength, row in zip(strengths, rows, strict=True):
                turned = " ".join(f"{c:+.2f} z_{k}" for k, c in enumerate(row))
                lines.append(f"{strength:10.4f}  along {turned}")
            if flags:
                lines.append("            the rank changes here: the neighbours' values differ")
        return "\n".join(lines)


def sensitivity(
    model: Model, label: Any, latent: Tensor | Sequence[float] | Sequence[Sequence[float]]
) -> Sensitivity:
    """Quantum Fisher information of the state with respect to z, by the SLD.

    ``F_kl = Re Tr[rho (L_k L_l + L_l L_k)] / 2``, ``d_k rho = (L_k rho + rho L_k) / 2``: 4 times
    the Bures metric where the rank is constant.

    Args:
        model: an opened run.
        label: a label as the data had it.
        latent: one point ``(n_latent,)`` or several ``(P, n_latent)``.

    Returns:
        Matrices, spectra, directions, and flags where the rank changes.

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
    here = _rank(factor)
    with torch.no_grad():
        for k in range(n):
            for side in (steps[k], -steps[k]):
                changes[:, k] |= _rank(smooth(classes, points + side).factor) != here
    if float(strengths.max()) < LEAST_INFORMATION:
        told = f"The states of label {label} do not depend on the latent: its information is zero."
        warnings.warn(told, UserWarning, stacklevel=2)
    return Sensitivity(information, strengths.flip(1).clamp_min(0), vectors.mT.flip(1), changes)


def fisher_information(
    factor: Complex[Tensor, "P D r"], slope: Complex[Tensor, "P z D r"]
) -> Float[Tensor, "P z z"]:
    """``F_kl = 2 sum_ij Re(<i|d_k rho|j><j|d_l rho|i>) / (p_i + p_j)`` over ``p_i + p_j > 0``.

    Args:
        factor: ``A`` with ``rho = A A^dagger``.
        slope: its derivatives by each parameter.

    Example:
        >>> plus = torch.tensor([[[0.5**0.5], [0.5**0.5]]], dtype=torch.complex128)
        >>> turned = plus * torch.tensor([[-0.5j], [0.5j]])  # RZ(z): F = 4 Var(Z / 2) = 1
        >>> fisher_information(plus, turned[:, None]).round(decimals=9).tolist()
        [[[1.0]]]
    """
    rho = factor @ factor.mH
    half = slope @ factor.mH[:, None]
    change = half + half.mH
    values, vectors = torch.linalg.eigh(rho)
    inside = vectors.mH[:, None] @ change @ vectors[:, None]
    sums = values[:, :, None] + values[:, None, :]
    weight = torch.where(sums > LEAST_EIGENVALUE, 2 / sums.clamp_min(LEAST_EIGENVALUE), 0.0)
    found: Tensor = torch.einsum("pkij,plji,pij->pkl", inside, inside, weight.to(inside.dtype)).real
    return found


def _rank(factor: Complex[Tensor, "P D r"]) -> Tensor:
    eigenvalues: Tensor = torch.linalg.svdvals(factor) ** 2
    return (eigenvalues > LEAST_EIGENVALUE).sum(1)
