"""Divergences between distributions: the common ones by name, and some closed forms."""

from __future__ import annotations

from math import inf

import torch
from jaxtyping import Float, Int
from torch import Tensor

from qgan import errors
from qgan.metrics.distributions._probabilities import check_pair
from qgan.metrics.distributions.f_divergences import F_DIVERGENCES
from qgan.rounding import within

__all__ = [
    "gaussian_kl",
    "hellinger_distance",
    "jeffrey",
    "jensen_shannon",
    "jensen_shannon_distance",
    "kl_divergence",
    "likelihood_kl",
    "reverse_kl",
    "root",
    "total_variation",
    "total_variation_by_events",
]

MOST_POINTS = 16
"""The most points K for which all 2**K events are searched one by one."""

total_variation = F_DIVERGENCES["total-variation"]
"""``TV = 1/2 sum |p - q|``, in [0, 1]."""
kl_divergence = F_DIVERGENCES["kl"]
"""``KL(P || Q) = sum p log(p / q)``, in nats."""
reverse_kl = F_DIVERGENCES["reverse-kl"]
"""``KL(Q || P) = sum q log(q / p)``, in nats."""
jeffrey = F_DIVERGENCES["jeffrey"]
"""``KL(P || Q) + KL(Q || P)``."""
jensen_shannon = F_DIVERGENCES["jensen-shannon"]
"""``KL(P || M) / 2 + KL(Q || M) / 2`` with ``M = (P + Q) / 2``, in [0, ln 2]."""


