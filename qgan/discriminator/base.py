"""Discriminators, which are a view and a head, and what a head says of itself."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

from qgan import errors
from qgan.batch import Seen
from qgan.declared import refuse_misspelt
from qgan.discriminator.perceptron import Perceptron
from qgan.labels import read_labels
from qgan.views import View

__all__ = ["Discriminator", "Head", "PlainHead"]


DECLARED = ("per_sample", "sees_label", "lipschitz", "bounded", "classifies", "has_potentials")
"""What only a subclass of :class:`Head` can say of itself."""
HEAD_NAMES = (
    *DECLARED,
    "coordinates",
    "score_at",
    "input_gradient",
    "perceptron",
    "n_held",
    "potentials",
    "difference",
)
"""What a subclass of :class:`Head` may override."""


class Head(nn.Module, ABC):
    """Base of all heads: any function ``D = head(m, label)`` of a view and a label.

    A subclass implements :meth:`forward` and sets those attributes that differ for it. Each of them
    has a meaning for the rules of a game (:mod:`qgan.rules`) and for the penalties.

    Attributes:
        per_sample: whether a score is a function of one state and its label; False for a head
            that compares the states of a batch.
        sees_label: whether the score depends on the label.
        lipschitz: whether the slope of the score is bounded as it stands.
        bounded: whether the score is an expectation value in [-1, 1].
        classifies: whether :meth:`classify` guesses the label from the view.
        has_potentials: whether it holds a second observable per label, which
            :meth:`potentials` and :meth:`difference` give.
        n_held: real numbers that a score and its gradient hold in memory for each number of the
            view, beside the layers of a network.
    """

    per_sample: bool = True
    sees_label: bool = True
    lipschitz: bool = False
    bounded: bool = False
    classifies: bool = False
    has_potentials: bool = False
    n_held: int = 0

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        refuse_misspelt(cls, HEAD_NAMES)

    @abstractmethod
    def forward(self, features: Float[Tensor, "B K"], label: Tensor) -> Float[Tensor, " B"]:
        """Scores ``(B,)``: logits or critic values, as the objective reads them."""

    def coordinates(self, features: Float[Tensor, "B K"]) -> Float[Tensor, "B C"]:
        """The coordinates in which penalties take the slope of :meth:`score_at`.

        They are the numbers of the view, unless a head overrides this.
        """
        return features

    def score_at(self, coordinates: Float[Tensor, "B C"], label: Tensor) -> Float[Tensor, " B"]:
        """Scores ``(B,)`` of points in :meth:`coordinates`."""
        scores: Tensor = self(coordinates, label)
        return scores

    def input_gradient(
        self, coordinates: Float[Tensor, "B C"], label: Tensor
    ) -> Float[Tensor, "B C"] | None:
        """The gradient of :meth:`score_at` in closed form; None leaves it to autograd."""
        return None

    def perceptron(self) -> Perceptron | None:
        """The head as a perceptron, whose updates need no autograd; None for any other head."""
        return None

    def classify(self, features: Float[Tensor, "B K"]) -> Float[Tensor, "B L"]:
        """Logits of the labels, ``(B, n_labels)``, of a head that ``classifies``."""
        raise self._lacks("guess of the label")

    def difference(self, features: Float[Tensor, "B K"], label: Tensor) -> Float[Tensor, " B"]:
        """``Tr[(psi - phi) rho]``, ``(B,)``, of a head that ``has_potentials``."""
        raise self._lacks("second observable")

    def potentials(self, label: Tensor) -> tuple[Complex[Tensor, "D D"], Complex[Tensor, "D D"]]:
        """The matrices (phi, psi) of one label, of a head that ``has_potentials``."""
        raise self._lacks("second observable")

    def _lacks(self, what: str) -> errors.QganError:
        return errors.unsupported(
            f"Head {type(self).__name__}", f"it has not {what}", "use another"
        )


class PlainHead(Head):
    """A user's own module as a head: an unbounded function of one state and its label.

    :class:`Discriminator` wraps a module that is no :class:`Head` in it.

    Args:
        module: maps (features ``(B, K)``, label) to scores ``(B,)``.

    Raises:
        QganError: if the module sets an attribute of :class:`Head`, which is read off subclasses
            of it only.
    """

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        attributes = [name for name in DECLARED if name in {**vars(type(module)), **vars(module)}]
        if attributes:
            raise errors.argument(
                "head",
                f"must be a subclass of qgan.discriminator.Head to declare `{attributes[0]}`",
                type(module).__name__,
            )
        self.module = module

    def forward(self, features: Tensor, label: Tensor) -> Tensor:
        """Scores ``(B,)`` of the module."""
        scores: Tensor = self.module(features, label)
        return scores


class Discriminator(nn.Module):
    """Scores of states with their labels: ``D(rho, label) = head(view(rho), label)``.

    Args:
        view: a linear map from states to K numbers.
        head: a :class:`Head`, or any module (features, label) -> scores, which becomes a
            :class:`PlainHead`.

    Example:
        >>> import torch
        >>> from qgan import States
        >>> from qgan.discriminator import LinearHead
        >>> from qgan.views import DensityView
        >>> view = DensityView(1)
        >>> discriminator = Discriminator(view, LinearHead(view.n_features, n_labels=2))
        >>> zero = States(torch.tensor([[[1.0], [0.0]]], dtype=torch.complex64))
        >>> discriminator(zero, torch.tensor([0])).shape
        torch.Size([1])
    """

    def __init__(self, view: View, head: nn.Module) -> None:
        super().__init__()
        errors.instance("view", view, View)
        errors.instance("head", head, nn.Module)
        self.view = view
        self.head: Head = head if isinstance(head, Head) else PlainHead(head)

    def forward(self, source: Seen, label: Tensor) -> Float[Tensor, " B"]:
        """Scores ``(B,)``: logits or critic values, as the objective reads them.

        Raises:
            QganError: if the labels are refused (:func:`qgan.labels.read_labels`).
        """
        label = read_labels(label)
        return self.scores(self.view(source, label), label, len(label))

    def scores(
        self, features: Float[Tensor, "N K"], label: Tensor, rows: int
    ) -> Float[Tensor, " N"]:
        """Scores of views that stand one kind after the other, ``rows`` of each kind.

        A head that compares the states of a batch is shown each kind by itself.

        Raises:
            QganError: if the head does not give one score per state.
        """
        if self.head.per_sample:
            scores: Tensor = self.head(features, label)
        else:
            kinds = zip(features.split(rows), label.split(rows), strict=True)
            scores = torch.cat([self.head(part, labels) for part, labels in kinds])
        if scores.shape != label.shape[:1]:
            rule = f"must give one score per state, of shape {tuple(label.shape[:1])}"
            raise errors.argument("head", rule, tuple(scores.shape))
        return scores
