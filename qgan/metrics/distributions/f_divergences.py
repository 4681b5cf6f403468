"""f-divergences ``D_f(P || Q) = sum_x q f(p / q)``: one table of generators, exact at zeros.

Printed tables disagree on two things: which of the two chi^2 sums is Pearson's, and whether JS
carries a factor 1/2. Here the generator f and the definition above decide: Pearson's is
``sum (p - q)^2 / q``, Neyman's ``sum (p - q)^2 / p``, and JS is halved, so ``JS <= ln 2``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, log

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import logsigmoid

from qgan import errors
from qgan.metrics.distributions._probabilities import check_pair
from qgan.metrics.distributions.wright_omega import log_and_inverse
from qgan.rounding import within

__all__ = ["F_DIVERGENCES", "FDivergence", "f_divergence", "weighted_jensen_shannon"]

Function = Callable[[Tensor], Tensor]
Perspective = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class FDivergence:
    """A convex generator f with f(1) = 0, and what its variational bound needs.

    ``D_f(P || Q) >= E_P[T] - E_Q[f*(T)]`` for any critic T with values in the domain of f*, with
    equality at ``T = f'(p / q)``. A free real output v becomes such a critic by ``T = g_f(v)``.

    Args:
        name: its name in the table.
        perspective: ``q f(p / q)`` for p, q > 0, formed without the ratio, which overflows where
            the summand does not: a density of N(0, 1) is 10^195 times that of N(30, 1) at 0.
        derivative: f'(u), for u > 0.
        conjugate: ``f*(t) = sup_{u >= 0} (u t - f(u))``, for t in the domain.
        domain: the ends of the interval that values of a critic lie in; values of f' lie between
            these ends or on them.
        activation: g_f, an increasing function from the real line into the domain.
        conjugate_at_activation: ``f*(g_f(v))``, formed without the cancellation and overflow that
            the composition of both functions would have.
        at_zero: ``f(0)``, the cost per unit of q at a point with p = 0.
        at_infinity: ``lim f(u) / u``, the cost per unit of p at a point with q = 0.

    References:
        Nowozin, Cseke and Tomioka, arXiv:1606.00709, eq. 4 and tables 1, 2 and 6.
    """

    name: str
    perspective: Perspective
    derivative: Function
    conjugate: Function
    domain: tuple[float, float]
    activation: Function
    conjugate_at_activation: Function
    at_zero: float
    at_infinity: float

    def __call__(
        self, p: Float[Tensor, "*batch K"], q: Float[Tensor, "*_"]
    ) -> Float[Tensor, "*batch"]:
        """The divergence ``D_f(P || Q)``, by :func:`f_divergence`."""
        return f_divergence(self, p, q)

    def f(self, u: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """The generator, for u > 0: the perspective at q = 1."""
        return self.perspective(u, torch.ones_like(u))

    def bound(self, v_p: Float[Tensor, "*n"], v_q: Float[Tensor, "*m"]) -> Float[Tensor, ""]:
        """The variational lower bound of D_f, ``E_P[g_f(v)] - E_Q[f*(g_f(v))]``.

        Args:
            v_p: real outputs v of a critic at samples of P.
            v_q: real outputs v of the critic at samples of Q.

        Returns:
            A number, at most D_f up to the sampling error.
        """
        return self.activation(v_p).mean() - self.conjugate_at_activation(v_q).mean()


def f_divergence(
    divergence: FDivergence, p: Float[Tensor, "*batch K"], q: Float[Tensor, "*_"]
) -> Float[Tensor, "*batch"]:
    """``D_f(P || Q) = sum_x q f(p / q)`` over the last axis.

    A point with p = 0 adds ``q f(0)``, a point with q = 0 adds ``p lim f(u) / u``, and a point
    where both are 0 adds nothing. These summands may be infinite. Their gradient is finite: it is
    the gradient along the face of the simplex that the point lies on.

    Args:
        divergence: an entry of ``F_DIVERGENCES``, or a weighted Jensen-Shannon divergence.
        p: probabilities ``(..., K)``.
        q: probabilities ``(..., K)``.

    Returns:
        ``(...)`` from 0 to ``f(0) + lim f(u) / u``, infinity included.

    Raises:
        QganError: if the shapes differ, an entry is negative or not finite, or a sum is not 1.

    References:
        Csiszar, Studia Sci. Math. Hungar. 2, 299 (1967); Liese and Vajda, IEEE Trans. Inf. Theory
        52, 4394 (2006), eq. 3 for the limits.

    Example:
        >>> p, q = torch.tensor([0.5, 0.5, 0.0]), torch.tensor([0.0, 0.5, 0.5])
        >>> [f_divergence(F_DIVERGENCES[n], p, q).item() for n in ("total-variation", "kl")]
        [0.5, inf]
    """
    check_pair(p, q)
    both = (p > 0) & (q > 0)
    inside = torch.where(both, p, 1.0), torch.where(both, q, 1.0)
    summands = torch.where(both, divergence.perspective(*inside), 0.0)
    # An infinite limit enters as a constant: infinity times zero would be no number.
    for mass, other, limit in ((q, p, divergence.at_zero), (p, q, divergence.at_infinity)):
        alone = (mass > 0) & (other <= 0)
        summands = summands + torch.where(alone, inf if limit == inf else limit * mass, 0.0)
    return within(summands.sum(-1), 0.0, divergence.at_zero + divergence.at_infinity)


def _towards_mixture(p: Tensor, q: Tensor, pi: float) -> Tensor:
    """``pi p log(p / m) + (1 - pi) q log(q / m)`` with ``m = pi p + (1 - pi) q``."""
    log_p, log_q = p.log(), q.log()
    log_m = torch.logaddexp(log_p + log(pi), log_q + log(1 - pi))
    return pi * p * (log_p - log_m) + (1 - pi) * q * (log_q - log_m)


def _pearson_conjugate(t: Tensor) -> Tensor:
    """``t + t^2 / 4`` for t >= -2. For smaller t the supremum is at u = 0, and its value is -1."""
    t = t.clamp_min(-2)
    return t + t.square() / 4


def _jeffrey_conjugate(t: Tensor) -> Tensor:
    """``w + 1/w + t - 2`` with ``w = omega(1 - t)``, computed as ``1/w - 1 - log w``."""
    log_w, inverse = log_and_inverse(1 - t)
    return inverse - 1 - log_w


def _one_minus_exp(v: Tensor) -> Tensor:
    return -torch.expm1(-v)


def _identity(v: Tensor) -> Tensor:
    return v


def weighted_jensen_shannon(pi: float) -> FDivergence:
    """Jensen-Shannon divergence with weight pi on P.

    ``pi KL(P || M) + (1 - pi) KL(Q || M)`` with ``M = pi P + (1 - pi) Q``, so that
    ``f(u) = pi u log u - (1 - pi + pi u) log(1 - pi + pi u)``. It is at most the entropy of
    (pi, 1 - pi). The real output v that goes into the activation is the logit of "this sample is
    from P" if a share pi of all samples is from P.

    Args:
        pi: the weight, in (0, 1); 1/2 gives the Jensen-Shannon divergence of the table.

    Returns:
        The divergence; its name is ``weighted-jensen-shannon``.

    Raises:
        QganError: if pi is not in (0, 1).

    References:
        Lin, IEEE Trans. Inf. Theory 37, 145 (1991), eq. 4.1; Nowozin et al., table 5.

    Example:
        >>> p, q = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
        >>> round(weighted_jensen_shannon(0.25)(p, q).item(), 4)  # entropy of (1/4, 3/4)
        0.5623
    """
    if not 0 < pi < 1:
        raise errors.argument("pi", "must lie in (0, 1)", pi)
    rest, top = 1 - pi, -pi * log(pi)

    def conjugate(t: Tensor) -> Tensor:  # (1 - pi) log((1 - pi) / (1 - pi e^(t / pi)))
        return rest * (log(rest) - torch.log1p(-(t / pi + log(pi)).exp()))

    return FDivergence(
        name="weighted-jensen-shannon",
        perspective=lambda p, q: _towards_mixture(p, q, pi),
        derivative=lambda u: top + pi * logsigmoid(u.log() + log(pi / rest)),
        conjugate=conjugate,
        domain=(-inf, top),
        activation=lambda v: top + pi * logsigmoid(v),
        conjugate_at_activation=lambda v: rest * (log(rest) - logsigmoid(-v)),
        at_zero=-rest * log(rest),
        at_infinity=top,
    )


_TABLE = (
    FDivergence(
        name="total-variation",
        perspective=lambda p, q: (p - q).abs() / 2,
        derivative=lambda u: (u - 1).sign() / 2,
        conjugate=_identity,
        domain=(-0.5, 0.5),
        activation=lambda v: v.tanh() / 2,
        conjugate_at_activation=lambda v: v.tanh() / 2,
        at_zero=0.5,
        at_infinity=0.5,
    ),
    FDivergence(
        name="kl",
        perspective=lambda p, q: p * (p.log() - q.log()),
        derivative=lambda u: u.log() + 1,
        conjugate=lambda t: (t - 1).exp(),
        domain=(-inf, inf),
        activation=_identity,
        conjugate_at_activation=lambda v: (v - 1).exp(),
        at_zero=0.0,
        at_infinity=inf,
    ),
    FDivergence(
        name="reverse-kl",
        perspective=lambda p, q: q * (q.log() - p.log()),
        derivative=lambda u: -1 / u,
        conjugate=lambda t: -1 - (-t).log(),
        domain=(-inf, 0.0),
        activation=lambda v: -(-v).exp(),
        conjugate_at_activation=lambda v: v - 1,
        at_zero=inf,
        at_infinity=0.0,
    ),
    FDivergence(
        name="pearson",
        perspective=lambda p, q: ((p - q) / q.sqrt()).square(),
        derivative=lambda u: 2 * (u - 1),
        conjugate=_pearson_conjugate,
        domain=(-inf, inf),
        activation=_identity,
        conjugate_at_activation=_pearson_conjugate,
        at_zero=1.0,
        at_infinity=inf,
    ),
    FDivergence(
        name="neyman",
        perspective=lambda p, q: ((p - q) / p.sqrt()).square(),
        derivative=lambda u: 1 - u**-2,
        conjugate=lambda t: 2 - 2 * (1 - t).sqrt(),
        domain=(-inf, 1.0),
        activation=_one_minus_exp,
        conjugate_at_activation=lambda v: -2 * torch.expm1(-v / 2),
        at_zero=inf,
        at_infinity=1.0,
    ),
    FDivergence(
        name="squared-hellinger",
        perspective=lambda p, q: (p.sqrt() - q.sqrt()).square(),
        derivative=lambda u: 1 - u**-0.5,
        conjugate=lambda t: t / (1 - t),
        domain=(-inf, 1.0),
        activation=_one_minus_exp,
        conjugate_at_activation=torch.expm1,
        at_zero=1.0,
        at_infinity=1.0,
    ),
    FDivergence(
        name="jeffrey",
        perspective=lambda p, q: (p - q) * (p.log() - q.log()),
        derivative=lambda u: u.log() + 1 - 1 / u,
        conjugate=_jeffrey_conjugate,
        domain=(-inf, inf),
        activation=_identity,
        conjugate_at_activation=_jeffrey_conjugate,
        at_zero=inf,
        at_infinity=inf,
    ),
    FDivergence(
        name="jensen-shannon",
        perspective=lambda p, q: _towards_mixture(p, q, 0.5),
        derivative=lambda u: (log(2) + logsigmoid(u.log())) / 2,
        conjugate=lambda t: -(2 - (2 * t).exp()).log() / 2,
        domain=(-inf, log(2) / 2),
        activation=lambda v: (log(2) + logsigmoid(v)) / 2,
        conjugate_at_activation=lambda v: -(log(2) + logsigmoid(-v)) / 2,
        at_zero=log(2) / 2,
        at_infinity=log(2) / 2,
    ),
)
F_DIVERGENCES = {entry.name: entry for entry in _TABLE}
"""The eight divergences without a parameter, by name."""
