"""What a term is, and what it may look at when a loss is computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from qgan.batch import Batch, Seen
from qgan.declared import refuse_misspelt
from qgan.discriminator import Discriminator
from qgan.sampler import Drawn
from qgan.stateful import Stateful

__all__ = ["Moment", "StepContext", "Term"]


@dataclass(frozen=True)
class Moment:
    """Where in a training a loss is computed, and the chance that it may use.

    Args:
        step: generator steps taken so far.
        n_steps: generator steps in all.
        rng: seeded source of chance.
    """

    step: int
    n_steps: int
    rng: torch.Generator


@dataclass(frozen=True, eq=False)
class StepContext:
    """What a term may look at in one update of a player.

    Args:
        discriminator: view and head.
        real: real states with their labels.
        drawn: generated states of the same labels, with their latents.
        fake_view: view of the generated states, ``(B, K)``, with the noise of the terms.
        fake_scores: scores of the generated states, ``(B,)``.
        moment: where in the training this is.
        real_scores: scores of the real states, ``(B,)``; None in the generator's update.
        perturbed_real_view: view of the real states with the noise of the terms; None in the
            generator's update, which does not look at real states by itself.
        kinds: the kind of each latent, as :class:`qgan.prior.Prior` has them; empty if all are
            numbers.
    """

    discriminator: Discriminator
    real: Batch
    drawn: Drawn
    fake_view: Tensor
    fake_scores: Tensor
    moment: Moment
    real_scores: Tensor | None = None
    perturbed_real_view: Tensor | None = None
    kinds: Sequence[str] = ()

    @property
    def label(self) -> Tensor:
        """Labels of the batch."""
        return self.real.label

    @property
    def fake(self) -> Seen:
        """The generated states."""
        return self.drawn.seen

    @property
    def latent(self) -> Tensor:
        """Latents of the generated states, ``(B, n_latent)``."""
        return self.drawn.latent

    @cached_property
    def real_view(self) -> Tensor:
        """View of the real states, ``(B, K)``; without a gradient in the generator's update."""
        if self.perturbed_real_view is not None:
            return self.perturbed_real_view
        with torch.no_grad():
            view: Tensor = self.discriminator.view(self.real.seen, self.label)
        return view.to(self.fake_view)


TERM_NAMES = (
    "per_sample",
    "limits_slope",
    "needs_states",
    "reads_view",
    "least_states",
    "perturb",
    "discriminator_term",
    "generator_term",
    "after_discriminator_step",
)
"""What a subclass of :class:`Term` may override."""


class Term(Stateful):
    """Base of all terms: what is added to a loss beside the objective, or acts on a step.

    A term overrides those methods that it needs; as they stand they change nothing. What it needs
    or brings is said by its class attributes, which the rules of a game read (:mod:`qgan.rules`).

    Attributes:
        per_sample: whether it takes the score for a function of one state's view.
        limits_slope: whether it makes a critic Lipschitz.
        needs_states: whether it needs the states themselves, which lightning, hardware and
            measurement records do not give.
        reads_view: whether its summand of the generator's loss comes from the discriminator's view,
            so that it has no gradient where the view holds no number.
        least_states: states of one label in a step below which it adds nothing for that label.
    """

    per_sample: ClassVar[bool] = False
    limits_slope: ClassVar[bool] = False
    needs_states: ClassVar[bool] = False
    reads_view: ClassVar[bool] = False
    least_states: ClassVar[int] = 1

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        refuse_misspelt(cls, TERM_NAMES)

    def perturb(self, features: Tensor, moment: Moment) -> Tensor:
        """The views of states ``(N, K)`` as the head is to see them."""
        return features

    def discriminator_term(self, context: StepContext) -> Tensor | None:
        """A scalar to add to the discriminator's loss, or None."""
        return None

    def generator_term(self, context: StepContext) -> Tensor | None:
        """A scalar to add to the generator's loss, or None."""
        return None

    def after_discriminator_step(self, discriminator: Discriminator) -> None:
        """Change the discriminator once its optimiser has stepped."""
