"""Distances between two states, from their factors, in double precision.

Gradients with respect to factors are finite everywhere, also at equal and at orthogonal states.
Where a distance has a kink, the gradient is one of its slopes, or zero. There are first derivatives
only.
"""

from __future__ import annotations

from math import pi

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from qgan import errors
from qgan.rounding import within
from qgan.states import States

__all__ = [
    "CHUNK",
    "bures_angle",
    "bures_distance",
    "fidelity",
    "fidelity_matrix",
    "hilbert_schmidt_distance",
    "infidelity",
    "trace_distance",
]

CACHED = 2**17
"""Overlaps of pure states that are formed at a time: a megabyte, which stays in the cache."""
CHUNK = 2**22
"""Overlaps (complex numbers) that are formed at a time: 64 MB, and a few copies of it."""
ROUNDING = 1e-14
"""Eigenvalues of a difference of states that double precision cannot tell from zero."""


def _double(states: States) -> Complex[Tensor, "B D r"]:
    """The factor in complex128 with at most D columns: ``A = L Q`` has ``rho = L L^dagger``."""
    factor = states.factor.to(torch.complex128)
    if factor.shape[2] > factor.shape[1]:
        factor = torch.linalg.qr(factor.mH)[1].mH
    return factor


def _check(a: States, b: States, *, same_length: bool) -> None:
    """Refuse states of different numbers of qubits, or of different number if that matters."""
    if a.dimension != b.dimension:
        raise errors.argument(
            "b", f"must hold states of {a.n_qubits} qubits, as `a` does", f"{b.n_qubits} qubits"
        )
    if same_length and len(a) != len(b):
        raise errors.argument("b", f"must hold {len(a)} states, as `a` does", f"{len(b)} states")


def _difference(a: States, b: States) -> tuple[Complex[Tensor, "B D k"], Complex[Tensor, "B k k"]]:
    """Q and M of ``rho - sigma = Q M Q^dagger``: Q has orthonormal columns, and M is small.

    M has as many rows as A and B together have columns, or D rows if that is fewer. With
    ``[A, B] = Q R`` it is ``M = R diag(1, -1) R^dagger``. Both are outside the graph,
    because the gradient of a QR decomposition does not exist where the states are equal.
    """
    _check(a, b, same_length=True)
    left, right = _double(a).detach(), _double(b).detach()
    columns = torch.cat([left, right], dim=-1)
    if columns.shape[2] >= columns.shape[1]:
        eye = torch.eye(columns.shape[1], dtype=columns.dtype, device=columns.device)
        return eye.expand(len(columns), -1, -1), left @ left.mH - right @ right.mH
    basis, small = torch.linalg.qr(columns)
    signs = torch.ones(columns.shape[2], dtype=small.dtype, device=small.device)
    signs[left.shape[2] :] = -1
    return basis, (small * signs) @ small.mH


def _expectation(
    a: States, b: States, basis: Complex[Tensor, "B D k"], matrix: Complex[Tensor, "B k k"]
) -> Float[Tensor, " B"]:
    """``Tr[(rho - sigma) Q M Q^dagger]``, which is linear in both states; M has no gradient.

    A norm of the difference is the greatest such value over a set of matrices M. At the best M this
    expectation value therefore has the value and the gradient of the norm.
    """
    values = []
    for states in (a, b):
        inner = basis.mH @ states.factor.to(torch.complex128)
        values.append((inner.conj() * (matrix @ inner)).sum((1, 2)).real)
    return values[0] - values[1]


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
    basis, matrix = _difference(a, b)
    values, vectors = torch.linalg.eigh(matrix)
    sign = torch.where(values.abs() > ROUNDING, values.sign(), 0.0).to(vectors.dtype)
    best = (vectors * sign.unsqueeze(-2)) @ vectors.mH
    return (_expectation(a, b, basis, best) / 2).clamp(0, 1)


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
    basis, matrix = _difference(a, b)
    norm: Tensor = torch.linalg.matrix_norm(matrix)
    positive = norm > ROUNDING
    best = torch.where(positive, 1 / torch.where(positive, norm, 1.0), 0.0).reshape(-1, 1, 1)
    return within(_expectation(a, b, basis, matrix * best), 0.0, 2**0.5)


def fidelity(a: States, b: States) -> Float[Tensor, " B"]:
    """Uhlmann's fidelity, pair by pair: ``F = (Tr sqrt(sqrt(rho) sigma sqrt(rho)))^2``.

    It is not the root of F. From the factors A and B it is ``||A^dagger B||_1^2``, and it is the
    method :meth:`qgan.states.States.fidelity`.

    Args:
        a: B states of n qubits.
        b: B states of n qubits.

    Returns:
        ``(B,)`` in [0, 1], double precision.

    Raises:
        QganError: if numbers of states or of qubits differ.

    References:
        Uhlmann, Rep. Math. Phys. 9, 273 (1976). Nielsen and Chuang, eq. 9.53, print the root of F.
    """
    _check(a, b, same_length=True)
    return a.fidelity(b)


