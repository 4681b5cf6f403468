"""How well latents turn a hidden factor that is an angle, which no correlation of ranks can say.

An angle has no least and no largest value: wherever its circle is cut, a factor that follows a
latent through the cut jumps from one end of its range to the other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from qgan import errors
from qgan.metrics.ensembles.latents import (
    LEAST_SAMPLES,
    cross_validated,
    predictors,
    rank_correlations,
    scaled_ranks,
)

__all__ = [
    "DEGREE",
    "circular_rank_correlations",
    "circular_terms",
    "following_correlations",
    "multiple_angle_correlation",
    "predicted_angles",
    "signed_length",
    "turned_ranks",
]

DEGREE = 6
"""The degree of the polynomials that predict cosine and sine; it suffices for two whole turns."""


def circular_terms(
    latent: Float[Tensor, "_ L"], angle: Float[Tensor, "_ k"]
) -> Complex[Tensor, "2 _ L k"]:
    """What :func:`circular_rank_correlations` averages: ``exp(i (a -+ b))`` of circular ranks.

    Args:
        latent: the latents of N generated states, ``(N, n_latent)``.
        angle: angles in radians, ``(N, k)``.

    Raises:
        QganError: if the shapes disagree.
    """
    _check(latent, angle)
    turn, n = 2 * math.pi, len(latent)
    ranks = [torch.as_tensor(scaled_ranks(x)) for x in (latent, angle.remainder(turn))]
    b, a = (turn / n * (r + 1) / 2 * (n - 1) for r in ranks)
    a, b = a[:, None, :], b[:, :, None]
    return torch.stack([torch.polar(torch.ones_like(x), x) for x in (a - b, a + b)])


def signed_length(
    terms: Complex[Tensor, "2 *batch N"],
) -> Float[Tensor, "*batch"]:
    """The longer of both mean vectors, negative where it is the second one."""
    forth, back = terms.mean(-1).abs()
    return torch.where(forth >= back, forth, -back)


def circular_rank_correlations(
    latent: Float[Tensor, "_ L"], angle: Float[Tensor, "_ k"]
) -> Float[Tensor, "L k"]:
    """Mardia's circular rank correlation of each latent with each angle.

    ``max(|mean_i exp(i (a_i - b_i))|, |mean_i exp(i (a_i + b_i))|)`` with the circular ranks
    ``a_i = 2 pi rank(angle_i) / N`` and ``b_i = 2 pi rank(z_i) / N``. It is negative where the
    second mean is longer, so that the angle turns against the latent. It does not depend on where
    the circle is cut, and like Spearman's correlation on no monotone map.

    Args:
        latent: the latents of N generated states, ``(N, n_latent)``.
        angle: angles in radians of the real states nearest to these, ``(N, k)``.

    Returns:
        ``(n_latent, k)`` in [-1, 1]; 0 where a column does not vary, about ``1 / sqrt(N)`` where
        the latent says nothing.

    Raises:
        QganError: if the shapes disagree.

    References:
        Mardia and Jupp, Directional Statistics, 2000, sec. 11.2.2.

    Example:
        >>> z = torch.linspace(-1, 0.98, 100)[:, None]
        >>> circular_rank_correlations(z, 2 - 3.14 * z).round(decimals=6).tolist()
        [[-1.0]]
    """
    return signed_length(circular_terms(latent, angle).movedim(1, -1))


def predicted_angles(
    latent: Float[Tensor, "_ L"],
    angle: Float[Tensor, "_ k"],
    degree: int = DEGREE,
    wraps: Sequence[bool] = (),
) -> tuple[Float[Tensor, "_ k 2"], Float[Tensor, "_ k 2"]]:
    """Cosine and sine of each angle, and their predictions from the ranks of the latents.

    Args:
        latent: the latents of N generated states, ``(N, n_latent)``.
        angle: angles in radians, ``(N, k)``.
        degree: the degree of the polynomials, see :func:`multiple_angle_correlation`.
        wraps: whether each latent is an angle itself; empty if none is.

    Returns:
        The vectors ``(N, k, 2)`` and their predictions, zero for fewer than 20 samples.
    """
    vectors = torch.stack([angle.double().cos(), angle.double().sin()], dim=2)
    if len(latent) < LEAST_SAMPLES:
        return vectors, torch.zeros_like(vectors)
    predictions = cross_validated(predictors(latent, wraps), vectors.flatten(1).numpy(), degree)
    return vectors, torch.as_tensor(predictions).reshape(vectors.shape)


def multiple_angle_correlation(
    latent: Float[Tensor, "_ L"],
    angle: Float[Tensor, "_ k"],
    degree: int = DEGREE,
    wraps: Sequence[bool] = (),
) -> Float[Tensor, " k"]:
    """How well all latents together predict each angle, with no credit for chance.

    ``R = max(0, corr((cos a, sin a), q(rank z)))``. The correlation is that of vectors: products
    and squares of both entries are added up. The polynomials q are least-squares fits with
    cross-validation, as in :func:`multiple_rank_correlation`.

    Args:
        latent: the latents of N generated states, ``(N, n_latent)``.
        angle: angles in radians of the real states nearest to these, ``(N, k)``.
        degree: the total degree of the polynomials, at least 1.
        wraps: whether each latent is an angle itself; empty if none is.

    Returns:
        ``(k,)`` in [0, 1]; nan for fewer than 20 samples.

    Raises:
        QganError: if the shapes disagree or the degree is below 1.

    Example:
        >>> z = torch.linspace(-1, 1, 200)[:, None]
        >>> round(multiple_angle_correlation(z, 3.14 * z).item(), 3)
        1.0
    """
    degree = errors.integer("degree", degree, least=1)
    _check(latent, angle)
    if len(latent) < LEAST_SAMPLES:
        return torch.full((angle.shape[1],), torch.nan, dtype=torch.float64)
    vectors, predictions = (x - x.mean(0) for x in predicted_angles(latent, angle, degree, wraps))
    scale = (vectors.square().sum((0, 2)) * predictions.square().sum((0, 2))).sqrt()
    safe = torch.where(scale > 1e-12, scale, torch.inf)
    return ((vectors * predictions).sum((0, 2)) / safe).clamp(0, 1)


def turned_ranks(angle: Float[Tensor, " _"], factors: Float[Tensor, "_ k"]) -> Float[Tensor, "_ k"]:
    """The ranks of factors as an angle gives them best: ``a + b cos(angle) + c sin(angle)``.

    Args:
        angle: a latent in radians, ``(N,)``.
        factors: factors that are numbers, ``(N, k)``.
    """
    angle = angle.detach().cpu().double()
    design = torch.stack([torch.ones_like(angle), angle.cos(), angle.sin()], 1)
    ranks = torch.as_tensor(scaled_ranks(factors))
    fit: Tensor = design @ torch.linalg.lstsq(design, ranks, driver="gelsd").solution
    return fit


def following_correlations(
    latent: Float[Tensor, "_ L"],
    factors: Float[Tensor, "_ k"],
    wraps: Sequence[bool] = (),
    periods: Sequence[float | None] = (),
) -> Float[Tensor, "L k"]:
    """How closely each factor follows each latent, where either may be an angle.

    Of two numbers it is Spearman's correlation. Where the factor is an angle it is the circular
    rank correlation. Where only the latent is one, it is the correlation of the factor's ranks with
    ``b cos z + c sin z`` at its best, which has no sign.

    Args:
        latent: the latents of N generated states, ``(N, n_latent)``.
        factors: the factors of the real states nearest to these, ``(N, k)``.
        wraps: whether each latent is an angle in radians; empty if none is.
        periods: for each factor its period if it is an angle, otherwise None; empty if none is.

    Returns:
        ``(n_latent, k)`` in [-1, 1]; 0 where a column does not vary.

    Raises:
        QganError: if the shapes disagree.

    Example:
        >>> z = torch.linspace(0, 6.2, 100)[:, None]
        >>> following_correlations(z, z.cos(), wraps=(True,)).round(decimals=1).tolist()
        [[1.0]]
    """
    correlations = rank_correlations(latent, factors)
    for entry, is_angle in enumerate(wraps):
        if is_angle:
            fit = turned_ranks(latent[:, entry], factors)
            ranks = torch.as_tensor(scaled_ranks(factors))
            correlations[entry] = _correlation(fit, ranks)
    for k, period in enumerate(periods):
        if period is not None:
            angle = 2 * math.pi * factors[:, k : k + 1] / period
            correlations[:, k] = circular_rank_correlations(latent, angle)[:, 0]
    return correlations


def _correlation(a: Float[Tensor, "_ k"], b: Float[Tensor, "_ k"]) -> Float[Tensor, " k"]:
    """Pearson's correlation of each column of a with that of b; 0 where one does not vary."""
    a, b = a - a.mean(0), b - b.mean(0)
    scale = (a.square().sum(0) * b.square().sum(0)).sqrt()
    return torch.where(scale > 1e-12, (a * b).sum(0) / scale.clamp_min(1e-12), 0.0)


def _check(latent: Tensor, angle: Tensor) -> None:
    """Refuse latents and angles that are not of the same states."""
    if latent.ndim != 2 or angle.ndim != 2 or len(latent) != len(angle):
        rule = f"must have shape (N, n_latent) with N = {len(angle)} of the angles"
        raise errors.argument("latent", rule, tuple(latent.shape))
