"""The energy distance of two samples, from distances between all of their points."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.metrics.states.distances import fidelity_matrix
from qgan.states import States

__all__ = ["energy_distance", "root_infidelity_matrix"]

LEAST_INFIDELITY = 1e-7
"""States of less infidelity count as equal, since the slope of ``sqrt(1 - F)`` has no bound."""


def root_infidelity_matrix(states: States) -> Float[Tensor, "N N"]:
    """``d_ij = sqrt(1 - F_ij)`` of all pairs; it is zero, with a finite slope, for equal states."""
    distant = (1 - fidelity_matrix(states, states)).clamp_min(LEAST_INFIDELITY)
    roots: Tensor = distant.sqrt() - LEAST_INFIDELITY**0.5
    return roots


def energy_distance(distances: Float[Tensor, "T T"], n: int) -> Float[Tensor, ""]:
    """Energy distance of the first n points and the others.

    ``2 E d(x, y) - E d(x, x') - E d(y, y')``, without the pairs of a point with itself.

    Args:
        distances: the distances between all points of both samples, ``(n + m, n + m)``.
        n: the number of points of the first sample; both samples need at least 2.

    Returns:
        A number; differentiable. It may be negative where the distributions agree.

    Raises:
        QganError: if the matrix is not square or a sample has fewer than 2 points.

    References:
        Szekely and Rizzo, J. Stat. Plan. Inference 143, 1249 (2013), eq. 2; Sejdinovic et al.,
        Ann. Stat. 41, 2263 (2013), who show that it is a maximum mean discrepancy with ``k = -d``.

    Example:
        >>> import torch
        >>> points = torch.tensor([0.0, 0.0, 3.0, 3.0])
        >>> energy_distance((points[:, None] - points).abs(), 2).item()
        6.0
    """
    n = errors.integer("n", n)
    m = len(distances) - n
    if distances.shape[0] != distances.shape[1] or n < 2 or m < 2:
        rule = "must be square, with at least 2 points of each sample"
        raise errors.argument("distances", rule, f"shape {tuple(distances.shape)}, n = {n}")
    diagonal = distances.diagonal()
    first = (distances[:n, :n].sum() - diagonal[:n].sum()) / (n * (n - 1))
    second = (distances[n:, n:].sum() - diagonal[n:].sum()) / (m * (m - 1))
    return 2 * distances[:n, n:].mean() - first - second