def infidelity(a: States, b: States) -> Float[Tensor, " B"]:
    """Infidelity, pair by pair: ``1 - F``.

    Args:
        a: B states of n qubits.
        b: B states of n qubits.

    Returns:
        ``(B,)`` in [0, 1], double precision.

    Raises:
        QganError: if numbers of states or of qubits differ.
    """
    return 1 - fidelity(a, b)


def bures_distance(a: States, b: States) -> Float[Tensor, " B"]:
    """Bures distance, pair by pair: ``sqrt(2 - 2 sqrt F)``.

    It is computed as ``min_U ||A - B U||_2`` over unitaries U, where A and B are the factors of the
    normalised states. In this way the distance of close states keeps all its digits, and the
    gradient is that of a norm, at most 1.

    Args:
        a: B states of n qubits.
        b: B states of n qubits.

    Returns:
        ``(B,)`` in [0, sqrt 2], double precision.

    Raises:
        QganError: if numbers of states or of qubits differ.

    References:
        Bures, Trans. AMS 135, 199 (1969); Bengtsson and Zyczkowski, Geometry of Quantum States,
        eq. 9.27.
    """
    _check(a, b, same_length=True)
    left, right = (States(s.factor.to(torch.complex128)).normalised().factor for s in (a, b))
    columns = max(left.shape[2], right.shape[2])
    left, right = (
        torch.nn.functional.pad(factor, (0, columns - factor.shape[2])) for factor in (left, right)
    )
    with torch.no_grad():
        vectors, _, others = torch.linalg.svd(right.mH @ left)
        closest = vectors @ others
    distance: Tensor = torch.linalg.vector_norm(left - right @ closest, dim=(1, 2))
    return within(distance, 0.0, 2**0.5)


def bures_angle(a: States, b: States) -> Float[Tensor, " B"]:
    """Bures angle, pair by pair: ``arccos sqrt F``.

    It is computed as twice the arcsine of half the Bures distance.

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
    return within(2 * torch.arcsin(bures_distance(a, b) / 2), 0.0, pi / 2)


def fidelity_matrix(a: States, b: States) -> Float[Tensor, "N M"]:
    """Uhlmann fidelity of every state of ``a`` with every state of ``b``.

    ``F_ij = ||X||_1^2`` with the overlaps ``X = A_i^dagger B_j`` of the columns of both factors. If
    one state is pure, it is ``||X||_2^2``; if both factors have two columns, it is
    ``||X||_2^2 + 2 |det X|``; otherwise it needs the singular values of X.

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
    if a.is_pure and b.is_pure:
        return _pure_fidelities(a.factor[:, :, 0], b.factor[:, :, 0])
    left, right = _double(a), _double(b)
    overlaps_per_row = len(b) * left.shape[2] * right.shape[2]
    rows = torch.split(left, max(1, CHUNK // max(1, overlaps_per_row)))
    return torch.cat([_fidelity_rows(part, right) for part in rows]).clamp(0, 1)


def _pure_fidelities(a: Complex[Tensor, "N D"], b: Complex[Tensor, "M D"]) -> Float[Tensor, "N M"]:
    """``|<a_i|b_j>|^2``, by two real matrix products of real and imaginary parts side by side."""
    left = torch.cat([a.real, a.imag], dim=1).double()
    right = [torch.cat(parts, dim=1).double().T for parts in ((b.real, b.imag), (b.imag, -b.real))]
    rows = max(1, CACHED // max(1, len(b)))
    chunks = left.split(rows)
    if torch.is_grad_enabled() and (a.requires_grad or b.requires_grad):
        pairs = [(part @ right[0], part @ right[1]) for part in chunks]
        return torch.cat([real.square() + imag.square() for real, imag in pairs]).clamp(0, 1)
    squared = left.new_empty(len(a), len(b))
    for part, place in zip(chunks, squared.split(rows), strict=True):
        real, imag = part @ right[0], part @ right[1]
        torch.addcmul(real.square_(), imag, imag, out=place).clamp_(0, 1)
    return squared


def _fidelity_rows(
    left: Complex[Tensor, "N D r"], right: Complex[Tensor, "M D s"]
) -> Float[Tensor, "N M"]:
    """Fidelities of all pairs, from one matrix product of all columns with all columns."""
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
