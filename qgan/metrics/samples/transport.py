"""Distances between samples of points in R^d, by optimal transport and by Gaussian fits."""

from __future__ import annotations

import warnings

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors

__all__ = [
    "entropic_wasserstein",
    "frechet_distance",
    "kantorovich_rubinstein",
    "line_wasserstein",
    "sample_wasserstein",
]


def _distances(
    x: Float[Tensor, "N d"], y: Float[Tensor, "M d"], norm: int = 2
) -> Float[Tensor, "N M"]:
    """Distances in double precision, without the cancellation of ``|x|^2 + |y|^2``."""
    if not len(x) or not len(y):
        raise errors.argument("x", "must hold at least one point, and so must y", "none")
    mode = "donot_use_mm_for_euclid_dist"
    distances: Tensor = torch.cdist(
        x.detach().cpu().double(), y.detach().cpu().double(), norm, mode
    )
    return distances


def _check_order(order: int | float) -> None:
    """Refuse an order below 1."""
    if not order >= 1:
        raise errors.argument("order", "must be at least 1", order)


def sample_wasserstein(
    x: Float[Tensor, "N d"], y: Float[Tensor, "M d"], order: int | float = 1, norm: int = 2
) -> float:
    """Exact p-Wasserstein distance of two samples, in which all points have equal weights.

    By duality, W_1 is the greatest difference of the means of a function whose slope is at most 1:
    the 2-norm of its gradient for Euclidean distances, the largest entry for those of the 1-norm.

    Args:
        x: N points of R^d.
        y: M points of R^d.
        order: p, at least 1.
        norm: 2 for Euclidean distances between points, 1 for sums of absolute differences.

    Returns:
        A number, at least 0.

    Raises:
        QganError: if the order is below 1, the norm is neither 1 nor 2, or a sample has no points.

    References:
        Bonneel et al., ACM Trans. Graph. 30, 158 (2011), for the solver (POT, ``ot.emd2``).

    Example:
        >>> sample_wasserstein(torch.zeros(2, 2), torch.tensor([[3.0, 4.0]]))
        5.0
        >>> sample_wasserstein(torch.zeros(2, 2), torch.tensor([[3.0, 4.0]]), norm=1)
        7.0
    """
    _check_order(order)
    if norm not in (1, 2):
        raise errors.argument("norm", "must be 1 or 2", norm)
    import ot

    cost = (_distances(x, y, norm) ** order).numpy()
    return float(max(0.0, float(ot.emd2([], [], cost, numItermax=10**7))) ** (1 / order))


def line_wasserstein(
    x: Float[Tensor, " N"], y: Float[Tensor, " M"], order: int | float = 1
) -> Float[Tensor, ""]:
    """p-Wasserstein distance of two samples on the line, in a closed form that is differentiable.

    ``W_p^p = int_0^1 |F^-1(u) - G^-1(u)|^p du``: sorted points move to sorted points.

    Args:
        x: N numbers.
        y: M numbers.
        order: p, at least 1.

    Returns:
        A number, at least 0.

    Raises:
        QganError: if the order is below 1 or a sample has no points.

    References:
        Peyre and Cuturi, Computational Optimal Transport, 2019, eq. 2.37.

    Example:
        >>> line_wasserstein(torch.tensor([0.0, 1.0]), torch.tensor([3.0, 2.0, 2.0, 3.0])).item()
        2.0
    """
    _check_order(order)
    if not len(x) or not len(y):
        raise errors.argument("x", "must hold at least one point, and so must y", "none")
    levels = [torch.arange(1, len(s) + 1, dtype=torch.float64) / len(s) for s in (x, y)]
    grid = torch.cat(levels).sort().values
    weight = torch.diff(grid, prepend=grid.new_zeros(1)).clamp_min(0)
    middle = grid - weight / 2  # inside each step, where the rounding of its ends does not matter
    steps = [
        s.sort().values[torch.searchsorted(level, middle).clamp_max(len(s) - 1).to(s.device)]
        for s, level in zip((x, y), levels, strict=True)
    ]
    costs = (steps[0] - steps[1]).abs() ** order
    total = (costs * weight.to(costs)).sum()
    none = total <= 0
    return torch.where(none, 0.0, torch.where(none, 1.0, total) ** (1 / order))


