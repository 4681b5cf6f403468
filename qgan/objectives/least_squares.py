"""The least-squares objective: scores are drawn to target numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from qgan.objectives.base import Objective, Reading, rejected

__all__ = ["LeastSquares"]


@dataclass(frozen=True)
class LeastSquares(Objective):
    """``1/2 E (D(real) - b)^2 + 1/2 E (D(fake) - a)^2``; the generator draws D(fake) to c.

    The best discriminator is ``D* = (b p + a q) / (p + q)``. With ``b - c = 1`` and ``b - a = 2``
    the generator minimises Pearson's ``chi^2(p + q || 2 q) / 2`` against it.

    Args:
        fake_target: a.
        real_target: b.
        generator_target: c.

    References:
        Mao et al., arXiv:1611.04076, eq. 2, 5, 8 (-1, 1, 0: Pearson) and 9 (0, 1, 1: the default).

    Example:
        >>> import torch
        >>> zero = torch.zeros(4)
        >>> LeastSquares().discriminator_loss(real=zero, fake=zero).item()
        0.5
    """

    fake_target: float = 0.0
    real_target: float = 1.0
    generator_target: float = 1.0

    name = "least-squares"
    reads: ClassVar[Reading] = "logits"

    def discriminator_loss(
        self,
        *,
        real: Float[Tensor, " B"],
        fake: Float[Tensor, " B"],
        mismatched: Float[Tensor, " B"] | None = None,
        mismatched_share: float = 0.0,
    ) -> Float[Tensor, ""]:
        """Half the mean squared distances to the targets."""
        wrong = None if mismatched is None else (mismatched - self.fake_target).square()
        others = rejected((fake - self.fake_target).square(), wrong, mismatched_share)
        return ((real - self.real_target).square().mean() + others) / 2

    def generator_loss(self, *, fake: Float[Tensor, " B"]) -> Float[Tensor, ""]:
        """``1/2 E (D(fake) - c)^2``."""
        return (fake - self.generator_target).square().mean() / 2
