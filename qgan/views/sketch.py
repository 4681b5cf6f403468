"""Sketch view: a random projection of the density matrix that keeps distances."""

from __future__ import annotations

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from qgan import errors
from qgan.batch import Seen
from qgan.engines.memory import check_view
from qgan.records import Records
from qgan.seeds import seeded
from qgan.views.base import FixedView

__all__ = ["SketchView"]


class SketchView(FixedView):
    """Expectation values of K random observables, ``m_k = sqrt(2 / K) Re <x_k|rho|y_k>``.

    All entries of x and y are complex Gaussian numbers of variance one. In the mean over draws of
    these, and within about ``sqrt(2 / K)`` for one, distances are those of the states:
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
        shape = (2**self.n_qubits, 2 * self.n_features, 2)
        check_view("SketchView", self.n_qubits, 3 * 4 * shape[0] * shape[1] * shape[2])
        parts = torch.randn(shape, generator=seeded(seed)) / 2**0.5
        self.register_buffer("vectors", parts, persistent=False)

    vectors: Tensor

    @property
    def n_numbers(self) -> int:
        """Two complex amplitudes for each number, and the number."""
        return 5 * self.n_features

    @property
    def scale(self) -> float:
        """``sqrt(2 / K)``."""
        return float((2 / self.n_features) ** 0.5)

    def forward(self, source: Seen, label: Tensor) -> Float[Tensor, "B K"]:
        """Expectation values ``(B, K)``."""
        if source.n_qubits != self.n_qubits:
            raise errors.argument(
                "source", f"must have {self.n_qubits} qubits, as the view", source.n_qubits
            )
        if isinstance(source, Records):
            return self._of_matrices(source.density_matrix())
        factor = source.materialise().factor
        amplitudes = factor.mT.conj() @ self._vectors(factor)  # (B, r, 2 K)
        x, y = amplitudes.tensor_split(2, dim=2)
        return self.scale * (x.conj() * y).real.sum(1)

    def _vectors(self, like: Tensor) -> Complex[Tensor, "D K2"]:
        """The vectors x_k, then the vectors y_k, in the precision of a tensor."""
        return torch.view_as_complex(self.vectors).to(like)

    def _of_matrices(self, matrices: Complex[Tensor, "B D D"]) -> Float[Tensor, "B K"]:
        """``sqrt(2 / K) Re <x_k|H|y_k>`` of Hermitian matrices."""
        x, y = self._vectors(matrices).tensor_split(2, dim=1)
        return self.scale * (x.conj() * (matrices @ y)).real.sum(1)

    def operator(self, weights: Float[Tensor, "*rows K"]) -> Complex[Tensor, ...]:
        """The matrix ``sqrt(1 / (2 K)) sum_k w_k (|y_k><x_k| + |x_k><y_k|)``."""
        like = torch.complex(weights, torch.zeros_like(weights))
        x, y = self._vectors(like).tensor_split(2, dim=1)
        half = (x * (self.scale / 2 * like)[..., None, :]) @ y.mH
        matrix: Tensor = half + half.mH
        return matrix