def entropic_wasserstein(
    x: Float[Tensor, "N d"],
    y: Float[Tensor, "M d"],
    regularisation: float,
    order: int | float = 1,
    n_iterations: int = 10_000,
    tolerance: float = 1e-6,
) -> float:
    """p-Wasserstein cost of the entropic plan, whose marginals are checked.

    The plan minimises ``sum pi d^p - regularisation * entropy(pi)``. Its cost
    ``(sum pi d^p)^(1/p)`` is at least the exact distance, up to the tolerance. If the
    regularisation is small, Sinkhorn's iteration can end far from any coupling, with a cost near 0
    and no more than a warning. Here that is an error.

    Args:
        x: N points of R^d.
        y: M points of R^d.
        regularisation: a positive number, in the units of d^p.
        order: p, at least 1.
        n_iterations: the most iterations of Sinkhorn's algorithm, which runs in the log domain.
        tolerance: the L1 error of the marginals that is accepted.

    Returns:
        A number, at least 0.

    Raises:
        QganError: if the marginals are not met, and as :func:`sample_wasserstein`.

    References:
        Cuturi, NIPS 2013, arXiv:1306.0895.
    """
    import ot

    _check_order(order)
    if not regularisation > 0:
        raise errors.argument("regularisation", "must be positive", regularisation)
    cost = (_distances(x, y) ** order).numpy()
    masses = [np.full(n, 1 / n) for n in cost.shape]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the marginals that it warns of are checked below
        plan = ot.sinkhorn(
            *masses, cost, regularisation, method="sinkhorn_log",
            numItermax=n_iterations, stopThr=tolerance / 10,
        )  # fmt: skip
    off = max(float(np.abs(plan.sum(1 - k) - mass).sum()) for k, mass in enumerate(masses))
    if not off <= tolerance:
        rule = f"must be large enough to converge in {n_iterations} iterations"
        got = f"{regularisation}, which left marginals off by {off:.1e}"
        raise errors.argument("regularisation", rule, got)
    return float((plan * cost).sum() ** (1 / order))


def kantorovich_rubinstein(
    critic_x: Float[Tensor, "*_"],
    critic_y: Float[Tensor, "*_"],
    x: Float[Tensor, "N d"],
    y: Float[Tensor, "M d"],
) -> float:
    """The lower bound of W_1 that a critic gives: its dual value, divided by its slope.

    ``(E_x c - E_y c) / L`` with ``L = max |c_i - c_j| / |x_i - x_j|`` over all points of both
    samples. Whatever the critic is, this is a lower bound of W_1 of the samples, since a function
    that is 1-Lipschitz on the points extends to one that is 1-Lipschitz everywhere.

    Args:
        critic_x: the values of the critic at the first sample, ``(N,)``.
        critic_y: the values of the critic at the second sample, ``(M,)``.
        x: N points of R^d.
        y: M points of R^d.

    Returns:
        A number, at most W_1; 0 for a constant critic or one that jumps between equal points.

    Raises:
        QganError: if there is not one value per point.

    References:
        Villani, Optimal Transport, 2009, remark 6.5; McShane, Bull. AMS 40, 837 (1934).

    Example:
        >>> x, y = torch.tensor([[0.0], [1.0]]), torch.tensor([[2.0], [3.0]])
        >>> kantorovich_rubinstein(-5 * x[:, 0], -5 * y[:, 0], x, y)
        2.0
    """
    for name, values, points in (("critic_x", critic_x, x), ("critic_y", critic_y, y)):
        if values.shape != (len(points),):
            rule = f"must have shape ({len(points)},)"
            raise errors.argument(name, rule, tuple(values.shape))
    values = torch.cat([critic_x, critic_y]).detach().cpu().double()
    points = torch.cat([x, y])
    rise, run = (values[:, None] - values[None, :]).abs(), _distances(points, points)
    slope = float(torch.where(rise > 0, rise / run, 0.0).max())
    gap = float(critic_x.double().mean() - critic_y.double().mean())
    return gap / slope if slope else 0.0


def frechet_distance(x: Float[Tensor, "N d"], y: Float[Tensor, "M d"]) -> Float[Tensor, ""]:
    """Squared Frechet distance of Gaussian fits to two samples of features.

    ``|m_x - m_y|^2 + Tr(S_x + S_y - 2 (S_x S_y)^(1/2))`` with the means and the unbiased
    covariances of the features. It is the FID only if the features are those of an Inception
    network; otherwise call it by the name of the features. With X and Y the centred samples,
    divided by sqrt(N - 1), the trace of the matrix root is the trace norm of ``X Y^T``, so that no
    matrix root is formed.

    Args:
        x: features ``(N, d)``, N at least 2.
        y: features ``(M, d)``, M at least 2.

    Returns:
        A number, at least 0, in double precision: W_2^2 of the Gaussian fits.

    Raises:
        QganError: if a sample has fewer than 2 points.

    References:
        Dowson and Landau, J. Multivar. Anal. 12, 450 (1982), eq. 4; Heusel et al.,
        arXiv:1706.08500, eq. 6.

    Example:
        >>> x = torch.tensor([[0.0], [2.0]])
        >>> round(frechet_distance(x, 2 * x + 1).item(), 6)  # (3 - 1)^2 + (sqrt 8 - sqrt 2)^2
        6.0
    """
    if len(x) < 2 or len(y) < 2:
        raise errors.argument("x", "must hold at least 2 points, and so must y", (len(x), len(y)))
    means = [s.double().mean(0) for s in (x, y)]
    centred = [
        (s.double() - mean) / (len(s) - 1) ** 0.5 for s, mean in zip((x, y), means, strict=True)
    ]
    if max(len(x), len(y)) > x.shape[1]:  # triangular factors of the same covariances
        centred = [torch.linalg.qr(s).R for s in centred]
    cross: Tensor = torch.linalg.svdvals(centred[0] @ centred[1].mT).sum()
    within = centred[0].square().sum() + centred[1].square().sum()
    between: Tensor = (means[0] - means[1]).square().sum()
    distance: Tensor = (between + within - 2 * cross).clamp_min(0)
    return distance
