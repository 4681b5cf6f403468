"""The f-GAN objective: the variational bound of an f-divergence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.metrics.distributions.f_divergences import (
    F_DIVERGENCES,
    FDivergence,
    weighted_jensen_shannon,
)
from qgan.objectives.base import Objective, Reading, rejected

__all__ = ["FGAN"]


@dataclass(frozen=True)
class FGAN(Objective):
    """``D_f(p || q) = sup_T E_p T - E_q f*(T)`` with ``T = g_f(score)``.

    The supremum is reached at ``T* = f'(p / q)``.
    The discriminator maximises the bound, the generator minimises what it moves of it,
    ``-E f*(T(fake))``. Generator f, conjugate f* and output activation g_f are the table's.

    Args:
        divergence: an entry of the table or its name; ``weighted_jensen_shannon(pi)`` is one.
        saturating: False lets the generator maximise ``E T(fake)`` instead, which has a gradient
            where the discriminator is sure of generated states.

    Raises:
        QganError: for a name that is not in the table.

    References:
        Nowozin, Cseke and Tomioka, arXiv:1606.00709, eq. 6 and 7, tables 2 and 6; sec. 3.2.

    Example:
        >>> import torch
        >>> zero = torch.zeros(4)
        >>> FGAN("pearson").discriminator_loss(real=zero, fake=zero).item()
        0.0
    """

    divergence: FDivergence | str = "jensen-shannon"
    saturating: bool = True

    reads: ClassVar[Reading] = "logits"

    def __post_init__(self) -> None:
        if isinstance(self.divergence, str):
            object.__setattr__(self, "divergence", _by_name(self.divergence))

    @property
    def f(self) -> FDivergence:
        """The divergence as an entry of the table."""
        assert isinstance(self.divergence, FDivergence)
        return self.divergence

    @property
    def name(self) -> str:
        """``f-gan:`` and the name of the divergence."""
        return f"f-gan:{self.f.name}"

    def discriminator_loss(
        self,
        *,
        real: Float[Tensor, " B"],
        fake: Float[Tensor, " B"],
        mismatched: Float[Tensor, " B"] | None = None,
        mismatched_share: float = 0.0,
    ) -> Float[Tensor, ""]:
        """``E f*(T(fake)) - E T(real)``, which is minus the bound."""
        conjugate = self.f.conjugate_at_activation
        wrong = None if mismatched is None else conjugate(mismatched)
        others = rejected(conjugate(fake), wrong, mismatched_share)
        return others - self.f.activation(real).mean()

    def generator_loss(self, *, fake: Float[Tensor, " B"]) -> Float[Tensor, ""]:
        """``-E f*(T(fake))``, or ``-E T(fake)`` if not saturating."""
        function = self.f.conjugate_at_activation if self.saturating else self.f.activation
        return -function(fake).mean()


def _by_name(name: str) -> FDivergence:
    if name == "weighted-jensen-shannon":
        return weighted_jensen_shannon(0.5)
    if name not in F_DIVERGENCES:
        known = ", ".join([*F_DIVERGENCES, "weighted-jensen-shannon"])
        raise errors.argument("divergence", f"must be one of {known}", repr(name))
    return F_DIVERGENCES[name]
