"""Distances between two states, from their factors, in double precision."""

from __future__ import annotations

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from qgan import errors
from qgan.states import States

CHUNK = 2**22
"""Overlaps (complex numbers) formed at a time: 64 MB, and a few copies of it."""


def _double(states: States) -> Complex[Tensor, "B D r"]:
    """The factor in complex128 with at most D columns: ``A = L Q`` has ``rho = L L^dagger``."""
    factor = states.factor.to(torch.complex128)
    if factor.shape[2] > factor.shape[1]:
        factor = torch.linalg.qr(factor.mH)[1].mH
    return factor


def _check(a: States, b: States, *, same_length: bool) -> None:
    if a.dimension != b.dimension:
        raise errors.argument(
            "b", f"must hold states of {a.n_qubits} qubits, as `a` does", f"{b.n_qubits} qubits"
        )
    if same_length and len(a) != len(b):
        raise errors.argument("b", f"must hold {len(a)} states, as `a` does", f"{len(b)} states")


def _difference(a: States, b: States) -> Complex[Tensor, "B k k"]:
    """A matrix with the non-zero eigenvalues of ``rho - sigma``.

    With ``[A, B] = Q R`` it is ``R diag(1, -1) R^dagger``, small where the ranks are.
    """
    _check(a, b, same_length=True)
    left, right = _double(a), _double(b)
    columns = torch.cat([left, right], dim=-1)
    if columns.shape[2] >= columns.shape[1]:
        return left @ left.mH - right @ right.mH
    small: Tensor = torch.linalg.qr(columns)[1]
    signs = torch.ones(columns.shape[2], dtype=small.dtype, device=small.device)
    signs[left.shape[2] :] = -1
    difference: Tensor = (small * signs) @ small.mH
    return difference


def trace_distance(a: States, b: States) -> Float[Tensor, " B"]:
    """Trace distance, pair by pair.

    ``T = 1/2 ||rho - sigma||_1``, half the sum of the absolute eigenvalues.

    Args:
        a: B states of n qubits.
        b: B states of n qubits.

    Returns:
        ``(B,)`` in [0, 1], double precision.

    Raises:
        QganError: if numbers of states or of qubits differ.

    References:
        Nielsen and Chuang, Quantum Computation and Quantum Information, eq. 9.11.

    Example:
        >>> basis = States(torch.eye(2).cfloat()[:, :, None])
        >>> trace_distance(basis[[0, 0]], basis).tolist()
        [0.0, 1.0]
    """
    eigenvalues: Tensor = torch.linalg.eigvalsh(_difference(a, b))
    return (eigenvalues.abs().sum(-1) / 2).clamp(0, 1)


def hilbert_schmidt_distance(a: States, b: States) -> Float[Tensor, " B"]:
    """Hilbert-Schmidt distance, pair by pair: the norm itself, not its square.

    ``||rho - sigma||_2 = sqrt(Tr (rho - sigma)^2)``.

    Args:
        a: B states of n qubits.
        b: B states of n qubits.

    Returns:
        ``(B,)`` in [0, sqrt 2], double precision.

    Raises:
        QganError: if numbers of states or of qubits differ.
    """
    norm: Tensor = torch.linalg.matrix_norm(_difference(a, b))
    return norm


def infidelity(a: States, b: States) -> Float[Tensor, " B"]:
    """Infidelity, pair by pair: ``1 - F`` with Uhlmann's F (squared).

    Args:
        a: B states of n qubits.
        b: B states of n qubits.

    Returns:
        ``(B,)`` in [0, 1], double precision.

    Raises:
        QganError: if numbers of states or of qubits differ.
    """
    _check(a, b, same_length=True)
    return (1 - States(_double(a)).fidelity(States(_double(b)))).clamp(0, 1)


def bures_angle(a: States, b: States) -> Float[Tensor, " B"]:
    """Bures angle, pair by pair: ``arccos sqrt F``.

    Args:
        a: B states of n qubits.
        b: B states of n qubits.

    Returns:
        ``(B,)`` in radians, [0, pi/2], double precision.

    Raises:
        QganError: if numbers of states or of qubits differ.

    References:
        Nielsen and Chuang, eq. 9.82.
    """
    return torch.arccos((1 - infidelity(a, b)).sqrt())


def fidelity_matrix(a: States, b: States) -> Float[Tensor, "N M"]:
    """Uhlmann fidelity of every state of ``a`` with every state of ``b``.

    ``F_ij = ||A_i^dagger B_j||_1^2``: for a pure state the squared norm of the overlaps, for
    two factors of two columns ``||X||_2^2 + 2 |det X|``, else by singular values.

    Args:
        a: N states of n qubits.
        b: M states of n qubits.

    Returns:
        ``(N, M)`` in [0, 1], double precision.

    Raises:
        QganError: if the numbers of qubits differ.

    References:
        Uhlmann, Rep. Math. Phys. 9, 273 (1976).

    Example:
        >>> basis = States(torch.eye(2).cfloat()[:, :, None])
        >>> fidelity_matrix(basis, basis).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    _check(a, b, same_length=False)
    left, right = _double(a), _double(b)
    overlaps_per_row = len(b) * left.shape[2] * right.shape[2]
    rows = torch.split(left, max(1, CHUNK // max(1, overlaps_per_row)))
    return torch.cat([_fidelity_rows(part, right) for part in rows]).clamp(0, 1)


def _fidelity_rows(
    left: Complex[Tensor, "N D r"], right: Complex[Tensor, "M D s"]
) -> Float[Tensor, "N M"]:
    """Fidelities of some rows, by one matrix product of all columns with all columns."""
    (n, dim, r), (m, _, s) = left.shape, right.shape
    product = left.mH.reshape(n * r, dim) @ right.movedim(0, 1).reshape(dim, m * s)
    overlap = product.reshape(n, r, m, s)
    squared = (overlap.real**2 + overlap.imag**2).sum((1, 3))
    if r == 1 or s == 1:
        return squared
    if r == s == 2:
        det = overlap[:, 0, :, 0] * overlap[:, 1, :, 1] - overlap[:, 0, :, 1] * overlap[:, 1, :, 0]
        return squared + 2 * det.abs()
    root: Tensor = torch.linalg.svdvals(overlap.transpose(1, 2)).sum(-1)
    return root.square()
