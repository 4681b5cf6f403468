"""What one label's real states say by themselves: the floors that generated ones are judged by."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.evaluation.bootstrap import Interval, bootstrap_interval
from qgan.evaluation.comparison import Comparison, Prototypes
from qgan.metrics.ensembles.covering import (
    coverage,
    ensemble_average,
    prepare,
    thinned,
    top_eigenstate,
)
from qgan.metrics.ensembles.modes import N_MODES, best_frozen
from qgan.metrics.ensembles.transport import (
    LEAST_RANGE,
    N_GENERATED,
    Transport,
    drawn_potentials,
    skill,
)
from qgan.metrics.states.distances import fidelity_matrix
from qgan.states import States


@dataclass(frozen=True, eq=False)
class Reference:
    """What one label's real states say by themselves: computed once, used at every evaluation.

    Args:
        held_out: the states that generated ones are judged on.
        w0: the floor, ``W(training, held-out)`` averaged over draws of ``n_draw`` states.
        w1: ``mean_i sqrt(1 - F(rho_i, sigma))`` of the best single state sigma: the top
            eigenvector of the held-out average, or, for mixed held-out states only, that
            average itself where it is nearer.
        w1_pure: the same of the top eigenvector, whatever the held-out states.
        collapsed_coverage: best coverage by one of these single states.
        floor: the transport of W0, with its potentials.
        single: ``sqrt(1 - F)`` of each held-out state and the best single one; W1 is its mean.
        train: at most ``n_draw`` training states, what real against real is measured by.
        to_train: fidelities of the held-out states with these.
        n_draw: states a draw; generated ones beyond that number are drawn from alike, so that
            both sides carry the same sampling error.
        seed: of the draws.
    """

    held_out: States
    w0: float
    w1: float
    w1_pure: float
    collapsed_coverage: float
    floor: Transport
    single: Float[Tensor, " R"]
    train: States
    to_train: Float[Tensor, "R N"]
    n_draw: int
    seed: int = 0

    @classmethod
    def of(
        cls, train: States, held_out: States, n_generated: int = N_GENERATED, seed: int = 0
    ) -> Reference:
        """Reference of the real states of one label.

        Args:
            train: N training states.
            held_out: M other states of the same label.
            n_generated: generated states that will be judged; a draw has as many training
                states, or all where there are fewer.
            seed: of the draws.

        Returns:
            The reference.

        Raises:
            QganError: if there is no training or no held-out state.
        """
        for name, states in (("train", train), ("held_out", held_out)):
            if not len(states):
                raise errors.argument(name, "must hold at least one state", "none")
        train, held_out = prepare(train), prepare(held_out)
        n_draw = min(n_generated, len(train))
        _, top = top_eigenstate(held_out)
        single = [fidelity_matrix(held_out, top)]
        if not held_out.is_pure:
            single.append(fidelity_matrix(held_out, ensemble_average(held_out)))
        apart = [(1 - fidelities[:, 0]).clamp_min(0).sqrt() for fidelities in single]
        distances = [float(one.mean()) for one in apart]
        to_train = fidelity_matrix(held_out, train)
        floor = drawn_potentials(to_train, n_draw, seed)
        drawn = thinned(len(train), n_draw, seed)
        return cls(
            held_out=held_out,
            w0=floor.distance,
            w1=min(distances),
            w1_pure=distances[0],
            floor=floor,
            single=apart[distances.index(min(distances))],
            train=train[drawn],
            to_train=to_train[:, drawn],
            collapsed_coverage=max(coverage(fidelities) for fidelities in single),
            n_draw=n_draw,
            seed=seed,
        )

    @property
    def undefined(self) -> str | None:
        """Why skill is undefined here, or None where it is defined."""
        if self.w1 - self.w0 >= LEAST_RANGE:
            return None
        return (
            f"W1 - W0 = {self.w1 - self.w0:.3g} is below {LEAST_RANGE}: real states of this "
            "label differ no more from one state than from each other"
        )

    def distance(self, fidelities: Float[Tensor, "R G"]) -> float:
        """W from the fidelities ``(held-out, generated)``, at most ``n_draw`` at a time."""
        return drawn_potentials(fidelities, self.n_draw, self.seed).distance

    def shortfall(self, distance: float) -> float:
        """``(W - W0) / max(W1 - W0, 0.02)``: 1 - skill, and finite where skill is undefined."""
        return (distance - self.w0) / max(self.w1 - self.w0, LEAST_RANGE)

    def wasserstein(self, generated: States) -> float:
        """W of generated and held-out states."""
        return self.distance(fidelity_matrix(self.held_out, prepare(generated)))

    def skill(self, generated: States) -> float:
        """Skill of generated states (see :func:`skill`); nan where :attr:`undefined` says why."""
        return skill(self.wasserstein(generated), self.w0, self.w1)

    def compare(
        self, states: States, fidelities: Float[Tensor, "R G"], n_resamples: int
    ) -> Comparison:
        """The comparison of some states with the held-out ones, as floors are measured."""
        return Comparison(
            self.held_out, states, fidelities, self.prototypes, self.n_draw, self.seed, n_resamples
        )

    def measured_skill(self, comparison: Comparison) -> Interval:
        """Skill with its interval: W, W0 and W1 hang on the same held-out states."""
        value = skill(comparison.w.distance, self.w0, self.w1)
        boot = comparison.bootstrap
        # Training states are other states than generated ones: their resamples are paired anew.
        w, w0, w1 = (
            torch.stack([boot.scaled(scores, index) for scores, index in pairs]).sum(0)
            for pairs in (
                ((comparison.w.real, boot.real), (comparison.w.generated, boot.generated)),
                ((self.floor.real, boot.real), (self.floor.generated, boot.generated.flip(0))),
                ((self.single, boot.real),),
            )
        )
        return bootstrap_interval(value, 1 - (w - w0) / (w1 - w0).clamp_min(LEAST_RANGE / 2))

    @cached_property
    def _frozen(self) -> tuple[Tensor, Tensor]:
        rows = thinned(len(self.held_out), min(self.n_draw, N_GENERATED), self.seed)
        return best_frozen(self.to_train[rows][:, :N_GENERATED])

    @property
    def prototypes(self) -> Prototypes:
        """The training states that serve best as frozen copies, and how far they reach."""
        chosen, reached = self._frozen
        return Prototypes(self.train[chosen[:N_MODES]], reached)

    @cached_property
    def floors(self) -> dict[str, float]:
        """What training states score in place of generated ones, by the names of the measures."""
        measured = self.compare(self.train, self.to_train, 0).measures()
        return {name: one.value for name, one in measured.items()} | {"w": self.w0}
