"""The objective of a generator that descends a distance of states, without a discriminator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from qgan.objectives.base import Objective, Reading

__all__ = ["DistanceOnly"]


@dataclass(frozen=True)
class DistanceOnly(Objective):
    """Losses of zero, so that the terms alone train: see :mod:`qgan.terms.distances`.

    Args:
        distance: name of the distance, for reports.
        terms: the distance itself, and whatever else is added.

    Example:
        >>> import torch
        >>> DistanceOnly("energy").generator_loss(fake=torch.ones(3)).item()
        0.0
    """

    distance: str = "distance"

    reads: ClassVar[Reading] = "nothing"

    @property
    def name(self) -> str:
        """The name of the distance."""
        return self.distance

    def discriminator_loss(
        self,
        *,
        real: Float[Tensor, " B"],
        fake: Float[Tensor, " B"],
        mismatched: Float[Tensor, " B"] | None = None,
        mismatched_share: float = 0.0,
    ) -> Float[Tensor, ""]:
        """Zero: there is no discriminator to train."""
        return 0 * fake.sum()

    def generator_loss(self, *, fake: Float[Tensor, " B"]) -> Float[Tensor, ""]:
        """Zero: the generator's loss is that of the terms."""
        return 0 * fake.sum()
