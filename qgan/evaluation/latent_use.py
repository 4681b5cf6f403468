"""What turning the latents does to the hidden factors, with intervals."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from qgan.evaluation.bootstrap import N_RESAMPLES, Bootstrap, Measured
from qgan.metrics.ensembles.latents import (
    LEAST_SAMPLES,
    multiple_rank_correlation,
    predicted_ranks,
    rank_correlations,
)
from qgan.metrics.ensembles.modes import factor_reached, range_bins


def latent_use(
    latent: Float[Tensor, "G L"],
    factors: Float[Tensor, "G k"],
    real_factors: Float[Tensor, "R k"],
    names: Sequence[str],
    seed: int = 0,
    n_resamples: int = N_RESAMPLES,
) -> dict[str, Measured]:
    """Correlation of latents with factors, and the share of the factors' ranges reached.

    Args:
        latent: what the generated states were made from.
        factors: of the real state nearest to each.
        real_factors: of the data.
        names: k names of factors.
        seed: of the resampling.
        n_resamples: of the bootstrap; ranks and predictions are held, pairs are resampled.

    Returns:
        ``spearman/NAME/L`` for each latent L, ``multiple_rank/NAME`` (see
        :func:`multiple_rank_correlation`) and ``factor_reached/NAME`` (see
        :func:`factor_reached`) of each factor.

    Raises:
        QganError: if lengths disagree or a side is empty.
    """
    bootstrap = Bootstrap(0, len(latent), seed, n_resamples)
    index = bootstrap.generated
    spearman = rank_correlations(latent, factors)
    multiple = multiple_rank_correlation(latent, factors)
    ranks, targets, predicted = predicted_ranks(latent, factors)
    found: dict[str, Measured] = {}
    for k, name in enumerate(names):
        for entry in range(latent.shape[1]):
            resampled = _correlations(ranks[:, entry][index], targets[:, k][index])
            value = float(spearman[entry, k])
            found[f"spearman/{name}/{entry}"] = bootstrap.interval(value, resampled)
        if len(latent) < LEAST_SAMPLES or not latent.shape[1]:
            found[f"multiple_rank/{name}"] = Measured(float("nan"))
        else:
            resampled = _correlations(predicted[:, k][index], targets[:, k][index])
            value = float(multiple[k])
            found[f"multiple_rank/{name}"] = bootstrap.interval(value, resampled.clamp_min(0))
        parts, occupied = range_bins(factors[:, k], real_factors[:, k])
        value = factor_reached(factors[:, k], real_factors[:, k])
        reached = _distinct(parts[index]) / occupied
        found[f"factor_reached/{name}"] = bootstrap.interval(value, reached)
    return found


def _correlations(a: Float[Tensor, "B n"], b: Float[Tensor, "B n"]) -> Float[Tensor, " B"]:
    """Pearson correlation of each row; 0 where one does not vary."""
    a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
    scale = (a.square().sum(1) * b.square().sum(1)).sqrt()
    safe = torch.where(scale > 1e-12, scale, 1.0)
    return torch.where(scale > 1e-12, (a * b).sum(1) / safe, 0.0)


def _distinct(values: Int[Tensor, "B n"]) -> Float[Tensor, " B"]:
    """Different values in each row."""
    ordered = values.sort(1).values
    return 1 + (ordered.diff(dim=1) != 0).sum(1).double()
