"""Ensembles compared by what k copies of a state show: by moments and by kernels of overlaps."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.metrics.samples.mean_discrepancy import mmd_squared, permutation_p_value
from qgan.metrics.states.distances import CHUNK, fidelity_matrix
from qgan.states import States, concatenate

__all__ = ["ensemble_mmd", "moment_distance", "overlap_matrix"]


def overlap_matrix(a: States, b: States) -> Float[Tensor, "N M"]:
    """``Tr[rho_i sigma_j]`` of every state of ``a`` with every state of ``b``.

    It is a positive kernel, and so are its powers: ``Tr[rho sigma]^p = Tr[rho^(x)p sigma^(x)p]``.
    Uhlmann's fidelity is not a positive kernel. For pure states both are the same.

    Args:
        a: N states of n qubits.
        b: M states of n qubits.

    Returns:
        ``(N, M)``, double precision.

    Raises:
        QganError: if the numbers of qubits differ.
    """
    if a.is_pure and b.is_pure:
        return fidelity_matrix(a, b)
    if a.dimension != b.dimension:
        raise errors.argument("b", f"must have {a.n_qubits} qubits, as `a` does", b.n_qubits)
    left, right = (s.factor.to(torch.complex128) for s in (a, b))
    if (
        left.shape[2] * right.shape[2] >= a.dimension
    ):  # density matrices are no larger than overlaps
        rho, sigma = ((f @ f.mH).flatten(1) for f in (left, right))
        rows = rho.split(max(1, CHUNK // max(1, len(b))))
        return torch.cat([(part.conj() @ sigma.T).real for part in rows])
    columns = right.movedim(0, 1).reshape(right.shape[1], -1)
    room = max(1, len(b) * left.shape[2] * right.shape[2])
    values = []
    for part in left.split(max(1, CHUNK // room)):
        product = part.mH.reshape(-1, part.shape[1]) @ columns
        squared = product.real.square() + product.imag.square()
        values.append(squared.reshape(len(part), part.shape[2], len(b), -1).sum((1, 3)))
    return torch.cat(values)


def moment_distance(overlaps: Float[Tensor, "T T"], n: int, k: int) -> Float[Tensor, ""]:
    """Hilbert-Schmidt distance of the k-copy moments of two ensembles.

    ``||E rho^(x)k - E sigma^(x)k||_2``, the biased maximum mean discrepancy with kernel
    ``Tr[rho sigma]^k``. It is zero if and only if every observable on k copies of a state has the
    same mean over both ensembles. For k = 1 it sees the average state only.

    Args:
        overlaps: :func:`overlap_matrix` between all states of both ensembles, ``(n + m, n + m)``.
        n: the number of states of the first ensemble.
        k: the number of copies, at least 1.

    Returns:
        A number in [0, sqrt 2].

    Raises:
        QganError: if k is below 1, and as :func:`mmd_squared`.

    References:
        Cotler et al., PRX Quantum 4, 010311 (2023), eq. 4, for moments of projected ensembles.

    Example:
        >>> basis = torch.eye(2).cdouble()[:, :, None]
        >>> hadamard = torch.tensor([[1, 1], [1, -1]]).cdouble()[:, :, None] / 2**0.5
        >>> both = States(torch.cat([basis, hadamard]))
        >>> overlaps = overlap_matrix(both, both)
        >>> [round(moment_distance(overlaps, 2, k).item(), 3) for k in (1, 2)]
        [0.0, 0.707]
    """
    if k < 1:
        raise errors.argument("k", "must be at least 1", k)
    return mmd_squared(overlaps**k, n, unbiased=False).clamp_min(0).sqrt()


def ensemble_mmd(a: States, b: States, power: int = 2, seed: int = 0) -> tuple[float, float]:
    """Unbiased squared MMD of two ensembles with kernel ``Tr[rho sigma]^p``, and its p-value.

    Args:
        a: N states, at least 2.
        b: M states, at least 2.
        power: p, at least 2; with p = 1 the kernel would see the average states only.
        seed: seed of the permutations.

    Returns:
        MMD^2, which may be negative where the ensembles agree, and the permutation p-value.

    Raises:
        QganError: if the power is below 2, there are fewer than 2 states, or the numbers of qubits
            differ.
    """
    if power < 2:
        raise errors.argument("power", "must be at least 2", power)
    both = concatenate([a, b])
    kernel = overlap_matrix(both, both) ** power
    return float(mmd_squared(kernel, len(a))), permutation_p_value(kernel, len(a), seed=seed)
