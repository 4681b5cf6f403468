"""Pauli view: expectation values of Pauli words."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor

from qgan import pauli
from qgan.states import States, StateSource
from qgan.views.base import View


class PauliView(View):
    """Expectation values of all Pauli words of weight 1 to k. Single copy.

    Args:
        n_qubits: number of qubits.
        max_weight: k.
    """

    def __init__(self, n_qubits: int, max_weight: int = 2) -> None:
        super().__init__()
        self.words = pauli.pauli_words(n_qubits, max_weight)
        self.n_features = len(self.words)

    def forward(self, source: StateSource, label: Tensor) -> Float[Tensor, "B K"]:
        """Expectation values ``(B, K)``."""
        return read_words(source, self.words)


def read_words(source: StateSource, words: Sequence[str]) -> Float[Tensor, "B K"]:
    """Pauli words on the output register; a prepared source is read by its own engine."""
    if isinstance(source, States):
        return source.expval(words)
    padding = "I" * (source.circuit.registers.n_wires - source.n_qubits)
    observables = [word + padding for word in words]
    return source.engine.expval(source.circuit, source.weights, source.inputs, observables)
