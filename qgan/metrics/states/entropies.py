"""Entropies of states, and divergences that are made of them, in nats.

They are computed from factors: the eigenvalues of ``rho = A A^dagger`` are the squares of the
singular values of A.
"""

from __future__ import annotations

from math import inf, isinf, log
from typing import Any

import torch
from jaxtyping import Bool, Complex, Float
from torch import Tensor

from qgan import errors
from qgan.rounding import within
from qgan.states import States

__all__ = ["entropy", "quantum_jensen_shannon", "relative_entropy", "spectral_entropy"]

LEAST_LEAK = 1e-9
"""The weight outside a support above which a relative entropy is infinite."""


def _spectrum(factor: Complex[Tensor, "B D r"]) -> Float[Tensor, "B k"]:
    """All eigenvalues of rho that are not zero, the largest first.

    They are squares of singular values: an eigenvalue of a Gram matrix would be wrong by 1e-16,
    which is all of a small one.
    """
    values: Tensor = torch.linalg.svdvals(factor.to(torch.complex128)).square()
    return values


def _support(values: Float[Tensor, "B k"], factor: Complex[Tensor, "B D r"]) -> Bool[Tensor, "B k"]:
    """Which eigenvalues differ from zero by more than rounding.

    Rounding is relative to the largest eigenvalue: ``D eps`` if the factor was made of a density
    matrix in double precision, and ``64 D eps^2`` if a factor was computed in single precision.
    """
    own, double = (torch.finfo(dtype).eps for dtype in (factor.dtype, torch.complex128))
    rounding = factor.shape[1] * max(double, 64 * own**2)
    return values > rounding * values.amax(-1, keepdim=True)


def spectral_entropy(values: Float[Tensor, "B k"]) -> Float[Tensor, " B"]:
    """The entropy ``-sum w log w`` of some eigenvalues w.

    An eigenvalue that is zero adds nothing to the entropy, and nothing to its gradient: an
    eigenvalue has a minimum there, so that its derivative with respect to the factor is zero.
    """
    positive = values > 0
    safe = torch.where(positive, values, 1.0)
    return -torch.where(positive, safe * safe.log(), 0.0).sum(-1)


def entropy(states: States, order: int | float = 1) -> Float[Tensor, " B"]:
    """Renyi entropy of states, ``log(Tr rho^a) / (1 - a)``; for a = 1 it is von Neumann's entropy.

    Args:
        states: B states.
        order: a, at least 0. For a = 0 it is the logarithm of the number of eigenvalues that
            differ from zero by more than rounding, for a = 1 it is ``-Tr rho log rho``, for a = 2
            minus the logarithm of the purity, and for infinite a minus the logarithm of the largest
            eigenvalue.

    Returns:
        ``(B,)`` in nats, from 0 (pure) to ``n log 2``.

    Raises:
        QganError: if the order is negative.

    References:
        Nielsen and Chuang, eq. 11.51; Müller-Lennert et al., J. Math. Phys. 54, 122203 (2013).

    Example:
        >>> mixed = States(torch.eye(2).cfloat()[None] / 2**0.5)
        >>> [round(entropy(mixed, order).item(), 4) for order in (0, 1, 2, float("inf"))]
        [0.6931, 0.6931, 0.6931, 0.6931]
    """
    if not order >= 0:
        raise errors.argument("order", "must be at least 0", order)
    order = float(order)
    values = _spectrum(states.factor)
    support = _support(values, states.factor)
    return within(_renyi(values, support, order), 0.0, states.n_qubits * log(2))


def _renyi(
    values: Float[Tensor, "B k"], support: Bool[Tensor, "B k"], order: int | float
) -> Float[Tensor, " B"]:
    """The entropy of some order of eigenvalues, but for rounding."""
    if order == 1:
        return spectral_entropy(values)
    if order == 0:
        return support.sum(-1).double().log()
    if isinf(order):
        return -values.amax(-1).log()
    powers = torch.where(support, torch.where(support, values, 1.0) ** order, 0.0)
    return powers.sum(-1).log() / (1 - order)


