"""Bootstrap confidence intervals: how far a measure would stray if other states had been drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isnan, nan

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

__all__ = ["N_RESAMPLES", "Bootstrap", "Interval", "bootstrap_interval", "counts"]

N_RESAMPLES = 200
LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A value with a confidence interval.

    Args:
        value: the value; nan where it is undefined.
        low: the lower end of the 95 % interval; nan where there is none.
        high: the upper end; nan where there is none.

    Example:
        >>> print(Interval(0.9, 0.85, 0.95), Interval(0.9), Interval(nan))
        0.9000 [0.8500, 0.9500] 0.9000 -
    """

    value: float
    low: float = nan
    high: float = nan

    def __str__(self) -> str:
        if isnan(self.value):
            return "-"
        if isnan(self.low):
            return f"{self.value:.4f}"
        return f"{self.value:.4f} [{self.low:.4f}, {self.high:.4f}]"

    def map(self, function: Callable[[float], float]) -> Interval:
        """The value and both ends under a monotone function."""
        if isnan(self.low):
            return Interval(function(self.value))
        return Interval(function(self.value), *sorted((function(self.low), function(self.high))))

    def at_least(self, lowest: float) -> Interval:
        """The same value, with both ends raised to the lowest value that is possible."""
        if isnan(self.low):
            return self
        return Interval(self.value, max(lowest, self.low), max(lowest, self.high))


def bootstrap_interval(value: float, resampled: Float[Tensor, " B"]) -> Interval:
    """The interval that holds the central 95 % of a measure's values on the resamples.

    It is shifted so that the mean of these values falls on the measure itself: resampling repeats
    states, and a measure that is biased by repetition is then biased by it once, not twice.

    Args:
        value: the measure of the states at hand.
        resampled: the measure of each resample; values that are nan are left out.

    Returns:
        The measure with its interval; without one where the measure or all resamples are nan.

    References:
        Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13.
    """
    known = resampled.double()[~resampled.isnan()]
    if not len(known) or isnan(value):
        return Interval(value)
    ends = torch.quantile(known, torch.tensor([(1 - LEVEL) / 2, (1 + LEVEL) / 2]).double())
    shift = value - float(known.mean())
    return Interval(value, float(ends[0]) + shift, float(ends[1]) + shift)


class Bootstrap:
    """Resamples of an ensemble of real and of one of generated states, drawn once for all measures.

    Args:
        n_real: number of real states.
        n_generated: number of generated states.
        seed: seed of the resampling.
        n_resamples: number of resamples; 0 for no intervals.
    """

    def __init__(
        self, n_real: int, n_generated: int, seed: int = 0, n_resamples: int = N_RESAMPLES
    ) -> None:
        rng = np.random.default_rng(seed)
        sizes = (n_real, n_generated)
        self.n_resamples = n_resamples
        self.real, self.generated = (
            torch.as_tensor(rng.integers(max(1, n), size=(n_resamples, n))) for n in sizes
        )

    def mean(
        self,
        value: float,
        real: Float[Tensor, " R"] | None = None,
        generated: Float[Tensor, " G"] | None = None,
    ) -> Interval:
        """The interval of a measure whose change is that of a mean of scores of single states.

        For a mean this is exact. For other measures the scores are the first-order response of
        the measure to the weight of each state, up to a constant.

        Args:
            value: the measure of the states at hand.
            real: the score of each real state; None if the measure does not depend on these.
            generated: the score of each generated state, or None.

        Returns:
            The measure with its interval, from the sum of both means on each resample.
        """
        total = torch.zeros(self.n_resamples, dtype=torch.float64)
        for scores, index in ((real, self.real), (generated, self.generated)):
            if scores is not None:
                total = total + self.resampled_means(scores, index)
        return bootstrap_interval(value, total)

    @staticmethod
    def resampled_means(
        scores: Float[Tensor, " K"], index: Int[Tensor, "B n"]
    ) -> Float[Tensor, " B"]:
        """The mean score of each resample.

        Where there are fewer scores than states, places are scaled down to the number of scores.
        """
        if len(scores) != index.shape[1]:
            index = index * len(scores) // index.shape[1]
        return scores.double()[index].mean(1)


def counts(index: Int[Tensor, "B n"], n: int) -> Float[Tensor, "B n"]:
    """How often each of n states is in each resample."""
    zeros = torch.zeros(len(index), n, dtype=torch.float64)
    return zeros.scatter_add_(1, index, torch.ones_like(index, dtype=torch.float64))
