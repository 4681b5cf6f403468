"""The protocol of an objective: scores in, scalar out."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from torch import Tensor


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