def quantum_jensen_shannon(a: States, b: States) -> Float[Tensor, " B"]:
    """Quantum Jensen-Shannon divergence, pair by pair.

    ``S((rho + sigma) / 2) - S(rho) / 2 - S(sigma) / 2``, with von Neumann's entropy S. Its square
    root is a metric.

    Args:
        a: B states of n qubits.
        b: B states of n qubits.

    Returns:
        ``(B,)`` in nats, [0, ln 2].

    Raises:
        QganError: if numbers of states or of qubits differ.

    References:
        Majtey, Lamberti and Prato, Phys. Rev. A 72, 052310 (2005); Virosztek, Adv. Math. 380,
        107595 (2021), for the metric.

    Example:
        >>> basis = States(torch.eye(2).cfloat()[:, :, None])
        >>> quantum_jensen_shannon(basis[[0, 0]], basis).round(decimals=4).tolist()
        [0.0, 0.6931]
    """
    left, right = _pair(a, b)
    middle = torch.cat([left, right], dim=-1) / 2**0.5
    parts = [spectral_entropy(_spectrum(factor)) for factor in (middle, left, right)]
    return within(parts[0] - parts[1] / 2 - parts[2] / 2, 0.0, log(2))


def relative_entropy(a: States, b: States) -> Float[Tensor, " B"]:
    """Relative entropy, pair by pair: ``S(rho || sigma) = Tr rho (log rho - log sigma)``.

    It is infinite where rho has a weight of more than 1e-9 outside the support of sigma, as any two
    different pure states do. An eigenvalue of sigma belongs to the support if it differs from zero
    by more than rounding.

    Args:
        a: B states rho of n qubits.
        b: B states sigma of n qubits.

    Returns:
        ``(B,)`` in nats, at least 0, infinity included; where it is infinite the gradient is zero.

    Raises:
        QganError: if numbers of states or of qubits differ.

    References:
        Umegaki, Kodai Math. Sem. Rep. 14, 59 (1962); Nielsen and Chuang, eq. 11.50.

    Example:
        >>> pure = States(torch.tensor([[[1.0], [0.0]]]).cfloat())
        >>> mixed = States(torch.eye(2).cfloat()[None] / 2**0.5)
        >>> round(relative_entropy(pure, mixed).item(), 4), relative_entropy(mixed, pure).item()
        (0.6931, inf)
    """
    left, right = _pair(a, b)
    energy, inside = _LogEnergy.apply(left, right, b.factor)
    weight = (left.real**2 + left.imag**2).sum((1, 2))
    finite = (weight - inside).detach() <= LEAST_LEAK
    value = (-spectral_entropy(_spectrum(left)) - energy).clamp_min(0)
    return torch.where(finite, value, inf)


class _LogEnergy(torch.autograd.Function):
    """``Tr rho log sigma`` on the support of sigma, and the weight of rho there.

    The derivative of a function of a Hermitian matrix is that of Daleckii and Krein. It is made of
    divided differences, which stay finite where eigenvalues are equal. Nothing is divided by an
    eigenvalue, so that small ones are as exact as large ones. The weight has no gradient.
    """

    @staticmethod
    def forward(ctx: Any, left: Tensor, right: Tensor, factor: Tensor) -> tuple[Tensor, Tensor]:
        vectors, roots, rows = torch.linalg.svd(right, full_matrices=False)
        values = roots.square()
        support = _support(values, factor)
        safe = torch.where(support, values, 1.0)
        overlap = vectors.mH @ left
        weights = (overlap.real**2 + overlap.imag**2).sum(2)
        ctx.save_for_backward(vectors, roots, rows, support, safe, overlap)
        inside = torch.where(support, weights, 0.0).sum(1)
        ctx.mark_non_differentiable(inside)
        return (safe.log() * weights).sum(1), inside

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, None]:
        vectors, roots, rows, support, safe, overlap = ctx.saved_tensors
        logs = safe.log()
        gaps = safe[:, :, None] - safe[:, None, :]
        middle = (safe[:, :, None] + safe[:, None, :]) / 2
        near = gaps.abs() < 1e-6 * middle
        rise = (logs[:, :, None] - logs[:, None, :]) / torch.where(near, 1.0, gaps)
        table = torch.where(near, 1 / middle, rise) * (support[:, :, None] & support[:, None, :])
        scale = 2 * gradients[0][:, None, None]
        of_left = vectors @ (logs[:, :, None] * overlap)
        of_right = vectors @ ((overlap @ overlap.mH) * table * roots[:, None, :]) @ rows
        return scale * of_left, scale * of_right, None


def _pair(a: States, b: States) -> tuple[Tensor, Tensor]:
    """Both factors in double precision; refuse states that are no pairs."""
    if a.dimension != b.dimension or len(a) != len(b):
        rule = f"must hold {len(a)} states of {a.n_qubits} qubits, as `a` does"
        raise errors.argument("b", rule, f"{len(b)} of {b.n_qubits}")
    return a.factor.to(torch.complex128), b.factor.to(torch.complex128)
