"""What turning the latents does to the hidden factors, with intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from qgan.evaluation.bootstrap import N_RESAMPLES, Bootstrap, Interval, bootstrap_interval
from qgan.metrics.ensembles.latents import (
    LEAST_SAMPLES,
    multiple_rank_correlation,
    predicted_ranks,
    rank_correlations,
)
from qgan.metrics.ensembles.modes import factor_reached, range_bins

__all__ = ["LatentUse", "latent_use"]


@dataclass(frozen=True)
class LatentUse:
    """What turning the latents does to each hidden factor, by the factors' names.

    Args:
        spearman: the rank correlation of the factor with each latent.
        multiple_rank: how well all latents predict it, see :func:`multiple_rank_correlation`.
        factor_reached: the share of its range that is reached, see :func:`factor_reached`.
    """

    spearman: dict[str, tuple[Interval, ...]]
    multiple_rank: dict[str, Interval]
    factor_reached: dict[str, Interval]

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
) -> LatentUse:
    """The correlations of latents with factors, and the share of each factor's range reached.

    Args:
        latent: the latents that the generated states were made from, ``(G, n_latent)``.
        factors: the factors of the real state nearest to each generated state, ``(G, k)``.
        real_factors: the factors of all real states, ``(R, k)``.
        names: the k names of the factors.
        seed: seed of the resampling.
        n_resamples: number of resamples. Pairs of latent and factors are resampled; their ranks
            and predictions stay those of the whole ensemble.

    Returns:
        The measures of each factor with their intervals.

    Raises:
        QganError: if lengths disagree or a side is empty.
    """
    index = Bootstrap(0, len(latent), seed, n_resamples).generated
    spearman = rank_correlations(latent, factors)
    multiple = multiple_rank_correlation(latent, factors)
    ranks, targets, predicted = predicted_ranks(latent, factors)
    use = LatentUse({}, {}, {})
    for k, name in enumerate(names):
        use.spearman[name] = tuple(
            bootstrap_interval(
                float(spearman[entry, k]),
                _correlations(ranks[:, entry][index], targets[:, k][index]),
            )
            for entry in range(latent.shape[1])
        )
        if len(latent) < LEAST_SAMPLES or not latent.shape[1]:
            use.multiple_rank[name] = Interval(float("nan"))
        else:
            resampled = _correlations(predicted[:, k][index], targets[:, k][index])
            use.multiple_rank[name] = bootstrap_interval(float(multiple[k]), resampled.clamp_min(0))
        bins, n_real = range_bins(factors[:, k], real_factors[:, k])
        value = factor_reached(factors[:, k], real_factors[:, k])
        use.factor_reached[name] = bootstrap_interval(value, _distinct(bins[index]) / n_real)
    return use


def _correlations(a: Float[Tensor, "B n"], b: Float[Tensor, "B n"]) -> Float[Tensor, " B"]:
    """Pearson's correlation of each row of a with that of b; 0 where one does not vary."""
    a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
    scale = (a.square().sum(1) * b.square().sum(1)).sqrt()
    safe = torch.where(scale > 1e-12, scale, 1.0)
    return torch.where(scale > 1e-12, (a * b).sum(1) / safe, 0.0)


def _distinct(values: Int[Tensor, "B n"]) -> Float[Tensor, " B"]:
    """The number of different values in each row."""
    ordered = values.sort(1).values
    return 1 + (ordered.diff(dim=1) != 0).sum(1).double()