def root(squared: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """The square root, with gradient zero where the argument is zero or, by rounding, below zero.

    A distance that is such a root has a kink there, and zero lies between its slopes to all sides.
    What is not a number stays so: it must not pass for "equal".
    """
    none = squared <= 0
    return torch.where(none, 0.0, torch.where(none, 1.0, squared).sqrt())


def jensen_shannon_distance(
    p: Float[Tensor, "*batch K"], q: Float[Tensor, "*_"]
) -> Float[Tensor, "*batch"]:
    """Jensen-Shannon distance, the metric ``sqrt JS``.

    Args:
        p: probabilities ``(..., K)``.
        q: probabilities ``(..., K)``.

    Returns:
        ``(...)`` in [0, sqrt ln 2].

    Raises:
        QganError: as :func:`f_divergence`.

    References:
        Endres and Schindelin, IEEE Trans. Inf. Theory 49, 1858 (2003).

    Example:
        >>> p, q = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
        >>> round(jensen_shannon_distance(p, q).item() ** 2, 4)
        0.6931
    """
    return root(jensen_shannon(p, q))


def hellinger_distance(
    p: Float[Tensor, "*batch K"], q: Float[Tensor, "*_"]
) -> Float[Tensor, "*batch"]:
    """Hellinger distance, ``sqrt(sum (sqrt p - sqrt q)^2)``.

    Args:
        p: probabilities ``(..., K)``.
        q: probabilities ``(..., K)``.

    Returns:
        ``(...)`` in [0, sqrt 2].

    Raises:
        QganError: as :func:`f_divergence`.
    """
    return root(F_DIVERGENCES["squared-hellinger"](p, q))


def total_variation_by_events(
    p: Float[Tensor, "*batch K"], q: Float[Tensor, "*_"]
) -> Float[Tensor, "*batch"]:
    """Total variation by its definition, ``max_A |P(A) - Q(A)|`` over all 2**K events A.

    Args:
        p: probabilities ``(..., K)``, K at most 16.
        q: probabilities ``(..., K)``.

    Returns:
        ``(...)`` in [0, 1]; it equals :func:`total_variation`.

    Raises:
        QganError: for more than 16 points, and as :func:`f_divergence`.

    References:
        Gibbs and Su, Int. Stat. Rev. 70, 419 (2002), sec. 2.

    Example:
        >>> p, q = torch.tensor([0.5, 0.25, 0.25]), torch.tensor([0.0, 0.5, 0.5])
        >>> total_variation_by_events(p, q).item(), total_variation(p, q).item()
        (0.5, 0.5)
    """
    check_pair(p, q)
    points = p.shape[-1]
    if points > MOST_POINTS:
        raise errors.argument("p", f"must have at most {MOST_POINTS} points", points)
    numbers = torch.arange(2**points, device=p.device)
    events = (numbers[:, None] >> torch.arange(points, device=p.device)) & 1
    return within(((p - q) @ events.to(p.dtype).T).abs().amax(-1), 0.0, 1.0)


def gaussian_kl(
    mean_p: Float[Tensor, "*batch d"],
    covariance_p: Float[Tensor, "*batch d d"],
    mean_q: Float[Tensor, "*batch d"],
    covariance_q: Float[Tensor, "*batch d d"],
) -> Float[Tensor, "*batch"]:
    """KL divergence of two normal distributions in d dimensions, in nats.

    ``KL = (Tr S_q^-1 S_p + (m_q - m_p)^T S_q^-1 (m_q - m_p) - d + log det S_q / det S_p) / 2``.

    Args:
        mean_p: ``(..., d)``.
        covariance_p: ``(..., d, d)``, positive definite.
        mean_q: ``(..., d)``.
        covariance_q: ``(..., d, d)``, positive definite.

    Returns:
        ``(...)``, at least 0.

    Raises:
        QganError: if a covariance is not positive definite.

    References:
        Pardo, Statistical Inference Based on Divergence Measures, 2006, p. 33.

    Example:
        >>> zero, one = torch.zeros(1), torch.eye(1)
        >>> gaussian_kl(zero, one, zero + 2, one).item()
        2.0
    """
    roots: list[Tensor] = []
    for name, covariance in (("covariance_p", covariance_p), ("covariance_q", covariance_q)):
        factor, failed = torch.linalg.cholesky_ex(covariance)
        if bool(failed.any()):
            raise errors.argument(name, "must be positive definite", "a matrix that is not")
        roots.append(factor)
    root_p, root_q = roots
    difference = (mean_q - mean_p).unsqueeze(-1)
    whitened: Tensor = torch.linalg.solve_triangular(
        root_q, torch.cat([root_p, difference], dim=-1), upper=False
    )
    logs = [2 * r.diagonal(dim1=-2, dim2=-1).log().sum(-1) for r in roots]
    value = (whitened.square().sum((-2, -1)) - mean_p.shape[-1] + logs[1] - logs[0]) / 2
    return within(value, 0.0, inf)


def likelihood_kl(samples: Int[Tensor, " N"], log_q: Float[Tensor, " K"]) -> Float[Tensor, ""]:
    """KL divergence of the frequencies of samples from a model.

    ``KL(P_N || Q) = -1/N sum_i log q(x_i) - H(P_N)``. The entropy of the frequencies does not
    depend on the model, so the model of greatest likelihood is the model of least KL.

    Args:
        samples: points ``(N,)``, integers in [0, K).
        log_q: the log-probabilities of the model, ``(K,)``.

    Returns:
        A number in double precision, at least 0 for normalised models; infinite if a sample is
        impossible.

    Raises:
        QganError: if there is no sample, or if one is not a point of the model.

    References:
        Goodfellow, Bengio and Courville, Deep Learning, 2016, eq. 5.59 to 5.61.

    Example:
        >>> log_q = torch.tensor([0.5, 0.5], dtype=torch.float64).log()
        >>> likelihood_kl(torch.tensor([0, 0, 1, 1]), log_q).item()
        0.0
    """
    if not len(samples) or int(samples.min()) < 0 or int(samples.max()) >= len(log_q):
        got = f"{len(samples)} samples" if not len(samples) else f"{samples.min()}..{samples.max()}"
        raise errors.argument("samples", f"must hold points from 0 to {len(log_q) - 1}", got)
    counts = samples.bincount(minlength=len(log_q))
    frequency, support = counts.double() / len(samples), counts > 0
    return (frequency[support] * (frequency[support].log() - log_q[support].double())).sum()
