"""POVM view: probabilities of an informationally complete measurement of each qubit."""

from __future__ import annotations

import math
from itertools import product

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from qgan import errors
from qgan.states import StateSource
from qgan.views.base import FixedView
from qgan.views.observables import operator
from qgan.views.pauli import read_words

_ROOT2, _ROOT3 = math.sqrt(2), math.sqrt(3)

POVMS: dict[str, list[list[float]]] = {
    # Each outcome's element is c_I I + c_X X + c_Y Y + c_Z Z.
    "pauli-4": [
        [1 / 6, 1 / 6, 0, 0],
        [1 / 6, 0, 1 / 6, 0],
        [1 / 6, 0, 0, 1 / 6],
        [1 / 2, -1 / 6, -1 / 6, -1 / 6],
    ],
    "pauli-6": [
        [1 / 6, sign * (axis == 0) / 6, sign * (axis == 1) / 6, sign * (axis == 2) / 6]
        for axis in range(3)
        for sign in (1, -1)
    ],
    "tetrahedral": [
        [1 / 4, 0, 0, 1 / 4],
        [1 / 4, _ROOT2 / 6, 0, -1 / 12],
        [1 / 4, -_ROOT2 / 12, _ROOT2 / _ROOT3 / 4, -1 / 12],
        [1 / 4, -_ROOT2 / 12, -_ROOT2 / _ROOT3 / 4, -1 / 12],
    ],
}
"""Elements of each measurement of one qubit, as coefficients of I, X, Y, Z."""


class POVMView(FixedView):
    """Probabilities ``p(a) = Tr[M_a1 x .. x M_an rho]`` of a product measurement. Single copy.

    They are affine in the expectation values of all Pauli words, so any device can give them.

    Args:
        n_qubits: number of qubits n; K is ``4**n`` ("pauli-4", "tetrahedral") or ``6**n``.
        kind: "pauli-4" (a third of each of ``|0><0|``, ``|+><+|``, ``|+i><+i|``, and the rest),
            "pauli-6" (a third of both eigenprojectors of each Pauli) or "tetrahedral" (a
            symmetric informationally complete measurement).

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
        if kind not in POVMS:
            raise errors.argument("povm", f"must be one of {', '.join(POVMS)}", repr(kind))
        self.n_qubits = n_qubits
        self.register_buffer(
            "element", torch.tensor(POVMS[kind], dtype=torch.float64), persistent=False
        )
        self.n_features = len(POVMS[kind]) ** n_qubits
        self.words = tuple("".join(letters) for letters in product("IXYZ", repeat=n_qubits))

    element: Tensor

    def forward(self, source: StateSource, label: Tensor) -> Float[Tensor, "B K"]:
        """Probabilities ``(B, K)``, the first qubit's outcome most significant."""
        values = read_words(source, self.words[1:])
        values = torch.cat([torch.ones_like(values[:, :1]), values], 1)
        return self._contract(values, self.element.to(values))

    def operator(self, weights: Float[Tensor, "*rows K"]) -> Complex[Tensor, ...]:
        """``sum_a w_a M_a``, ``(..., 2**n, 2**n)``."""
        words = self._contract(weights.reshape(-1, self.n_features), self.element.T.to(weights))
        return operator(words.unflatten(0, weights.shape[:-1]), self.words)

    def _contract(self, values: Tensor, matrix: Tensor) -> Tensor:
        """Apply a matrix to each qubit's axis of ``(B, width**n)``."""
        rows, width = matrix.shape
        tensor = values.reshape(-1, *(width,) * self.n_qubits)
        for _ in range(self.n_qubits):  # the axis in front goes, its result comes last
            tensor = torch.tensordot(tensor, matrix, dims=([1], [1]))
        return tensor.reshape(-1, rows**self.n_qubits)
