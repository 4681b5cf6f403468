"""All measures of one label's ensemble of states against the held-out ones, with intervals.

The same code judges generated states and, for the floors, training states in their place.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from qgan.evaluation.bootstrap import Bootstrap, Interval, bootstrap_interval, counts
from qgan.metrics.ensembles.covering import (
    LEAST_NEIGHBOUR,
    LEAST_SPREAD,
    average_scores,
    most_pairwise,
    neighbour_infidelities,
    spread_scores,
    thinned,
)
from qgan.metrics.ensembles.modes import effective_modes, equivalent_frozen
from qgan.metrics.ensembles.moments import overlap_matrix
from qgan.metrics.ensembles.transport import N_DRAWN, potentials
from qgan.metrics.samples.mean_discrepancy import mmd_squared, permutation_p_value
from qgan.metrics.states.distances import fidelity_matrix
from qgan.states import States, concatenate

__all__ = ["MOMENT_ORDERS", "Comparison", "Prototypes"]

NAN = float("nan")
MOMENT_ORDERS = (1, 2, 3)


@dataclass(frozen=True, eq=False)
class Prototypes:
    """The real states of a label that serve best as frozen copies.

    Args:
        states: the first few of them, in the order of choice: the modes of the label.
        coverages: the coverage that the first 1, 2, ... of all K chosen states reach.
    """

    states: States
    coverages: Float[Tensor, " K"]


@dataclass(frozen=True, eq=False)
class Comparison:
    """One ensemble of states against the held-out states of a label.

    Args:
        real: R held-out states, prepared.
        states: G states that are judged, prepared.
        fidelities: fidelities of real with judged states, ``(R, G)``.
        prototypes: the best frozen states of the label.
        n_draw: number of states per draw. Measures whose floor must carry the same sampling error
            use no more states than this, and 512 at most.
        seed: seed of draws, thinning and resampling.
        n_resamples: number of resamples of the bootstrap; 0 for no intervals.
    """

    real: States
    states: States
    fidelities: Float[Tensor, "R G"]
    prototypes: Prototypes
    n_draw: int
    seed: int
    n_resamples: int

    @cached_property
    def bootstrap(self) -> Bootstrap:
        """Resamples of all states."""
        return Bootstrap(len(self.real), len(self.states), self.seed, self.n_resamples)

    @cached_property
    def _thin(self) -> tuple[Tensor, Tensor]:
        """Places of the real and of the judged states that are used where a draw is enough."""
        sizes = len(self.real), len(self.states)
        most = min(self.n_draw, N_DRAWN)
        first, second = (thinned(n, most, self.seed) for n in sizes)
        return first, second

    def measures(self) -> dict[str, Interval]:
        """All measures by name; nan where one is undefined."""
        table = self._nearest() | self._transport() | self._spreads() | self._overlaps()
        table = table | self._modes()
        return {name: one if name == "mmd" else one.at_least(0.0) for name, one in table.items()}

    def _nearest(self) -> dict[str, Interval]:
        """Measures of the nearest state on the other side."""
        best, nearest = self.fidelities.amax(1), self.fidelities.amax(0)
        thin = self.fidelities[self._thin[0]][:, self._thin[1]].amax(1)
        thin_coverage = self.bootstrap.mean(float(thin.mean()), real=thin)
        coverages = self.prototypes.coverages
        return {
            "coverage": self.bootstrap.mean(float(best.mean()), real=best),
            "precision": self.bootstrap.mean(float(nearest.mean()), generated=nearest),
            "k_eq": thin_coverage.map(lambda value: float(equivalent_frozen(value, coverages))),
        }

    def _transport(self) -> dict[str, Interval]:
        """The Wasserstein distance of order 2."""
        second = potentials(self.fidelities[:, self._thin[1]], p=2)
        cost = self.bootstrap.mean(second.cost, second.real, second.generated)
        return {"w2": cost.map(lambda value: max(value, 0.0) ** 0.5)}

    def _spreads(self) -> dict[str, Interval]:
        """Measures of how widely each ensemble is spread, and of its average."""
        scores = average_scores(self.real, self.states)
        purity = self.states.purity()
        table = {
            "average_distance": self.bootstrap.mean(
                float(scores[0].mean() + scores[1].mean()), *scores
            ),
            "purity": self.bootstrap.mean(float(purity.mean()), generated=purity),
            "spread_ratio": Interval(NAN),
            "nearest_neighbour_ratio": Interval(NAN),
        }
        wide = [spread_scores(s) for s in (self.real, self.states)]
        if min(map(len, wide)) > 1 and float(wide[0].mean()) >= LEAST_SPREAD:
            table["spread_ratio"] = self._ratio(wide, "spread")
        n = min(len(self.real), len(self.states), *map(most_pairwise, (self.real, self.states)))
        if n > 1:
            pair = (self.real, self.states)
            near = [neighbour_infidelities(s[thinned(len(s), n, self.seed)]) for s in pair]
            if float(near[0].median()) >= LEAST_NEIGHBOUR:
                table["nearest_neighbour_ratio"] = self._ratio(near, "median")
        return table

    def _ratio(self, scores: list[Tensor], kind: str) -> Interval:
        """The ratio of a measure of judged states to that of real ones.

        Args:
            scores: a score of each real and of each judged state.
            kind: "median" for the median of the scores, "spread" for a mean over pairs.
        """
        sizes = Bootstrap(len(scores[0]), len(scores[1]), self.seed, self.n_resamples)
        centres, resamples = [], []
        for score, index in zip(scores, (sizes.real, sizes.generated), strict=True):
            if kind == "median":
                centres.append(float(score.median()))
                resamples.append(score[index].median(1).values)
            else:  # a mean over pairs responds twice to each state
                centres.append(float(score.mean()))
                resamples.append(2 * score[index].mean(1) - centres[-1])
        safe = torch.where(resamples[0] > 0, resamples[0], NAN)
        return bootstrap_interval(centres[1] / centres[0], resamples[1] / safe)

    def _overlaps(self) -> dict[str, Interval]:
        """The MMD with kernel ``Tr[rho sigma]^2``, and the distances of the k-copy moments."""
        parts = [s[k] for s, k in zip((self.real, self.states), self._thin, strict=True)]
        n, m = map(len, parts)
        if min(n, m) < 2:
            return {"mmd": Interval(NAN), "mmd_p_value": Interval(NAN)} | {
                f"moment_{k}": Interval(NAN) for k in MOMENT_ORDERS
            }
        both = concatenate(parts)
        overlaps = overlap_matrix(both, both)
        index = Bootstrap(n, m, self.seed, self.n_resamples)
        weights = counts(index.real, n), counts(index.generated, m)
        table = {"mmd_p_value": Interval(permutation_p_value(overlaps**2, n, seed=self.seed))}
        for k in MOMENT_ORDERS:
            kernel = overlaps**k
            distances = _mmd(kernel, weights, unbiased=False).clamp_min(0).sqrt()
            value = float(mmd_squared(kernel, n, unbiased=False).clamp_min(0).sqrt())
            table[f"moment_{k}"] = bootstrap_interval(value, distances)
            if k == 2:
                resampled = _mmd(kernel, weights, unbiased=True)
                table["mmd"] = bootstrap_interval(float(mmd_squared(kernel, n)), resampled)
        return table

    def _modes(self) -> dict[str, Interval]:
        """Effective modes of both ensembles, from the prototype nearest to each state."""
        modes = self.prototypes.states
        table = {}
        for name, states, index in (
            ("effective_modes", self.states, self.bootstrap.generated),
            ("effective_modes_real", self.real, self.bootstrap.real),
        ):
            place = fidelity_matrix(states, modes).argmax(1)
            table[name] = bootstrap_interval(
                float(effective_modes(place, len(modes))),
                effective_modes(place[index], len(modes)),
            )
        return table


def _mmd(kernel: Tensor, weights: tuple[Tensor, Tensor], unbiased: bool) -> Tensor:
    """The squared MMD of each resample.

    Args:
        kernel: ``(n + m, n + m)``, between all states of both ensembles.
        weights: how often each state is in each resample, ``(B, n)`` and ``(B, m)``.
        unbiased: leave out the pairs of a state with itself, also where it is drawn twice.
    """
    first, second = weights
    n, m = first.shape[1], second.shape[1]
    parts = []
    for count, within in ((first, kernel[:n, :n]), (second, kernel[n:, n:])):
        block = within.clone().fill_diagonal_(0.0) if unbiased else within
        pairs = count.sum(1).square() - (count.square().sum(1) if unbiased else 0)
        parts.append(((count @ block) * count).sum(1) / pairs)
    across = ((first @ kernel[:n, n:]) * second).sum(1) / (n * m)
    return parts[0] + parts[1] - 2 * across
