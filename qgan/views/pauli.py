"""Pauli view: expectation values of Pauli words."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from qgan import errors, pauli
from qgan.batch import Seen
from qgan.engines.batched.reading import values_of_words
from qgan.engines.memory import check_view
from qgan.outcome_table import Measurement
from qgan.seeds import seeded
from qgan.states import States
from qgan.views._observables import operator
from qgan.views.base import FixedView

__all__ = ["PauliView", "read_words"]


class PauliView(FixedView):
    """Expectation values of Pauli words of weight 1 to k: of all, or of a fixed random choice.

    It measures a single copy, and any device can read it.

    Args:
        n_qubits: number of qubits.
        max_weight: k.
        n_words: number of words drawn without repetition; None takes all.
        seed: seed of the draw.

    Raises:
        QganError: if the weight is not from 1 to n, or there are not so many words.

    Example:
        >>> PauliView(3, 2).n_features, PauliView(3, 3, n_words=10).n_features
        (36, 10)
    """

    def __init__(
        self, n_qubits: int, max_weight: int = 2, n_words: int | None = None, seed: int = 0
    ) -> None:
        super().__init__()
        n_qubits = errors.integer("n_qubits", n_qubits)
        max_weight = errors.integer("max_weight", max_weight)
        n_all = sum(math.comb(n_qubits, weight) * 3**weight for weight in range(1, max_weight + 1))
        check_view("PauliView", n_qubits, n_all * pauli.word_size(n_qubits))
        self.words = pauli.pauli_words(n_qubits, max_weight)
        if n_words is not None:
            n_words = errors.integer("n_words", n_words)
            if not 1 <= n_words <= len(self.words):
                rule = f"must be from 1 to {len(self.words)}, the words up to that weight"
                raise errors.argument("n_words", rule, n_words)
            rng = seeded(seed)
            places = torch.randperm(len(self.words), generator=rng)[:n_words]
            self.words = tuple(self.words[k] for k in places.sort().values)
        self.n_features = len(self.words)

    def forward(self, source: Seen, label: Tensor) -> Float[Tensor, "B K"]:
        """Expectation values ``(B, K)``."""
        return read_words(source, self.words)

    def operator(self, weights: Float[Tensor, "*rows K"]) -> Complex[Tensor, ...]:
        """The sum of Pauli words, ``(..., 2**n, 2**n)``."""
        return operator(weights, self.words)


def read_words(source: Seen, words: Sequence[str]) -> Float[Tensor, "B K"]:
    """Expectation values of Pauli words on the output register.

    States are read by compiled loops where these serve, and a source that is still to be prepared
    by its own engine.
    """
    if isinstance(source, States):
        return values_of_words(source.factor, words)
    if isinstance(source, Measurement):
        return source.expval(words)
    padding = "I" * (source.circuit.registers.n_wires - source.n_qubits)
    observables = [word + padding for word in words]
    return source.engine.expval(source.circuit, source.weights, source.inputs, observables)
