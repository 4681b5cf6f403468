"""POVM view: probabilities of an informationally complete measurement of each qubit."""

from __future__ import annotations

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from qgan import errors
from qgan.batch import Seen
from qgan.engines.memory import check_view
from qgan.outcome_table import Measurement
from qgan.pauli import word_size
from qgan.povm import POVMS, check_kind, contract, every_word, outcome_probabilities
from qgan.views._observables import operator
from qgan.views.base import FixedView
from qgan.views.pauli import read_words

__all__ = ["POVMView"]


class POVMView(FixedView):
    """Probabilities ``p(a) = Tr[M_a1 x .. x M_an rho]`` of a product measurement.

    It measures a single copy. The probabilities are affine in the expectation values of all Pauli
    words, so any device can give them.

    Args:
        n_qubits: number of qubits n; K is ``4**n`` ("pauli-4", "tetrahedral") or ``6**n``.
        kind: "pauli-4" (a third of each of ``|+><+|``, ``|+i><+i|``, ``|0><0|``, and the rest, in
            this order; the authors' code begins with ``|0><0|``), "pauli-6" (a third of both
            eigenprojectors of X, Y, Z) or "tetrahedral" (a symmetric informationally complete
            measurement).

    Raises:
        QganError: for another kind.

    References:
        Carrasquilla et al., Nature Mach. Intell. 1, 155 (2019), arXiv:1810.10584, eq. 2 and
        supplement; Renes et al., J. Math. Phys. 45, 2171 (2004).

    Example:
        >>> from qgan import States
        >>> zero = States(torch.tensor([[[1.0], [0.0]]], dtype=torch.complex128))
        >>> POVMView(1, "tetrahedral")(zero, torch.tensor([0])).round(decimals=4).tolist()
        [[0.5, 0.1667, 0.1667, 0.1667]]
    """

    def __init__(self, n_qubits: int, kind: str = "pauli-4") -> None:
        super().__init__()
        check_kind(kind)
        self.n_qubits = n_qubits = errors.integer("n_qubits", n_qubits, least=1)
        self.kind = kind
        self.n_features = len(POVMS[kind]) ** n_qubits
        check_view("POVMView", n_qubits, 4**n_qubits * word_size(n_qubits))
        self.words = every_word(n_qubits)

    def forward(self, source: Seen, label: Tensor) -> Float[Tensor, "B K"]:
        """Probabilities ``(B, K)``; the outcome of the first qubit is the most significant.

        Records of the same measurement give their frequencies; records of another one give
        estimates.
        """
        if isinstance(source, Measurement) and source.kind == self.kind:
            return source.frequencies
        return outcome_probabilities(read_words(source, self.words[1:]), self.kind)

    def operator(self, weights: Float[Tensor, "*rows K"]) -> Complex[Tensor, ...]:
        """``sum_a w_a M_a``, ``(..., 2**n, 2**n)``."""
        element = torch.tensor(POVMS[self.kind], dtype=weights.dtype, device=weights.device)
        words = contract(weights.reshape(-1, self.n_features), element.T, self.n_qubits)
        return operator(words.unflatten(0, weights.shape[:-1]), self.words)
