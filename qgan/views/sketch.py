"""Sketch view: a random projection of the density matrix that keeps distances."""

from __future__ import annotations

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from qgan import errors
from qgan.batch import Seen
from qgan.engines.memory import check_view
from qgan.outcome_table import Measurement
from qgan.seeds import seeded
from qgan.views.base import FixedView

__all__ = ["SketchView"]


class SketchView(FixedView):
    """Expectation values of K random observables: the parts of ``sqrt(2 / K) <x_k|rho|y_k>``.

    The real parts of P = ceil(K / 2) such numbers come first, then the imaginary parts of the first
    K - P. All entries of x and y are real Gaussian numbers of variance one. In the mean over draws
    of these, and within about ``sqrt(2 / K)`` for one, distances are those of the states:
    ``||m(rho) - m(sigma)||_2 = ||rho - sigma||_F``. The density view keeps them exactly and needs
    ``4**n`` numbers; the sketch has K whatever the number of qubits.

    Args:
        n_qubits: number of qubits n.
        n_observables: K.
        seed: seed of the draw.

    References:
        Johnson and Lindenstrauss, Contemp. Math. 26, 189 (1984); Cai and Zhang, Ann. Statist. 43,
        102 (2015) (rank-one projections).

    Example:
        >>> SketchView(10).n_features
        256
    """

    needs_states = True

    def __init__(self, n_qubits: int, n_observables: int = 256, seed: int = 0) -> None:
        super().__init__()
        self.n_qubits = errors.integer("n_qubits", n_qubits, least=1)
        self.n_features = errors.integer("n_observables", n_observables, least=1)
        self.scale = float((2 / self.n_features) ** 0.5)
        shape = (2**self.n_qubits, 2 * self.n_pairs)
        check_view("SketchView", self.n_qubits, 2 * 4 * shape[0] * shape[1])
        self.register_buffer(
            "vectors", torch.randn(shape, generator=seeded(seed)), persistent=False
        )

    vectors: Tensor

    @property
    def n_pairs(self) -> int:
        """The number of pairs of vectors, P."""
        return (self.n_features + 1) // 2

    @property
    def n_numbers(self) -> int:
        """Two complex amplitudes and their product for each pair, and the numbers."""
        return 6 * self.n_pairs + self.n_features

    def forward(self, source: Seen, label: Tensor) -> Float[Tensor, "B K"]:
        """Expectation values ``(B, K)``."""
        self.check_qubits(source)
        if isinstance(source, Measurement):
            return self._of_matrices(source.density_matrix())
        factor = source.materialise().factor
        batch, dimension, rank = factor.shape
        parts = torch.view_as_real(factor.mT.resolve_conj()).movedim(3, 2)  # (B, r, 2, D)
        vectors = self.vectors.to(parts)
        amplitudes = parts.reshape(-1, dimension) @ vectors  # one real product
        x, y = amplitudes.reshape(batch, rank, 2, -1).tensor_split(2, dim=3)
        real = (x * y).sum((1, 2))
        imaginary = (x[:, :, 1] * y[:, :, 0] - x[:, :, 0] * y[:, :, 1]).sum(1)
        return self._numbers(real, imaginary)

    def _numbers(
        self, real: Float[Tensor, "B P"], imaginary: Float[Tensor, "B P"]
    ) -> Float[Tensor, "B K"]:
        """The numbers of the view from the parts of ``<x_k|rho|y_k>``."""
        rest = imaginary[:, : self.n_features - self.n_pairs]
        numbers: Tensor = torch.cat([real, rest], 1)
        return numbers * self.scale

    def _pairs(self, like: Tensor) -> tuple[Tensor, ...]:
        """The vectors x_k and the vectors y_k, ``(D, P)`` each, as a tensor is."""
        return self.vectors.to(like).tensor_split(2, dim=1)

    def _of_matrices(self, matrices: Complex[Tensor, "B D D"]) -> Float[Tensor, "B K"]:
        """The numbers of Hermitian matrices."""
        x, y = self._pairs(matrices)
        entries = (x * (matrices @ y)).sum(1)
        return self._numbers(entries.real, entries.imag)

    def operator(self, weights: Float[Tensor, "*rows K"]) -> Complex[Tensor, ...]:
        """The sum of ``w_k sqrt(2 / K) (|y_k><x_k| + |x_k><y_k|) / 2`` and, for imaginary parts, of
        ``w_k sqrt(2 / K) (|y_k><x_k| - |x_k><y_k|) / 2i``."""
        real, imaginary = weights.tensor_split([self.n_pairs], dim=-1)
        padding = self.n_pairs - imaginary.shape[-1]
        imaginary = torch.nn.functional.pad(imaginary, (0, padding))
        factors = self.scale / 2 * torch.complex(real, -imaginary)
        x, y = self._pairs(factors)
        half = (y * factors[..., None, :]) @ x.mT
        matrix: Tensor = half + half.mH
        return matrix
