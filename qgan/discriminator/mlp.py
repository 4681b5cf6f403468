"""Heads that are small networks: nonlinear functions of one state."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from qgan import errors
from qgan.discriminator._layers import dtype_of, input_gradient, linear, trunk
from qgan.discriminator.base import Head
from qgan.discriminator.perceptron import Perceptron
from qgan.errors import integer
from qgan.labels import condition

__all__ = ["AuxiliaryHead", "MLPHead", "ProjectionHead"]


class MLPHead(Head):
    """A multilayer perceptron of (m, label) with leaky ReLU: a nonlinear function of one state.

    Args:
        n_features: K.
        n_labels: number of classes or of real conditions.
        hidden: widths of the hidden layers.
        rng: seeded source of the initial weights.
        spectral: whether every layer is spectrally normalised; the score is then 1-Lipschitz in m.
    """

    def __init__(
        self,
        n_features: int,
        n_labels: int,
        hidden: Sequence[int] = (128, 128),
        rng: torch.Generator | None = None,
        spectral: bool = False,
    ) -> None:
        super().__init__()
        n_features, n_labels = integer("n_features", n_features), integer("n_labels", n_labels)
        self.n_labels = n_labels
        self.lipschitz = spectral
        body = trunk(n_features + n_labels, hidden, spectral, rng)
        self.layers = nn.Sequential(*body, linear(hidden[-1], 1, spectral, rng))

    def forward(self, features: Float[Tensor, "B K"], label: Tensor) -> Float[Tensor, " B"]:
        """Scores ``(B,)``."""
        scores: Tensor = self.layers(self._entry(features, label))
        return scores.squeeze(1)

    def input_gradient(
        self, features: Float[Tensor, "B K"], label: Tensor
    ) -> Float[Tensor, "B K"] | None:
        """``d D / d m`` at fixed features, differentiable in the weights.

        It comes from :func:`qgan.discriminator._layers.input_gradient`, and is None where autograd
        has to find it.
        """
        gradient = input_gradient(self.layers, self._entry(features, label))
        return None if gradient is None else gradient[:, : features.shape[1]]

    def perceptron(self) -> Perceptron | None:
        """The layers; None where their weights are computed from parameters, as spectral ones."""
        *body, last = self.layers.children()
        hidden = tuple(layer for layer in body if type(layer) is nn.Linear)
        slopes = {layer.negative_slope for layer in body if isinstance(layer, nn.LeakyReLU)}
        plain = len(slopes) == 1 and 2 * len(hidden) == len(body)
        if type(self) is MLPHead and plain and type(last) is nn.Linear:
            return Perceptron(hidden, slopes.pop(), last, self.n_labels)
        return None

    def _entry(self, features: Tensor, label: Tensor) -> Tensor:
        conditions = condition(label, self.n_labels).to(features)
        return torch.cat([features, conditions], 1).to(dtype_of(self))


class ProjectionHead(Head):
    """``D = v_label . phi(m) + psi . phi(m) + b``: the label enters by an inner product.

    The form that the optimum has where ``log p(label | m)`` is linear in features of m.

    Args:
        n_features: K.
        n_labels: number of classes or of real conditions.
        hidden: widths of the layers of phi.
        rng: seeded source of the initial weights.
        spectral: whether phi, psi and v are spectrally normalised; the score is then 2-Lipschitz in
            m.

    References:
        Miyato and Koyama, arXiv:1802.05637, eq. 3.
    """

    def __init__(
        self,
        n_features: int,
        n_labels: int,
        hidden: Sequence[int] = (128, 128),
        rng: torch.Generator | None = None,
        spectral: bool = False,
    ) -> None:
        super().__init__()
        n_features, n_labels = integer("n_features", n_features), integer("n_labels", n_labels)
        self.n_labels = n_labels
        self.lipschitz = spectral
        self.phi = trunk(n_features, hidden, spectral, rng)
        self.psi = linear(hidden[-1], 1, spectral, rng)
        self.embedding = linear(hidden[-1], n_labels, spectral, rng)

    def forward(self, features: Float[Tensor, "B K"], label: Tensor) -> Float[Tensor, " B"]:
        """Scores ``(B,)``."""
        inner = self.phi(features.to(dtype_of(self)))
        conditions = condition(label, self.n_labels).to(inner)
        scores: Tensor = self.psi(inner).squeeze(1) + (conditions * self.embedding(inner)).sum(1)
        return scores


class AuxiliaryHead(Head):
    """A score that does not see the label, and beside the score a guess of the label.

    :class:`qgan.terms.AuxiliaryClassifier` trains both sides by the guess; without that
    term nothing ties a state to its label.

    Args:
        n_features: K.
        n_labels: number of classes, at least 2.
        hidden: widths of the shared layers.
        rng: seeded source of the initial weights.
        spectral: whether every layer is spectrally normalised.

    Raises:
        QganError: for fewer than 2 classes, among which there is nothing to guess.

    References:
        Odena, Olah and Shlens, arXiv:1610.09585, eq. 2 and 3.
    """

    sees_label = False
    classifies = True

    def __init__(
        self,
        n_features: int,
        n_labels: int,
        hidden: Sequence[int] = (128, 128),
        rng: torch.Generator | None = None,
        spectral: bool = False,
    ) -> None:
        super().__init__()
        n_features, n_labels = integer("n_features", n_features), integer("n_labels", n_labels)
        if n_labels < 2:
            raise errors.argument("n_labels", "must be at least 2 to be guessed", n_labels)
        self.lipschitz = spectral
        self.body = trunk(n_features, hidden, spectral, rng)
        self.score = linear(hidden[-1], 1, spectral, rng)
        self.guess = linear(hidden[-1], n_labels, spectral, rng)

    def forward(self, features: Float[Tensor, "B K"], label: Tensor) -> Float[Tensor, " B"]:
        """Scores ``(B,)``, whatever the label."""
        scores: Tensor = self.score(self.body(features.to(dtype_of(self))))
        return scores.squeeze(1)

    def classify(self, features: Float[Tensor, "B K"]) -> Float[Tensor, "B L"]:
        """Logits of the labels, ``(B, n_labels)``."""
        logits: Tensor = self.guess(self.body(features.to(dtype_of(self))))
        return logits
