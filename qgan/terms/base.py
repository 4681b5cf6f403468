"""What a term is, and what it may look at in a step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

import torch
from torch import Tensor

from qgan.discriminator import Discriminator
from qgan.states import StateSource
from qgan.views import Seen


@runtime_checkable
class LabelledStates(Protocol):
    """States with labels; a data batch is one."""

    @property
    def states(self) -> StateSource:
        """The states."""

    @property
    def seen(self) -> Seen:
        """What a discriminator may see of them: the states, or records."""

    @property
    def label(self) -> Tensor:
        """Their labels."""


@dataclass(frozen=True)
class TermStep:
    """Where in the training a term acts: steps taken, steps in all, a seeded source of chance."""

    step: int
    n_steps: int
    random: torch.Generator


class StepContext:
    """What a term may look at in one step.

    Attributes:
        discriminator: view and head.
        real: real states with their labels.
        fake: generated states of the same labels.
        latent: their latents.
        fake_view: view of the generated states, ``(B, K)``.
        fake_scores: scores of the generated states.
        real_view: view of the real states, computed when first asked for.
        real_scores: scores of the real states; None in the generator's step.
        at: where in the training this is.
    """

    def __init__(
        self,
        discriminator: Discriminator,
        real: LabelledStates,
        fake: StateSource,
        latent: Tensor,
        fake_view: Tensor,
        fake_scores: Tensor,
        real_view: Tensor | None,
        real_scores: Tensor | None,
        at: TermStep,
    ) -> None:
        self.discriminator = discriminator
        self.real = real
        self.fake = fake
        self.latent = latent
        self.fake_view = fake_view
        self.fake_scores = fake_scores
        self.real_scores = real_scores
        self.at = at
        self._real_view = real_view

    @property
    def label(self) -> Tensor:
        """Labels of the batch."""
        return self.real.label

    @property
    def real_view(self) -> Tensor:
        """View of the real states, ``(B, K)``."""
        if self._real_view is None:
            with torch.no_grad():
                view = self.discriminator.view(self.real.seen, self.label)
            self._real_view = view.to(self.fake_view)
        return self._real_view


@runtime_checkable
class Term(Protocol):
    """Something that sees, or adds to, a loss; a part that has nothing to say returns None.

    A term may also have ``per_sample = True``: it takes the score for a function of one state's
    view; ``limits_slope = True``: it makes a critic Lipschitz; ``needs_states = True`` (see
    :class:`Silent`).
    """

    def perturb(self, features: Tensor, at: TermStep) -> Tensor:
        """The view of states before the head sees it."""

    def discriminator_term(self, context: StepContext) -> Tensor | None:
        """Scalar added to the discriminator's loss."""

    def generator_term(self, context: StepContext) -> Tensor | None:
        """Scalar added to the generator's loss."""

    def after_discriminator_step(self, discriminator: Discriminator) -> None:
        """Change the discriminator once its optimiser has stepped."""


class Silent:
    """A term that does nothing; terms override what they need.

    Attributes:
        per_sample: whether it takes the score for a function of one state's view.
        limits_slope: whether it makes a critic Lipschitz.
        needs_states: whether it needs states themselves, which lightning and hardware do not give.
    """

    per_sample: ClassVar[bool] = False
    limits_slope: ClassVar[bool] = False
    needs_states: ClassVar[bool] = False

    def perturb(self, features: Tensor, at: TermStep) -> Tensor:
        """The view unchanged."""
        return features

    def discriminator_term(self, context: StepContext) -> Tensor | None:
        """Nothing."""
        return None

    def generator_term(self, context: StepContext) -> Tensor | None:
        """Nothing."""
        return None

    def after_discriminator_step(self, discriminator: Discriminator) -> None:
        """Nothing."""
