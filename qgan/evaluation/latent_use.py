"""What turning the latents does to the hidden factors, with intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Float, Int
from torch import Tensor

from qgan.evaluation.bootstrap import N_RESAMPLES, Bootstrap, Interval, bootstrap_interval
from qgan.metrics.ensembles.angles import (
    DEGREE,
    circular_terms,
    predicted_angles,
    signed_length,
    turned_ranks,
)
from qgan.metrics.ensembles.latents import LEAST_SAMPLES, predicted_ranks
from qgan.metrics.ensembles.modes import N_BINS, factor_reached, range_bins

__all__ = ["AngleReading", "LatentUse", "latent_use"]

LEAST_GAIN = 0.1
"""The R of a factor must be greater by this if it is read as an angle that nobody said it is."""
MOST_LEFT = 0.5
"""Such a reading must leave at most this share of the variance that is unexplained without it."""


@dataclass(frozen=True)
class AngleReading:
    """How a factor that is an angle was read.

    Args:
        period: the period of the factor.
        assumed: whether the period is the range of the data, because no period was given.
        multiple_rank: R of the ranks of the factor, as if it were a number.
    """

    period: float
    assumed: bool
    multiple_rank: float

    def sentence(self) -> str:
        """The reading in words.

        Example:
            >>> AngleReading(6.2831853, True, 0.604).sentence()
            'read as an angle of period 6.283, the range of the data; as a number it has R = 0.604'
        """
        whence = ", the range of the data" if self.assumed else ""
        read = f"read as an angle of period {self.period:.4g}{whence}"
        return f"{read}; as a number it has R = {self.multiple_rank:.3f}"


@dataclass(frozen=True)
class LatentUse:
    """What turning the latents does to each hidden factor, by the factors' names.

    Args:
        spearman: the rank correlation of the factor with each latent; of an angle the circular
            one, and with a latent that is an angle as in :func:`following_correlations`.
        multiple_rank: how well all latents predict it, see :func:`multiple_rank_correlation`; for
            an angle see :func:`multiple_angle_correlation`.
        factor_reached: the share of its range that is reached, see :func:`factor_reached`.
        angles: those factors that are read as angles.
    """

    spearman: dict[str, tuple[Interval, ...]] = field(default_factory=dict)
    multiple_rank: dict[str, Interval] = field(default_factory=dict)
    factor_reached: dict[str, Interval] = field(default_factory=dict)
    angles: dict[str, AngleReading] = field(default_factory=dict)

    def by_measure(self) -> dict[str, Interval]:
        """All intervals by names of measure and factor.

        The names are ``spearman/NAME/L`` for each latent L, ``multiple_rank/NAME`` and
        ``factor_reached/NAME``.
        """
        return {
            key: one
            for name in self.spearman
            for key, one in (
                *((f"spearman/{name}/{k}", one) for k, one in enumerate(self.spearman[name])),
                (f"multiple_rank/{name}", self.multiple_rank[name]),
                (f"factor_reached/{name}", self.factor_reached[name]),
            )
        }


def latent_use(
    latent: Float[Tensor, "G L"],
    factors: Float[Tensor, "G k"],
    real_factors: Float[Tensor, "R k"],
    names: Sequence[str],
    seed: int = 0,
    n_resamples: int = N_RESAMPLES,
    periods: Sequence[float | None] = (),
    wraps: Sequence[bool] = (),
) -> LatentUse:
    """The correlations of latents with factors, and the share of each factor's range reached.

    A factor without a period is read as an angle too, whose period is the range of the data. This
    reading is kept if R is greater by ``LEAST_GAIN`` and half of the unexplained variance goes, in
    comparison with a polynomial of the same degree for its ranks.

    Args:
        latent: the latents that the generated states were made from, ``(G, n_latent)``.
        factors: the factors of the real state nearest to each generated state, ``(G, k)``.
        real_factors: the factors of all real states, ``(R, k)``.
        names: the k names of the factors.
        seed: seed of the resampling.
        n_resamples: number of resamples. Pairs of latent and factors are resampled; their ranks
            and predictions stay those of the whole ensemble.
        periods: for each factor its period if it is an angle, otherwise None; none for numbers
            only.
        wraps: whether each latent is an angle in radians; none if no latent is.

    Returns:
        The measures of each factor with their intervals.

    Raises:
        QganError: if lengths disagree or a side is empty.
    """
    index = Bootstrap(0, len(latent), seed, n_resamples).generated
    use = LatentUse()
    for k, name in enumerate(names):
        factor, real = factors[:, k : k + 1], real_factors[:, k]
        use.spearman[name], use.multiple_rank[name] = _as_number(latent, factor, index, wraps)
        period = periods[k] if periods else None
        number = use.multiple_rank[name].value
        reading = _reading(latent, factor, real, period, number, wraps)
        if reading is not None:
            use.angles[name], period = reading, reading.period
            angle = 2 * math.pi * factor / period
            use.spearman[name], use.multiple_rank[name] = _as_angle(latent, angle, index, wraps)
        bins, n_real = range_bins(factor[:, 0], real, period=period)
        value = factor_reached(factor[:, 0], real, period=period)
        use.factor_reached[name] = bootstrap_interval(value, _distinct(bins[index]) / n_real)
    return use


Measures = tuple[tuple[Interval, ...], Interval]
"""The correlation of a factor with each latent, and its R."""


def _as_number(
    latent: Float[Tensor, "G L"],
    factor: Float[Tensor, "G 1"],
    index: Int[Tensor, "B G"],
    wraps: Sequence[bool],
) -> Measures:
    """The measures of a factor that is a number, of its ranks."""
    ranks, targets, predicted = predicted_ranks(latent, factor, wraps=wraps)
    for entry, is_angle in enumerate(wraps):
        if is_angle:
            ranks[:, entry] = turned_ranks(latent[:, entry], factor)[:, 0]
    single = tuple(
        bootstrap_interval(
            float(_correlations(ranks[None, :, entry], targets[None, :, 0])),
            _correlations(ranks[:, entry][index], targets[:, 0][index]),
        )
        for entry in range(latent.shape[1])
    )
    return single, _multiple(latent, targets, predicted, index)


def _as_angle(
    latent: Float[Tensor, "G L"],
    angle: Float[Tensor, "G 1"],
    index: Int[Tensor, "B G"],
    wraps: Sequence[bool],
) -> Measures:
    """The measures of an angle in radians."""
    terms = circular_terms(latent, angle)[..., 0]
    single = tuple(
        bootstrap_interval(float(signed_length(row)), signed_length(row[:, index]))
        for row in terms.unbind(2)
    )
    vectors, predicted = predicted_angles(latent, angle, wraps=wraps)
    return single, _multiple(latent, vectors[:, 0], predicted[:, 0], index)


def _multiple(
    latent: Tensor, targets: Float[Tensor, "G c"], predicted: Tensor, index: Int[Tensor, "B G"]
) -> Interval:
    """R with its interval, from the targets and their predictions; nan where there are none."""
    if len(latent) < LEAST_SAMPLES or not latent.shape[1]:
        return Interval(math.nan)
    value = float(_correlations(predicted[None], targets[None]).clamp(0, 1))
    return bootstrap_interval(value, _correlations(predicted[index], targets[index]).clamp_min(0))


def _reading(
    latent: Tensor,
    factor: Float[Tensor, "G 1"],
    real: Float[Tensor, " R"],
    period: float | None,
    multiple_rank: float,
    wraps: Sequence[bool],
) -> AngleReading | None:
    """How a factor is read as an angle, or None where it is a number.

    Args:
        latent: the latents of G generated states.
        factor: the factor of each.
        real: the factor of all real states.
        period: its period if that is known.
        multiple_rank: R of its ranks.
        wraps: whether each latent is an angle; none if no latent is.
    """
    if period is not None:
        return AngleReading(period, False, multiple_rank)
    extent = float(real.max() - real.min()) * len(real) / max(1, len(real) - 1)
    # A higher degree explains no less: where R is great already, there is nothing to gain.
    if not multiple_rank < 1 - LEAST_GAIN or not extent > 0:
        return None
    pairs = (
        [x[:, 0] for x in predicted_angles(latent, 2 * math.pi * factor / extent, wraps=wraps)],
        predicted_ranks(latent, factor, DEGREE, wraps)[1:],
    )
    angle, rank = (float(_correlations(a[None], b[None]).clamp(0, 1)) for a, b in pairs)
    if angle < rank + LEAST_GAIN or 1 - angle**2 > MOST_LEFT * (1 - rank**2):
        return None
    return AngleReading(extent, True, multiple_rank)


def _correlations(a: Float[Tensor, "B n *c"], b: Float[Tensor, "B n *c"]) -> Float[Tensor, " B"]:
    """Pearson's correlation of each row of a with that of b; 0 where one does not vary.

    Of rows of vectors the products and the squares of all entries are added up.
    """
    a, b = ((x - x.mean(1, keepdim=True)).flatten(1) for x in (a, b))
    scale = (a.square().sum(1) * b.square().sum(1)).sqrt()
    safe = torch.where(scale > 1e-12, scale, 1.0)
    return torch.where(scale > 1e-12, (a * b).sum(1) / safe, 0.0)


def _distinct(values: Int[Tensor, "B n"]) -> Float[Tensor, " B"]:
    """The number of different values in each row, which are bins of a range."""
    marks = torch.zeros(len(values), N_BINS, dtype=torch.float64)
    return marks.scatter_(1, values, 1.0).sum(1)
