"""What the real states of one label say by themselves: the floors for generated states."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from jaxtyping import Float, Int
from torch import Tensor

from qgan import errors
from qgan.evaluation._comparison import Comparison, Prototypes
from qgan.evaluation.skill import Scale
from qgan.metrics.ensembles.covering import prepare, thinned
from qgan.metrics.ensembles.modes import N_MODES, best_frozen
from qgan.metrics.ensembles.transport import N_DRAWN
from qgan.metrics.states.distances import fidelity_matrix
from qgan.states import States

__all__ = ["Reference"]

MOST_COMPARED = 1024
"""Held-out states that the measures beside skill use at most; they are steady with so many."""


@dataclass(frozen=True, eq=False)
class Reference:
    """What the real states of one label say by themselves, computed once for all evaluations.

    Args:
        scale: the scale of skill, with W0, W1 and all held-out states.
        places: the places of the R held-out states that the measures beside skill use.
        held_out: these states, prepared.
        train: at most ``n_draw`` training states, which take the place of generated ones in the
            floors.
        to_train: fidelities of the held-out states with ``train``, ``(R, N)``.
        n_draw: number of states per draw. Where more states were generated, the measures whose
            floor must carry the same sampling error use so many of them.
        seed: seed of the draws.
    """

    scale: Scale
    places: Int[Tensor, " R"]
    held_out: States
    train: States
    to_train: Float[Tensor, "R N"]
    n_draw: int
    seed: int = 0

    @classmethod
    def of(
        cls,
        train: States,
        held_out: States,
        n_generated: int = N_DRAWN,
        seed: int = 0,
        repeated: bool = False,
    ) -> Reference:
        """The reference of the real states of one label.

        Args:
            train: N training states.
            held_out: M other states of the same label.
            n_generated: number of generated states that will be judged; a draw has as many states
                at most.
            seed: seed of the draws.
            repeated: whether the held-out states are the training states again.

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
        scale = Scale.of(train, held_out, n_generated, seed, repeated)
        places = thinned(len(held_out), MOST_COMPARED, seed)
        held_out, train = held_out[places], train[thinned(len(train), n_draw, seed)]
        to_train = fidelity_matrix(held_out, train)
        return cls(scale, places, held_out, train, to_train, n_draw, seed)

    @property
    def w0(self) -> float:
        """The floor: the distance between real states and other real states of the label."""
        return self.scale.w0

    @property
    def w1(self) -> float:
        """The distance between the best single state and the held-out states."""
        return self.scale.w1

    @property
    def undefined(self) -> str | None:
        """Why skill is undefined here, or None where it is defined."""
        return self.scale.undefined

    def wasserstein(self, generated: States) -> float:
        """W between the held-out states and some generated ones."""
        return self.scale.transport(generated).distance

    def skill(self, generated: States) -> float:
        """The skill of generated states; where it is nan, :attr:`undefined` says why."""
        return self.scale.skill(self.scale.transport(generated)).value

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

    @cached_property
    def _frozen(self) -> tuple[Tensor, Tensor]:
        """Places of the best frozen training states, and the coverages that they reach."""
        rows = thinned(len(self.held_out), min(self.n_draw, N_DRAWN), self.seed)
        return best_frozen(self.to_train[rows][:, :N_DRAWN])

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
