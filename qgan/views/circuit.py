"""Circuit view: expectation values after trainable circuits, the quantum discriminator."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn

from qgan import errors, pauli
from qgan.batch import Seen
from qgan.embedding import AffineEmbedding, RegisterEmbedding
from qgan.engines import BatchedEngine
from qgan.engines.base import Circuit, Engine
from qgan.engines.batched.reading import values_of_words
from qgan.labels import read_labels
from qgan.seeds import seeded
from qgan.states import Prepared, States
from qgan.views._observables import eigenvalue_bounds
from qgan.views.base import Bounds, View, states_of

__all__ = ["CircuitView"]

# Where a circuit runs once per label rather than once per state, as measured on one thread with
# circuits of four layers.
MOST_ROWS = 32  # D, the dimension of a state
MOST_ROWS_PER_COLUMN = 4  # D divided by the columns of the factor of a state
LEAST_COLUMNS = 2**10  # columns of all states together


class CircuitView(View):
    """Expectation values after trainable circuits: the quantum discriminator. Single copy.

    ``m_k(rho) = c Tr[P_k V (rho x |0><0|) V^dagger]`` with ``V = V(phi, label)``; several such
    circuits, each with its own angles phi, stand side by side. The label enters through a
    trainable table of angles, or as bits if the circuit has a label register.

    Args:
        circuit: a readout circuit with the qubits of the state as output register.
        n_labels: number of classes, or of real conditions.
        observables: Pauli words on all its wires; all Z words up to weight 3 by default.
        engine: what runs it; a source that is still to be prepared is run together with the
            circuit, by its own engine.
        n_circuits: circuits side by side, each with its own angles.
        scale: c, so that a slope of one is within reach of a head under a gradient penalty.
        trainable: whether the angles are trained; frozen ones give random features.
        seed: seed of the initial angles.

    References:
        Dallaire-Demers and Killoran, arXiv:1804.08641.
    """

    sees_label = True
    circuit: Circuit
    engine: Engine

    def __init__(
        self,
        circuit: Circuit,
        n_labels: int,
        observables: Sequence[str] | None = None,
        *,
        engine: Engine | None = None,
        n_circuits: int = 1,
        scale: float = 4.0,
        trainable: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__()
        n_circuits = errors.integer("n_circuits", n_circuits, least=1)
        n_labels = errors.integer("n_labels", n_labels)
        rng = seeded(seed)
        n_wires = circuit.registers.n_wires
        self.circuit = circuit
        self.n_labels = n_labels
        self.words = tuple(observables or pauli.z_words(n_wires, min(3, n_wires)))
        pauli.check_words(self.words, n_wires)
        self.engine = engine or BatchedEngine()
        self.scale = self.largest = scale
        self.n_circuits = n_circuits
        self.n_features = n_circuits * len(self.words)
        angles = torch.empty(n_circuits, circuit.n_weights)
        self.weights = nn.Parameter(angles.uniform_(-math.pi, math.pi, generator=rng))
        self.embeddings = nn.ModuleList(
            _label_embedding(circuit, n_labels, rng) for _ in range(n_circuits)
        )
        self.requires_grad_(trainable)

    def forward(self, source: Seen, label: Tensor) -> Float[Tensor, "B K"]:
        """Scaled expectation values ``(B, K)``."""
        source, label = states_of(source, self), read_labels(label, self.n_labels)
        if isinstance(source, States) and self._reads_by_label(source, label):
            return self._by_label(source, label)
        engine: Any = source.engine if isinstance(source, Prepared) else self.engine
        no_latent = self.weights.new_zeros(len(label), 0)
        parts = []
        for weights, embed in zip(self.weights, self.embeddings, strict=True):
            inputs = embed(label, no_latent)
            parts.append(engine.expval(self.circuit, weights, inputs, self.words, source))
        return self.scale * torch.cat(parts, 1)

    def _reads_by_label(self, states: States, label: Tensor) -> bool:
        """Whether the circuits run once per label rather than once per state.

        A circuit that runs once per label gives a matrix, whose product with each state costs as
        much as D gates. That is less than the circuit where D is small, and where the matrix of a
        state serves many columns; and it is worth while where there are many columns.
        """
        dimension, columns = states.dimension, states.rank
        small = dimension <= min(MOST_ROWS, MOST_ROWS_PER_COLUMN * columns)
        many = len(states) * columns >= LEAST_COLUMNS
        classes = not label.is_floating_point()
        return small and many and classes and self.engine.gives_isometry_of(self.circuit)

    def bounds(self, weights: Float[Tensor, "*rows K"]) -> Bounds:
        """The sum over the circuits of the least and greatest values that the words can reach.

        They hold whatever the angles are.
        """
        low, high = torch.zeros_like(weights[..., 0]), torch.zeros_like(weights[..., 0])
        for part in weights.split(len(self.words), dim=-1):
            values = eigenvalue_bounds(part, self.words)
            low, high = low + values[0], high + values[1]
        return self.scale * low, self.scale * high

    def _by_label(self, states: States, label: Tensor) -> Float[Tensor, "B K"]:
        """The numbers of states; each circuit runs once per label and reads all states of it."""
        labels = torch.arange(self.n_labels, device=label.device)
        no_latent = self.weights.new_zeros(self.n_labels, 0)
        parts = []
        for weights, embed in zip(self.weights, self.embeddings, strict=True):
            columns = self.engine.isometry(self.circuit, weights, embed(labels, no_latent))
            final = columns[label] @ states.factor.to(columns.dtype)  # (B, 2**n_wires, r)
            parts.append(values_of_words(final, self.words))
        return self.scale * torch.cat(parts, 1)


def _label_embedding(circuit: Circuit, n_labels: int, rng: torch.Generator) -> nn.Module:
    registers = circuit.registers
    if registers.n_label:
        return RegisterEmbedding(n_labels, 0, registers.n_label, 0, circuit.n_inputs, rng)
    return AffineEmbedding(n_labels, 0, circuit.n_inputs, math.pi / 2, rng)
