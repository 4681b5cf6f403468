"""Swap-test view: overlaps with reference states, through a circuit that can be tuned."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import torch
from jaxtyping import Float
from torch import Tensor, nn

from qgan import errors
from qgan.batch import Seen
from qgan.engines import BatchedEngine
from qgan.engines.base import Circuit, Engine
from qgan.labels import read_labels
from qgan.states import States
from qgan.views.base import View, states_of
from qgan.views.two_copy import tensor_product

__all__ = ["SwapTestView", "swap_words"]


class SwapTestView(View):
    """Overlaps ``m_j(rho, label) = Tr[rho sigma_j]`` with the references sigma_j of that label.

    It measures a single copy. State and reference stand side by side, each pair of their qubits is
    turned into the Bell basis, and the value of SWAP is read: on a pair it is -1 for ``|11>``, the
    singlet, and else 1.

    Trainable Z rotations beside each entangling gate, zero at the start, let the discriminator
    undo coherent errors of that gate.

    Args:
        circuit: a swap-test circuit; its output register holds the state, then the reference.
        references: for each label the same number of reference states, in the order of labels.
        n_labels: number of classes.
        engine: what runs it.
        scale: factor on the overlaps.
        trainable: whether the angles are trained; frozen ones keep the exact swap test.

    Raises:
        QganError: if the register is not twice as wide as a reference, or the labels have not
            the same number of references each.

    References:
        Niu et al., arXiv:2105.00080, eq. 3 and fig. 1; Garcia-Escartin and Chamorro-Posada,
        arXiv:1303.6814 (the swap test without an ancilla).
    """

    needs_states = True
    sees_label = True
    circuit: Circuit
    engine: Engine

    def __init__(
        self,
        circuit: Circuit,
        references: States,
        n_labels: int,
        *,
        engine: Engine | None = None,
        scale: float = 1.0,
        trainable: bool = True,
    ) -> None:
        super().__init__()
        n, n_labels = references.n_qubits, errors.integer("n_labels", n_labels, least=1)
        if circuit.registers.n_output != 2 * n or circuit.n_inputs:
            raise errors.argument(
                "circuit", f"must read {2 * n} qubits and no inputs", circuit.registers.n_output
            )
        if not len(references) or len(references) % n_labels:
            rule = f"must be equally many for each of the {n_labels} labels"
            raise errors.argument("references", rule, len(references))
        self.circuit = circuit
        self.engine = engine or BatchedEngine()
        self.n_features = len(references) // n_labels
        self.scale = self.largest = scale
        self.weights = nn.Parameter(torch.zeros(circuit.n_weights), requires_grad=trainable)
        by_label = references.factor.detach().unflatten(0, (n_labels, self.n_features))
        self.register_buffer("references", torch.view_as_real(by_label), persistent=False)
        words, signs = swap_words(n)
        self.words = tuple(words)
        self.register_buffer("signs", torch.tensor(signs).double(), persistent=False)

    references: Tensor
    signs: Tensor

    def forward(self, source: Seen, label: Tensor) -> Float[Tensor, "B K"]:
        """Scaled overlaps ``(B, K)``."""
        label = read_labels(label)
        if label.is_floating_point():
            raise errors.argument("label", "must be classes for the swap-test view", label.dtype)
        label = read_labels(label, len(self.references))
        states = states_of(source, self).materialise()
        references = torch.view_as_complex(self.references)[label].to(states.factor)
        rows = torch.arange(len(states), device=label.device).repeat_interleave(self.n_features)
        pairs = tensor_product(states[rows], States(references.flatten(0, 1)))
        no_inputs = self.weights.new_zeros(len(pairs), 0)
        values = self.engine.expval(self.circuit, self.weights, no_inputs, self.words, pairs)
        overlaps: Tensor = (values * self.signs[1:].to(values)).sum(1) + self.signs[0].to(values)
        return self.scale * overlaps.reshape(len(states), self.n_features)


def swap_words(n: int) -> tuple[Sequence[str], list[float]]:
    """The words of Z, and their weights, that SWAP of n pairs is after the Bell rotation.

    ``prod_q (1 + Z_q + Z_(n+q) - Z_q Z_(n+q)) / 2``, wires 0 to n-1 against n to 2n-1.

    Returns:
        The ``4**n - 1`` words, and ``4**n`` weights; the weight of the identity comes first.

    Example:
        >>> swap_words(1)
        (['IZ', 'ZI', 'ZZ'], [0.5, 0.5, 0.5, -0.5])
    """
    pairs = list(product(("II", "IZ", "ZI", "ZZ"), repeat=n))
    words = ["".join(p[0] for p in each) + "".join(p[1] for p in each) for each in pairs]
    weights = [(-1.0) ** each.count("ZZ") / 2**n for each in pairs]
    return words[1:], weights
