"""Bootstrap confidence intervals: how far a measure would stray with other states drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isnan

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

N_RESAMPLES = 200
LEVEL = 0.95


@dataclass(frozen=True)
class Measured:
    """A measure with its interval.

    Args:
        value: of the states at hand; nan where it is undefined.
        low: end of the 95 % bootstrap interval, nan where there is none.
        high: the other end.
    """

    value: float
    low: float = float("nan")
    high: float = float("nan")

    def map(self, function: Callable[[float], float]) -> Measured:
        """The measure and its interval under a monotone function."""
        if isnan(self.low):
            return Measured(function(self.value))
        return Measured(function(self.value), *sorted((function(self.low), function(self.high))))

    def at_least(self, lowest: float) -> Measured:
        """The measure with its interval cut where it cannot be."""
        if isnan(self.low):
            return self
        return Measured(self.value, max(lowest, self.low), max(lowest, self.high))


class Bootstrap:
    """Resamples of an ensemble of real and of one of generated states, drawn once for all measures.

    An interval holds the central 95 % of a measure's resampled values, shifted so that their
    mean falls on the measure itself: resampling repeats states, and what is biased by that is
    biased by it once, not twice.

    Args:
        n_real: real states.
        n_generated: generated states.
        seed: of the resampling.
        n_resamples: 0 for no intervals.

    References:
        Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13.
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

    def interval(self, value: float, resampled: Float[Tensor, " B"]) -> Measured:
        """A measure with the interval of its resampled values; nan among these are left out."""
        known = resampled.double()[~resampled.isnan()]
        if not len(known) or isnan(value):
            return Measured(value)
        ends = torch.quantile(known, torch.tensor([(1 - LEVEL) / 2, (1 + LEVEL) / 2]).double())
        shift = value - float(known.mean())
        return Measured(value, float(ends[0]) + shift, float(ends[1]) + shift)

    def mean(
        self,
        value: float,
        real: Float[Tensor, " R"] | None = None,
        generated: Float[Tensor, " G"] | None = None,
    ) -> Measured:
        """A measure that changes as the sum of the means of a score of each state does.

        For a mean this is exact; for others the scores are the measure's first-order response to
        the weight of a state, up to a constant.
        """
        total = torch.zeros(self.n_resamples, dtype=torch.float64)
        for scores, index in ((real, self.real), (generated, self.generated)):
            if scores is not None:
                total = total + self.scaled(scores, index)
        return self.interval(value, total)

    @staticmethod
    def scaled(scores: Float[Tensor, " K"], index: Int[Tensor, "B n"]) -> Float[Tensor, " B"]:
        """Means of resampled scores, of which there may be fewer than states."""
        return scores.double()[index * len(scores) // index.shape[1]].mean(1)


def counts(index: Int[Tensor, "B n"], n: int) -> Float[Tensor, "B n"]:
    """How often each of n states is in each resample."""
    zeros = torch.zeros(len(index), n, dtype=torch.float64)
    return zeros.scatter_add_(1, index, torch.ones_like(index, dtype=torch.float64))
