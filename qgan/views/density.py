"""Density view: the entries of the density matrix, which are the state itself."""

from __future__ import annotations

import math

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from qgan import errors
from qgan.batch import Seen
from qgan.engines.batched.reading import entries_of
from qgan.engines.memory import check_view
from qgan.outcome_table import Measurement
from qgan.states import States
from qgan.views.base import FixedView

__all__ = ["DensityView"]


class DensityView(FixedView):
    """The entries of rho: its diagonal, then sqrt(2) times the real and imaginary parts above it.

    The Euclidean norm of the view is the Hilbert-Schmidt norm: ``||m(rho) - m(sigma)||_2 =
    ||rho - sigma||_F``. It measures a single copy.

    Args:
        n_qubits: number of qubits n; ``K = 4**n``.
    """

    needs_states = True

    def __init__(self, n_qubits: int) -> None:
        super().__init__()
        self.n_qubits = errors.integer("n_qubits", n_qubits, least=1)
        dimension = 2**self.n_qubits
        check_view("DensityView", self.n_qubits, 12 * dimension**2)  # rows, columns, places: int64
        self.n_features = dimension**2
        row, column = torch.triu_indices(dimension, dimension, offset=1)
        diagonal = torch.arange(dimension) * (dimension + 1)
        self.register_buffer("diagonal", diagonal, persistent=False)
        self.register_buffer("upper", row * dimension + column, persistent=False)

    diagonal: Tensor
    upper: Tensor

    @property
    def n_numbers(self) -> int:
        """The matrix, the part above its diagonal, and the K numbers, as torch reads them."""
        return 4 * self.n_features

    def forward(self, source: Seen, label: Tensor) -> Float[Tensor, "B K"]:
        """Real coordinates of rho, ``(B, 4**n)``."""
        self.check_qubits(source)
        states = source if isinstance(source, Measurement) else source.materialise()
        if isinstance(states, States) and states.is_pure and not states.keeps_matrix:
            return entries_of(states.factor, lambda psi: self._entries(psi * psi.mH))
        return self.entries(states.density_matrix())

    def entries(self, matrices: Complex[Tensor, "B D D"]) -> Float[Tensor, "B K"]:
        """Real coordinates of Hermitian matrices; :meth:`operator` is the way back to matrices."""
        return entries_of(matrices, self._entries)

    def _entries(self, matrices: Tensor) -> Tensor:
        """The same by operations of torch."""
        rho = matrices.flatten(1)
        upper = math.sqrt(2) * rho[:, self.upper]
        return torch.cat([rho[:, self.diagonal].real, upper.real, upper.imag], 1)

    def operator(self, weights: Float[Tensor, "*rows K"]) -> Complex[Tensor, ...]:
        """The matrix H with ``Tr[H rho] = sum_k w_k m_k(rho)``."""
        dimension = 2**self.n_qubits
        pairs = len(self.upper)
        diagonal, real, imaginary = weights.split([dimension, pairs, pairs], dim=-1)
        empty = torch.zeros_like(torch.complex(weights, weights))  # K = dimension**2 entries
        above = empty.index_add(-1, self.upper, torch.complex(real, imaginary) / math.sqrt(2))
        above = above.unflatten(-1, (dimension, dimension))
        matrix: Tensor = above + above.mH + torch.diag_embed(diagonal).to(above.dtype)
        return matrix
