"""Exact metrics of distributions on finite metric spaces and on points of the line."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.metrics.distributions._probabilities import check_pair
from qgan.rounding import within

__all__ = [
    "discrepancy",
    "discrete_wasserstein",
    "kolmogorov",
    "levy",
    "line_discrepancy",
    "prokhorov",
    "separation",
]


def separation(p: Float[Tensor, "*batch K"], q: Float[Tensor, "*_"]) -> Float[Tensor, "*batch"]:
    """Separation, ``max_x (1 - p / q)`` over the support of q. It is not symmetric.

    Args:
        p: probabilities ``(..., K)``.
        q: probabilities ``(..., K)``.

    Returns:
        ``(...)`` in [0, 1].

    Raises:
        QganError: as :func:`f_divergence`.

    References:
        Gibbs and Su, Int. Stat. Rev. 70, 419 (2002), sec. 2.
    """
    check_pair(p, q)
    ratio = torch.where(q > 0, p, 1.0) / torch.where(q > 0, q, 1.0)
    return within((1 - ratio).amax(-1), 0.0, 1.0)


def kolmogorov(
    p: Float[Tensor, " K"], q: Float[Tensor, "*_"], position: Float[Tensor, " K"]
) -> Float[Tensor, ""]:
    """Kolmogorov's metric on the real line, ``max_x |P(X <= x) - Q(X <= x)|``.

    Args:
        p: probabilities ``(K,)``.
        q: probabilities ``(K,)``.
        position: the K points on the line, all different, in any order.

    Returns:
        A number in [0, 1].

    Raises:
        QganError: if points coincide, and as :func:`f_divergence`.
    """
    _, left, right = _sorted(p, q, position)
    return within((left - right).abs().max(), 0.0, 1.0)


def levy(
    p: Float[Tensor, " K"], q: Float[Tensor, "*_"], position: Float[Tensor, " K"]
) -> Float[Tensor, ""]:
    """Levy's metric of distributions on the line.

    It is the least eps with ``G(x - eps) - eps <= F(x) <= G(x + eps) + eps`` for all x, where F and
    G are the distribution functions. At a point x the second inequality holds for every eps of at
    least ``min_{y >= x} max(y - x, F(x) - G(y))``. The first inequality is the second one with F
    and G exchanged.

    Args:
        p: probabilities ``(K,)``.
        q: probabilities ``(K,)``.
        position: the K points on the line, all different.

    Returns:
        A number in [0, 1].

    Raises:
        QganError: as :func:`kolmogorov`.

    Example:
        >>> p, q = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
        >>> [round(levy(p, q, torch.tensor([0.0, x])).item(), 2) for x in (0.25, 5.0)]
        [0.25, 1.0]
    """
    place, left, right = _sorted(p, q, position)
    shift = place[None, :] - place[:, None]
    bounds = []
    for one, other in ((left, right), (right, left)):
        least = torch.maximum(shift, one[:, None] - other[None, :])
        bounds.append(torch.where(shift >= 0, least, torch.inf).amin(1).max())
    return within(torch.stack(bounds).max(), 0.0, 1.0)


def line_discrepancy(
    p: Float[Tensor, " K"], q: Float[Tensor, "*_"], position: Float[Tensor, " K"]
) -> Float[Tensor, ""]:
    """Discrepancy on the line, ``max_B |P(B) - Q(B)|`` over closed intervals B.

    The closed balls of the line are all intervals, wherever they are centred. The K points alone,
    as a space of their own, have fewer balls: :func:`discrepancy` takes those, and may be less.

    Args:
        p: probabilities ``(K,)``.
        q: probabilities ``(K,)``.
        position: the K points on the line, all different.

    Returns:
        A number in [0, 1].

    Raises:
        QganError: as :func:`kolmogorov`.

    References:
        Gibbs and Su, Int. Stat. Rev. 70, 419 (2002), sec. 2.

    Example:
        >>> p, q = torch.tensor([0.5, 0.0, 0.0, 0.5]), torch.tensor([0.0, 0.5, 0.5, 0.0])
        >>> place = torch.tensor([0.0, 1.0, 1.1, 5.0])
        >>> line_discrepancy(p, q, place).item()
        1.0
    """
    _, left, right = _sorted(p, q, position)
    below = torch.nn.functional.pad(left - right, (1, 0))  # what lies left of an interval
    return within(below.max() - below.min(), 0.0, 1.0)


def discrepancy(
    p: Float[Tensor, " K"], q: Float[Tensor, "*_"], distance: Float[Tensor, "K K"]
) -> Float[Tensor, ""]:
    """Discrepancy, ``max_B |P(B) - Q(B)|`` over the closed balls B of a finite space.

    A ball has one of the K points as its centre; on the line see :func:`line_discrepancy`.

    Args:
        p: probabilities ``(K,)``.
        q: probabilities ``(K,)``.
        distance: the distances between the K points, ``(K, K)``.

    Returns:
        A number in [0, 1].

    Raises:
        QganError: if ``distance`` is not ``(K, K)`` and symmetric, and as :func:`f_divergence`.
    """
    _check_space(p, q, distance)
    order = distance.argsort(dim=1, stable=True)
    radius, mass = distance.gather(1, order), (p - q)[order].cumsum(1)
    # A ball takes in all points at its radius: only the last of equal radii ends one.
    ends = torch.cat([radius[:, 1:] > radius[:, :-1], torch.ones_like(radius[:, :1]).bool()], dim=1)
    return within(torch.where(ends, mass.abs(), 0.0).max(), 0.0, 1.0)


def discrete_wasserstein(
    p: Float[Tensor, " K"],
    q: Float[Tensor, "*_"],
    distance: Float[Tensor, "K K"],
    order: int | float = 1,
) -> float:
    """Exact Wasserstein distance on a finite space: ``(min_pi sum pi_xy d_xy^order)^(1/order)``.

    Args:
        p: probabilities ``(K,)``.
        q: probabilities ``(K,)``.
        distance: the distances between the K points, ``(K, K)``.
        order: the order, at least 1.

    Returns:
        A number, at least 0.

    Raises:
        QganError: if the order is below 1, and as :func:`discrepancy`.
    """
    if not order >= 1:
        raise errors.argument("order", "must be at least 1", order)
    _check_space(p, q, distance)
    return float(max(0.0, _transport_cost(p, q, distance.double() ** order)) ** (1 / order))


def prokhorov(
    p: Float[Tensor, " K"], q: Float[Tensor, "*_"], distance: Float[Tensor, "K K"]
) -> float:
    """Prokhorov's metric on a finite space.

    It is the least eps with ``P(A) <= Q(A^eps) + eps`` for all events A. By Strassen's theorem it
    is also the least eps for which a coupling moves at most a mass eps farther than eps. Let m(r)
    be the least mass that must move farther than r, the solution of a transport problem. Then the
    metric is ``min_r max(r, m(r))`` over the distances r. Since m decreases, bisection finds where
    it crosses r.

    Args:
        p: probabilities ``(K,)``.
        q: probabilities ``(K,)``.
        distance: the distances between the K points, ``(K, K)``.

    Returns:
        A number in [0, 1].

    Raises:
        QganError: as :func:`discrepancy`.

    References:
        Strassen, Ann. Math. Stat. 36, 423 (1965), theorem 11.

    Example:
        >>> p, q = torch.tensor([1.0, 0.0]), torch.tensor([0.75, 0.25])
        >>> prokhorov(p, q, torch.tensor([[0.0, 3.0], [3.0, 0.0]]))
        0.25
    """
    _check_space(p, q, distance)
    exact = distance.detach().cpu().double()
    radii = sorted({0.0, *exact.flatten().tolist()})

    def far(k: int) -> float:
        return max(0.0, _transport_cost(p, q, (exact > radii[k]).double()))

    low, high = 0, len(radii) - 1  # they enclose the first r with m(r) <= r; m is 0 at the last r
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if far(middle) <= radii[middle] else (middle + 1, high)
    return min(1.0, radii[low], far(low - 1)) if low else 0.0


def _sorted(p: Tensor, q: Tensor, position: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The points in order, and both distribution functions at them."""
    check_pair(p, q)
    place, order = position.sort()
    if position.shape != p.shape or bool((place.diff() <= 0).any()):
        rule = f"must be {p.shape[-1]} different points"
        raise errors.argument("position", rule, position.tolist()[:8])
    return place, p[order].cumsum(0), q[order].cumsum(0)


def _check_space(p: Tensor, q: Tensor, distance: Tensor) -> None:
    """Refuse distributions and distances that do not belong to one finite metric space."""
    check_pair(p, q)
    if distance.shape != (p.shape[-1], p.shape[-1]) or not torch.allclose(distance, distance.T):
        rule = f"must be symmetric, of shape ({p.shape[-1]}, {p.shape[-1]})"
        raise errors.argument("distance", rule, f"shape {tuple(distance.shape)}")


def _transport_cost(p: Tensor, q: Tensor, cost: Tensor) -> float:
    """The least cost of moving P onto Q, by the network simplex of POT."""
    import ot

    masses = [x.detach().cpu().double().numpy() for x in (p, q)]
    masses = [x / x.sum() for x in masses]
    matrix = np.ascontiguousarray(cost.detach().cpu().double().numpy())
    return float(ot.emd2(*masses, matrix, numItermax=10**7))
