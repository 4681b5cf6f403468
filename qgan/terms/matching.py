"""Terms that match statistics of generated states to those of real ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from qgan.labels import rows_by_label
from qgan.terms.base import StepContext, Term

__all__ = ["FeatureMatching", "PurityMatching"]


@dataclass(frozen=True)
class FeatureMatching(Term):
    """``weight * sum_label ||E m(real) - E m(fake)||_2^2`` for the generator.

    Args:
        weight: at least 0.

    References:
        Salimans et al., arXiv:1606.03498, sec. 3.1, on the view itself.
    """

    weight: float = 1.0

    reads_view: ClassVar[bool] = True

    def generator_term(self, context: StepContext) -> Tensor | None:
        """The squared distance between mean views."""
        total = context.fake_view.new_zeros(())
        for rows in rows_by_label(context.label):
            gap = context.real_view[rows].detach().mean(0) - context.fake_view[rows].mean(0)
            total = total + (gap**2).sum()
        return self.weight * total


@dataclass(frozen=True)
class PurityMatching(Term):
    """``weight * mean_b (Tr rho_b^2 - p)^2`` for the generator; real states have mean purity p.

    A generator whose registers are traced out loses purity to them. Purity is quadratic in rho: a
    swap test of two copies measures it, and a critic of single copies learns of it late. The term
    needs an engine that gives states.

    Args:
        weight: at least 0.
    """

    weight: float = 1.0

    needs_states: ClassVar[bool] = True

    def generator_term(self, context: StepContext) -> Tensor | None:
        """The mean squared difference of purities."""
        with torch.no_grad():
            purity_of_data = context.real.states.materialise().purity().mean()
        purity = context.drawn.states.purity()
        return self.weight * ((purity - purity_of_data) ** 2).mean()
