"""What the real states of one label say by themselves: the floors for generated states."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.evaluation._comparison import Comparison, Prototypes
from qgan.evaluation.bootstrap import Interval, bootstrap_interval
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

__all__ = ["Reference"]


@dataclass(frozen=True, eq=False)
class Reference:
    """What the real states of one label say by themselves, computed once for all evaluations.

    Args:
        held_out: the R states that generated states are judged on, prepared.
        w0: the floor, ``W(training, held-out)`` averaged over draws of ``n_draw`` states.
        w1: ``mean_i sqrt(1 - F(rho_i, sigma))`` of the best single state sigma: the top
            eigenvector of the held-out average, or, for mixed held-out states only, that
            average itself where it is nearer.
        w1_pure: the same mean for the top eigenvector, even where the average is nearer.
        collapsed_coverage: the best coverage that one of these single states reaches.
        floor: the transport problem of W0, with its potentials.
        single: ``sqrt(1 - F)`` of each held-out state with the best single state; W1 is its mean.
        train: at most ``n_draw`` training states, which take the place of generated ones in the
            floors.
        to_train: fidelities of the held-out states with ``train``, ``(R, N)``.
        n_draw: number of states per draw. Where more states were generated, draws of this size
            are taken from them too, so that both sides carry the same sampling error.
        seed: seed of the draws.
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
        """The reference of the real states of one label.

        Args:
            train: N training states.
            held_out: M other states of the same label.
            n_generated: number of generated states that will be judged; a draw has as many
                training states, or all of them where there are fewer.
            seed: seed of the draws.

        Returns:
            The reference.

        Raises:
            QganError: if there is no training state or no held-out state.
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
        distances = [(1 - fidelities[:, 0]).clamp_min(0).sqrt() for fidelities in single]
        means = [float(one.mean()) for one in distances]
        to_train = fidelity_matrix(held_out, train)
        floor = drawn_potentials(to_train, n_draw, seed)
        places = thinned(len(train), n_draw, seed)
        return cls(
            held_out=held_out,
            w0=floor.distance,
            w1=min(means),
            w1_pure=means[0],
            floor=floor,
            single=distances[means.index(min(means))],
            train=train[places],
            to_train=to_train[:, places],
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
        """W from the fidelities ``(held-out, generated)``, in draws of at most ``n_draw``."""
        return drawn_potentials(fidelities, self.n_draw, self.seed).distance

    def shortfall(self, distance: float) -> float:
        """``(W - W0) / max(W1 - W0, 0.02)``: 1 - skill, and finite where skill is undefined."""
        return (distance - self.w0) / max(self.w1 - self.w0, LEAST_RANGE)

    def wasserstein(self, generated: States) -> float:
        """W between the held-out states and some generated ones."""
        return self.distance(fidelity_matrix(self.held_out, prepare(generated)))

    def skill(self, generated: States) -> float:
        """:func:`skill` of generated states; where it is nan, :attr:`undefined` says why."""
        return skill(self.wasserstein(generated), self.w0, self.w1)

    def compare(
        self, states: States, fidelities: Float[Tensor, "R G"], n_resamples: int
    ) -> Comparison:
        """The comparison of some states with the held-out ones; floors come from it too.

        Args:
            states: G states, prepared.
            fidelities: fidelities of the held-out states with these, ``(R, G)``.
            n_resamples: number of resamples for intervals; 0 for none.
        """
        return Comparison(
            self.held_out, states, fidelities, self.prototypes, self.n_draw, self.seed, n_resamples
        )

    def skill_interval(self, comparison: Comparison) -> Interval:
        """Skill with its interval.

        W, W0 and W1 depend on the same held-out states: one resample of these changes all three.
        """
        value = skill(comparison.w.distance, self.w0, self.w1)
        boot = comparison.bootstrap
        # Training states are independent of generated ones, so they get resamples of their own.
        w, w0, w1 = (
            torch.stack([boot.resampled_means(*pair) for pair in pairs]).sum(0)
            for pairs in (
                ((comparison.w.real, boot.real), (comparison.w.generated, boot.generated)),
                ((self.floor.real, boot.real), (self.floor.generated, boot.generated.flip(0))),
                ((self.single, boot.real),),
            )
        )
        return bootstrap_interval(value, 1 - (w - w0) / (w1 - w0).clamp_min(LEAST_RANGE / 2))

    @cached_property
    def _frozen(self) -> tuple[Tensor, Tensor]:
        """Places of the best frozen training states, and the coverages that they reach."""
        rows = thinned(len(self.held_out), min(self.n_draw, N_GENERATED), self.seed)
        return best_frozen(self.to_train[rows][:, :N_GENERATED])

    @property
    def prototypes(self) -> Prototypes:
        """The training states that serve best as frozen copies, and the coverages they reach."""
        places, coverages = self._frozen
        return Prototypes(self.train[places[:N_MODES]], coverages)

    @cached_property
    def floors(self) -> dict[str, float]:
        """What training states score in place of generated ones, by the names of the measures."""
        measures = self.compare(self.train, self.to_train, 0).measures()
        return {name: one.value for name, one in measures.items()} | {"w": self.w0}
