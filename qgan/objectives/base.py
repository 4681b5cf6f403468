"""What an objective is: a pair of losses, each a pure function of scores."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.discriminator import Head
from qgan.stateful import Stateful
from qgan.terms import Term

__all__ = ["MeanDifference", "Objective", "Reading", "as_loss", "rejected"]

Reading = Literal["logits", "critic", "expectations", "nothing"]
"""How an objective reads scores.

- ``logits``: any real number.
- ``critic``: any real number, but the discriminator must be Lipschitz: by a penalty, a clip, a
  normalisation, or an observable of bounded spread.
- ``expectations``: expectation values in [-1, 1], the probability of "real" being (1 + D) / 2.
- ``nothing``: no scores; a distance of states stands in for the discriminator.
"""


@dataclass(frozen=True)
class Objective(Stateful, ABC):
    """Base of all objectives: a pair of pure functions of scores.

    The scores are those of real, of generated and of mismatched states: real ones that are shown
    with a wrong label. Where scores of mismatched states are passed, they make
    ``mismatched_share`` of what the discriminator is to reject. Half of it is usual (Reed et al.,
    arXiv:1605.05396) but moves the optimum: the generator then keeps away from the states of the
    other labels. A small share keeps the label in use and the optimum nearly where it was.

    Args:
        terms: the terms that belong to the objective; None takes :meth:`usual_terms`.

    Attributes:
        reads: what the scores are to the objective.
    """

    terms: tuple[Term, ...] | None = field(default=None, kw_only=True)

    reads: ClassVar[Reading]

    @property
    @abstractmethod
    def name(self) -> str:
        """The name in configurations and reports."""

    @abstractmethod
    def discriminator_loss(
        self,
        *,
        real: Float[Tensor, " B"],
        fake: Float[Tensor, " B"],
        mismatched: Float[Tensor, " B"] | None = None,
        mismatched_share: float = 0.0,
    ) -> Float[Tensor, ""]:
        """What the discriminator minimises.

        Args:
            real: scores of real states.
            fake: scores of generated states.
            mismatched: scores of real states with wrong labels, or None.
            mismatched_share: the share of the mismatched states in what is to be rejected, in
                [0, 1).
        """

    def score_gradients(
        self,
        real: Float[Tensor, " B"],
        fake: Float[Tensor, " B"],
        mismatched: Float[Tensor, " B"] | None = None,
        mismatched_share: float = 0.0,
    ) -> tuple[Float[Tensor, ""], tuple[Float[Tensor, " B"], ...]]:
        """The discriminator's loss with its gradient in each score, by autograd of it alone.

        Returns:
            The loss, and the gradients in ``real``, ``fake`` and, where they are given,
            ``mismatched``.
        """
        given = [real, fake] if mismatched is None else [real, fake, mismatched]
        scores = [one.detach().requires_grad_() for one in given]
        with torch.enable_grad():
            loss = self.discriminator_loss(
                real=scores[0],
                fake=scores[1],
                mismatched=None if mismatched is None else scores[2],
                mismatched_share=mismatched_share,
            )
        as_loss(loss)
        if not loss.requires_grad:  # it does not depend on the scores
            return loss, tuple(torch.zeros_like(one) for one in scores)
        return loss.detach(), torch.autograd.grad(loss, scores, materialize_grads=True)

    @abstractmethod
    def generator_loss(self, *, fake: Float[Tensor, " B"]) -> Float[Tensor, ""]:
        """What the generator minimises, from the scores of generated states."""

    def usual_terms(self, head: Head) -> tuple[Term, ...]:
        """The terms that the objective brings where none are named; there are none by default."""
        return ()

    def default_terms(self, head: Head) -> tuple[Term, ...]:
        """The terms that a game takes from the objective: its own, or else the usual ones."""
        return self.usual_terms(head) if self.terms is None else self.terms


def as_loss(loss: Tensor) -> Float[Tensor, ""]:
    """A loss that an objective has given, if it is one number.

    Raises:
        QganError: if it is not.
    """
    if loss.ndim:
        rule = "must give a loss that is a single number"
        raise errors.argument("objective", rule, f"shape {tuple(loss.shape)}")
    return loss


def rejected(
    fake: Float[Tensor, " B"], mismatched: Float[Tensor, " B"] | None, share: float
) -> Float[Tensor, ""]:
    """The mean loss of what is to be rejected: generated states and a share of mismatched ones.

    Args:
        fake: losses of generated states.
        mismatched: losses of mismatched states, or None.
        share: the share of the mismatched states, in [0, 1).
    """
    mean = fake.mean()
    return mean if mismatched is None else (1 - share) * mean + share * mismatched.mean()


class MeanDifference(Objective):
    """Base of the objectives that compare means of scores: ``sup E D(real) - E D(fake)``.

    They differ in what bounds the discriminator, thus in the terms that they bring.
    """

    reads: ClassVar[Reading] = "critic"

    def discriminator_loss(
        self,
        *,
        real: Float[Tensor, " B"],
        fake: Float[Tensor, " B"],
        mismatched: Float[Tensor, " B"] | None = None,
        mismatched_share: float = 0.0,
    ) -> Float[Tensor, ""]:
        """``E D(fake) - E D(real)``."""
        return rejected(fake, mismatched, mismatched_share) - real.mean()

    def score_gradients(
        self,
        real: Float[Tensor, " B"],
        fake: Float[Tensor, " B"],
        mismatched: Float[Tensor, " B"] | None = None,
        mismatched_share: float = 0.0,
    ) -> tuple[Float[Tensor, ""], tuple[Float[Tensor, " B"], ...]]:
        """The same loss, whose gradients do not depend on the scores."""
        if type(self).discriminator_loss is not MeanDifference.discriminator_loss:
            return super().score_gradients(real, fake, mismatched, mismatched_share)
        scores = (real, fake) if mismatched is None else (real, fake, mismatched)
        sizes = tuple(len(one) for one in scores)
        gradients = _of_means(sizes, mismatched_share, real.dtype, real.device)
        loss = torch.dot(real, gradients[0])
        for one, gradient in zip(scores[1:], gradients[1:], strict=True):
            loss = loss + torch.dot(one, gradient)
        return loss, gradients

    def generator_loss(self, *, fake: Float[Tensor, " B"]) -> Float[Tensor, ""]:
        """``-E D(fake)``: generated states are to score high."""
        return -fake.mean()


@lru_cache(maxsize=16)
def _of_means(
    sizes: tuple[int, ...], share: float, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, ...]:
    """What each score weighs in the difference of means; whoever is given these only reads them."""
    weights = (-1.0, 1.0) if len(sizes) == 2 else (-1.0, 1 - share, share)
    return tuple(
        torch.full((size,), weight / size, dtype=dtype, device=device)
        for size, weight in zip(sizes, weights, strict=True)
    )
