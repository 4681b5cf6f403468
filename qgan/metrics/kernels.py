"""Kernels and distances between all states of one or two samples."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.metrics.distances import fidelity_matrix
from qgan.states import States

LEAST_INFIDELITY = 1e-7
"""Below, states count as equal: the slope of ``sqrt(1 - F)`` grows without bound there."""


def overlap_matrix(a: States, b: States) -> Float[Tensor, "N M"]:
    """``Tr[rho_i sigma_j] = ||A_i^dagger B_j||_F^2``, by one matrix product.

    Args:
        a: N states of n qubits.
        b: M states of n qubits.

    Returns:
        ``(N, M)``, in the precision of the states; for pure states the fidelities.

    Raises:
        QganError: if the numbers of qubits differ.

    Example:
        >>> import torch
        >>> basis = States(torch.eye(2).cfloat()[:, :, None])
        >>> overlap_matrix(basis, basis).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    if a.dimension != b.dimension:
        raise errors.argument(
            "b", f"must hold states of {a.n_qubits} qubits, as `a` does", f"{b.n_qubits} qubits"
        )
    rows = a.factor.mH.reshape(-1, a.dimension)
    columns = b.factor.movedim(0, 1).reshape(b.dimension, -1)
    product = (rows @ columns).reshape(len(a), a.rank, len(b), b.rank)
    squares: Tensor = (product.real**2 + product.imag**2).sum((1, 3))
    return squares


def overlap_kernel(states: States, power: int = 2) -> Float[Tensor, "N N"]:
    """``Tr[rho_i rho_j]^p``, a positive kernel: the overlap of p copies.

    Args:
        states: N states.
        power: p, at least 1. At p = 1 only average states are compared.

    Raises:
        QganError: if p is below 1.
    """
    if power < 1:
        raise errors.argument("power", "must be at least 1", power)
    kernel: Tensor = overlap_matrix(states, states) ** power
    return kernel


def root_infidelity_matrix(states: States) -> Float[Tensor, "N N"]:
    """``d_ij = sqrt(1 - F_ij)``, zero with a finite slope where states are equal."""
    distant = (1 - fidelity_matrix(states, states)).clamp_min(LEAST_INFIDELITY)
    roots: Tensor = distant.sqrt() - LEAST_INFIDELITY**0.5
    return roots


def energy_distance(distances: Float[Tensor, "T T"], n: int) -> Float[Tensor, ""]:
    """Energy distance of the first n points and the others, without pairs of a point with itself.

    ``2 E d(x, y) - E d(x, x') - E d(y, y')``.

    Args:
        distances: ``(n + m, n + m)``, between all points of both samples.
        n: points of the first sample, at least 2, as many as the second has at least.

    Returns:
        A number; differentiable; negative by chance where the distributions agree.

    Raises:
        QganError: if the matrix is not square or a sample has fewer than 2 points.

    References:
        Szekely and Rizzo, J. Stat. Plan. Inference 143, 1249 (2013), eq. 2; Sejdinovic et al.,
        Ann. Stat. 41, 2263 (2013): a maximum mean discrepancy with ``k = -d``.

    Example:
        >>> import torch
        >>> points = torch.tensor([0.0, 0.0, 3.0, 3.0])
        >>> energy_distance((points[:, None] - points).abs(), 2).item()
        6.0
    """
    m = len(distances) - n
    if distances.shape[0] != distances.shape[1] or n < 2 or m < 2:
        rule = "must be square, with at least 2 points of each sample"
        raise errors.argument("distances", rule, f"shape {tuple(distances.shape)}, n = {n}")
    diagonal = distances.diagonal()
    first = (distances[:n, :n].sum() - diagonal[:n].sum()) / (n * (n - 1))
    second = (distances[n:, n:].sum() - diagonal[n:].sum()) / (m * (m - 1))
    return 2 * distances[:n, n:].mean() - first - second
