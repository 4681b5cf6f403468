"""The estimator of skill: W, W0 and W1 as means over draws of one size, and their common error.

Real and generated states are drawn in disjoint groups of 512. W is averaged over pairs of a group
of held-out and a group of generated states; W0 over pairs of a group of held-out states with
another one and with a group of training states. Each pair holds independent states, so that both
means are unbiased for any number of states from 512 on. Since W and W0 share the held-out states,
what these add to both by chance falls out of the difference. With fewer states groups are as large
as the states allow; a small group hides more of a generator's error, and the interval is longer
below by as much as that could be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from qgan.evaluation.bootstrap import Interval
from qgan.metrics.ensembles.covering import ensemble_average, prepare, top_eigenstate
from qgan.metrics.ensembles.transport import (
    LEAST_RANGE,
    N_DRAWN,
    MeanTransport,
    mean_transport,
    skill,
)
from qgan.metrics.states.distances import fidelity_matrix
from qgan.states import States, concatenate

__all__ = ["STANDARD_ERRORS", "Judged", "Scale"]

MOST_GROUPS = 8
"""Groups of held-out states: 4096 of them in all."""
LEAST_PAIRS = 4
"""Pairs that W and W0 are averaged over where there are states for them."""
LEAST_DISTANCE, LEAST_GAP = 1e-6, 1e-3
"""The least distance and gap of eigenvalues that a derivative is divided by."""
STANDARD_ERRORS = 1.96
"""Half the length of a 95 % interval."""


@dataclass(frozen=True)
class Judged:
    """What the generated states of a label are worth.

    Args:
        skill: skill, with its interval.
        w: the distance from the held-out states, with its interval.
        n_generated: the number of generated states.
    """

    skill: Interval
    w: Interval
    n_generated: int


@dataclass(frozen=True, eq=False)
class Scale:
    """The scale on which the distance of generated from held-out states is read.

    Args:
        held_out: the M held-out states, prepared.
        groups: the places of the held-out states of each group.
        w0: the floor, between groups of held-out states and other groups of real states.
        floor_scores: the scores of W0 that belong to held-out states, ``(M,)``.
        other_scores: the scores of W0 that belong to other states.
        w1: ``mean_i sqrt(1 - F(rho_i, sigma))`` of the best single state sigma: the top
            eigenvector of the held-out average, or, for mixed held-out states only, that
            average itself where it is nearer.
        w1_pure: the same mean for the top eigenvector, even where the average is nearer.
        single_scores: the scores of W1, ``(M,)``: how it answers to each held-out state.
        collapsed_coverage: the best coverage that one of these single states reaches.
        seed: seed of the draws.
        repeated: whether the held-out states are training states again.
    """

    held_out: States
    groups: tuple[Tensor, ...]
    w0: float
    floor_scores: Float[Tensor, " M"]
    other_scores: Float[Tensor, " N"]
    w1: float
    w1_pure: float
    single_scores: Float[Tensor, " M"]
    collapsed_coverage: float
    seed: int = 0
    repeated: bool = False

    @classmethod
    def of(
        cls,
        train: States,
        held_out: States,
        n_generated: int,
        seed: int = 0,
        repeated: bool = False,
    ) -> Scale:
        """The scale of a label.

        Args:
            train: N training states, prepared.
            held_out: M held-out states, prepared.
            n_generated: number of generated states that will be judged; a group is no larger.
            seed: seed of the draws.
            repeated: whether the held-out states are training states again. Skill is then
                undefined, since a copy of them would have the best.
        """
        n_held_out, n_others = len(held_out), len(train)
        size = max(1, min(N_DRAWN, n_generated, n_held_out, (n_held_out + n_others) // 2))
        rng = np.random.default_rng(seed)
        places = torch.as_tensor(rng.permutation(n_held_out))
        groups = _groups(places, size)[:MOST_GROUPS]
        rest = torch.cat([places[size * len(groups) :], n_held_out + torch.arange(len(train))])
        partners = _groups(rest[torch.as_tensor(rng.permutation(len(rest)))], size)
        pairs = list(pairwise(groups))
        if len(groups) > 2:
            pairs.append((groups[-1], groups[0]))
        if partners:
            pairs += _pairs(groups, partners)
        real = concatenate([held_out, train])
        floor = mean_transport(real, real, pairs)
        scores = floor.first + floor.second
        _, top = top_eigenstate(held_out)
        fidelities = [fidelity_matrix(held_out, top)[:, 0]]
        if not held_out.is_pure:
            fidelities.append(fidelity_matrix(held_out, ensemble_average(held_out))[:, 0])
        distances = [(1 - one).clamp_min(0).sqrt() for one in fidelities]
        means = [float(one.mean()) for one in distances]
        nearest = distances[means.index(min(means))]
        single_scores = (nearest - nearest.mean()) / n_held_out
        if nearest is distances[0]:
            single_scores = single_scores + _eigenstate_scores(held_out, nearest)
        return cls(
            held_out=held_out,
            groups=groups,
            w0=floor.distance,
            floor_scores=scores[:n_held_out],
            other_scores=scores[n_held_out:],
            w1=min(means),
            w1_pure=means[0],
            single_scores=single_scores,
            collapsed_coverage=max(float(one.mean()) for one in fidelities),
            seed=seed,
            repeated=repeated,
        )

    @property
    def size(self) -> int:
        """Number of states in each group; 512 where the states allow it."""
        return len(self.groups[0])

    @property
    def n_judging(self) -> int:
        """Number of held-out states that judge."""
        return self.size * len(self.groups)

    @property
    def span(self) -> float:
        """``max(W1 - W0, 0.02)``, in which distances are counted."""
        return max(self.w1 - self.w0, LEAST_RANGE)

    @property
    def undefined(self) -> str | None:
        """Why skill is undefined here, or None where it is defined."""
        if self.repeated:
            return (
                "what is held out was learned too, since there are too few states to keep any back"
            )
        if self.w1 - self.w0 >= LEAST_RANGE:
            return None
        return (
            f"W1 - W0 = {self.w1 - self.w0:.3g} is below {LEAST_RANGE}: real states of this "
            "label differ no more from one state than from each other"
        )

    def transport(self, generated: States) -> MeanTransport:
        """W between held-out and generated states, with its scores.

        Args:
            generated: G generated states. They make ``G // size`` groups, or one smaller group.
        """
        generated = prepare(generated)
        groups = _groups(torch.arange(len(generated)), min(self.size, len(generated)))
        pairs = _pairs(self.groups, groups)
        return mean_transport(self.held_out, generated, pairs)

    def judge(self, generated: States, with_intervals: bool = True) -> Judged:
        """Skill and W of generated states.

        Args:
            generated: G generated states.
            with_intervals: whether to state intervals.
        """
        w = self.transport(generated)
        half = STANDARD_ERRORS * _norm([w.first, w.second])
        distance = Interval(w.distance, max(0.0, w.distance - half), w.distance + half)
        skill_of = self.skill(w)
        if not with_intervals:
            skill_of, distance = Interval(skill_of.value), Interval(distance.value)
        return Judged(skill_of, distance, len(generated))

    def shortfall(self, w: float) -> float:
        """``(W - W0) / max(W1 - W0, 0.02)``: 1 - skill, and finite where skill is undefined."""
        return (w - self.w0) / self.span

    def skill(self, w: MeanTransport) -> Interval:
        """Skill with its 95 % interval.

        W, W0 and W1 share held-out states: the derivatives of skill add up for each of them. A
        group of n < 512 states hides at most ``W0(n) - W0(512)`` of an error, and W0 falls as
        ``1 / sqrt(n)`` or more slowly: the lower end is as much lower.

        Args:
            w: what :meth:`transport` gives.
        """
        value = math.nan if self.repeated else skill(w.distance, self.w0, self.w1)
        if math.isnan(value):
            return Interval(value)
        span = self.span
        by_w, by_w1 = -1 / span, (w.distance - self.w0) / span**2
        by_w0 = -by_w - by_w1
        held_out = by_w * w.first + by_w0 * self.floor_scores + by_w1 * self.single_scores
        error = _norm([held_out, by_w * w.second, by_w0 * self.other_scores])
        hidden = self.w0 * (1 - math.sqrt(min(self.size, N_DRAWN) / N_DRAWN)) / span
        half = STANDARD_ERRORS * error
        return Interval(value, value - half - hidden, value + half)


def _eigenstate_scores(states: States, distances: Float[Tensor, " M"]) -> Float[Tensor, " M"]:
    """How the mean distance from the top eigenstate answers to each state by moving that state.

    The eigenstate ``u_0`` of the average moves by ``sum_k u_k <u_k|rho_i|u_0> / (l_0 - l_k) / M``
    for state i. It is not the state of least mean distance, so that the distance answers.

    Args:
        states: M states.
        distances: ``sqrt(1 - <u_0|rho_i|u_0>)`` of each.
    """
    values, vectors = torch.linalg.eigh(states.average())
    factor = states.factor
    overlaps = vectors[:, -1] @ factor.conj()  # of columns: a matrix of each state is too large
    images = (factor @ overlaps[:, :, None])[:, :, 0]
    pull = (images / distances.clamp_min(LEAST_DISTANCE)[:, None]).mean(0)
    gaps = (values[-1] - values[:-1]).clamp_min(LEAST_GAP)
    weights = (vectors[:, :-1].mH @ pull) / gaps
    moved: Tensor = (images.conj() @ vectors[:, :-1]) * weights
    return -moved.real.sum(1) / len(states)


def _norm(scores: Sequence[Tensor]) -> float:
    """The standard error that belongs to some scores."""
    return math.sqrt(sum(float(one.square().sum()) for one in scores))


def _pairs(groups: Sequence[Tensor], partners: Sequence[Tensor]) -> list[tuple[Tensor, Tensor]]:
    """Pairs in which each group has a partner, and a single group has several."""
    n = max(len(groups), min(LEAST_PAIRS, len(partners)))
    return [(groups[k % len(groups)], partners[k % len(partners)]) for k in range(n)]


def _groups(places: Tensor, size: int) -> tuple[Tensor, ...]:
    """Disjoint groups of a size; what is left over is in none."""
    return tuple(places[k : k + size] for k in range(0, len(places) - size + 1, size))
