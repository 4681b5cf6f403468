"""The protocol of an objective: scores in, scalar out."""

from __future__ import annotations

from typing import Literal, Protocol, runtime_checkable

from torch import Tensor

Reading = Literal["logits", "critic", "expectations", "nothing"]
"""How an objective reads scores.

- ``logits``: any real number.
- ``critic``: any real number, but the discriminator must be Lipschitz: by a penalty, a clip, a
  normalisation, or an observable of bounded spread.
- ``expectations``: expectation values in [-1, 1], the probability of "real" being (1 + D) / 2.
- ``nothing``: no scores; a distance of states stands in for the discriminator.
"""


@runtime_checkable
class Objective(Protocol):
    """A pair of pure functions of the scores of real, generated and mismatched states.

    ``mismatched`` are scores of real states shown with a wrong label; where they are given, they
    make ``mismatched_share`` of what the discriminator is to reject. Half of it is usual (Reed et
    al., arXiv:1605.05396) but moves the optimum: the generator then keeps away from the other
    labels' states. A small share keeps the label in use and the optimum nearly where it was.
    """

    @property
    def name(self) -> str:
        """The name in configurations."""

    @property
    def reads(self) -> Reading:
        """What the scores are to it."""

    def discriminator_loss(
        self, *, real: Tensor, fake: Tensor, mismatched: Tensor | None = None
    ) -> Tensor:
        """What the discriminator minimises."""

    def generator_loss(self, *, fake: Tensor) -> Tensor:
        """What the generator minimises."""


def rejected(fake: Tensor, mismatched: Tensor | None, share: float) -> Tensor:
    """Mean of what is to be rejected: generated and, by its share, mismatched."""
    mean = fake.mean()
    return mean if mismatched is None else (1 - share) * mean + share * mismatched.mean()
