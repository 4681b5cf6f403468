"""No game at all: the generator descends a distance of states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from qgan.objectives.base import Reading


@dataclass(frozen=True)
class DistanceOnly:
    """Losses of zero: a term (:mod:`qgan.terms.distances`) is all there is.

    Args:
        distance: name of the term, for reports.

    Example:
        >>> import torch
        >>> DistanceOnly("energy").generator_loss(fake=torch.ones(3)).item()
        0.0
    """

    distance: str = "distance"

    reads: ClassVar[Reading] = "nothing"

    @property
    def name(self) -> str:
        """The distance's."""
        return self.distance

    def discriminator_loss(
        self,
        *,
        real: Float[Tensor, " B"],
        fake: Float[Tensor, " B"],
        mismatched: Float[Tensor, " B"] | None = None,
    ) -> Float[Tensor, ""]:
        """Zero."""
        return 0 * fake.sum()

    def generator_loss(self, *, fake: Float[Tensor, " B"]) -> Float[Tensor, ""]:
        """Zero."""
        return 0 * fake.sum()
