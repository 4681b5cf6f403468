"""The quantum Wasserstein distance of order 1, between certified bounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor

from qgan import errors
from qgan.states import States

__all__ = ["CertifiedBounds", "pauli_observable", "pauli_wasserstein", "quantum_wasserstein"]

MOST_QUBITS = 5
"""For more qubits an iteration over the 4**n Pauli words of every part takes too long."""


@dataclass(frozen=True)
class CertifiedBounds:
    """An interval that is certain to contain a distance.

    Args:
        lower: the lower end, which an observable of Lipschitz constant 1 attains.
        upper: the upper end, which a decomposition of the difference attains.
    """

    lower: float
    upper: float


def quantum_wasserstein(
    a: States, b: States, tolerance: float = 1e-3, n_iterations: int = 5000
) -> tuple[CertifiedBounds, ...]:
    """Quantum Wasserstein distance of order 1 of De Palma et al., pair by pair.

    ``W_1 = min 1/2 sum_i ||X_i||_1`` over ``sum_i X_i = rho - sigma`` with ``Tr_i X_i = 0``. Each
    part X_i moves earth at one qubit; for basis states the distance is the Hamming distance. The
    semidefinite programme is solved by the alternating direction method of multipliers. In every
    iteration the parts, projected on the constraints, bound the distance from above, and the
    multipliers, scaled to Lipschitz constant 1, bound it from below.

    Args:
        a: B states of n qubits, at most 5.
        b: B states of n qubits.
        tolerance: the gap between the bounds at which the iteration ends.
        n_iterations: the most iterations for each pair.

    Returns:
        The bounds of each pair. Their gap is above the tolerance if there were too few iterations.

    Raises:
        QganError: if numbers of states or of qubits differ, or there are more than 5 qubits.

    References:
        De Palma, Marvian, Trevisan and Lloyd, IEEE Trans. Inf. Theory 67, 6627 (2021), eq. 5, 14.

    Example:
        >>> basis = States(torch.eye(4).cdouble()[:, :, None])
        >>> [round(pair.lower, 3) for pair in quantum_wasserstein(basis[[0, 0]], basis[[1, 3]])]
        [1.0, 2.0]
    """
    _check(a, b)
    difference = _densities(a) - _densities(b)
    return tuple(_Programme(x).solve(tolerance, n_iterations) for x in difference)


def pauli_wasserstein(a: States, b: States, max_weight: int | None = None) -> tuple[float, ...]:
    """A lower bound of the quantum W_1 by a linear programme over Pauli words, pair by pair.

    ``max sum_P w_P Tr[P (rho - sigma)]`` subject to ``sum_{P acts on i} |w_P| <= 1/2`` for each
    qubit i. An observable ``sum_P w_P P`` of this kind has a Lipschitz constant of at most 1. The
    bound needs expectation values only.

    Args:
        a: B states of n qubits.
        b: B states of n qubits.
        max_weight: the most qubits that a word acts on; None for all words.

    Returns:
        The bound of each pair.

    Raises:
        QganError: if numbers of states or of qubits differ, if there are more than 5 qubits and no
            ``max_weight``, or if ``max_weight`` is below 1.

    References:
        Kiani et al., arXiv:2101.03037, eq. 8.

    Example:
        >>> basis = States(torch.eye(4).cdouble()[:, :, None])
        >>> [round(value, 6) for value in pauli_wasserstein(basis[[0, 0]], basis[[1, 3]])]
        [1.0, 2.0]
    """
    _check(a, b, limited=max_weight is None)
    if max_weight is not None and max_weight < 1:
        raise errors.argument("max_weight", "must be at least 1", max_weight)
    words = _words(a.n_qubits, max_weight)
    gaps = a.to(torch.complex128).expval(words) - b.to(torch.complex128).expval(words)
    best = torch.stack([pauli_observable(values, words) for values in gaps])
    return tuple((best.to(gaps) * gaps).sum(1).tolist())


def pauli_observable(values: Float[Tensor, " K"], words: Sequence[str]) -> Float[Tensor, " K"]:
    """The best sum of Pauli words for :func:`pauli_wasserstein`, by the solver HiGHS.

    Args:
        values: ``Tr[P (rho - sigma)]`` for each of the K words P.
        words: the words.

    Returns:
        The weights ``w_P``, ``(K,)``, outside the graph. The value of the programme is
        ``w . values``, and its gradient with respect to the values is w.

    References:
        Kiani et al., arXiv:2101.03037, eq. 8.

    Example:
        >>> pauli_observable(torch.tensor([2.0, 0.0, -1.0]), ["ZI", "XX", "IZ"]).tolist()
        [0.5, 0.0, -0.5]
    """
    from scipy.optimize import linprog

    acts = np.array([[letter != "I" for letter in word] for word in words], dtype=float).T
    gains = values.detach().double().numpy(force=True)
    # The sign of w_P is that of its value.
    solution = linprog(-np.abs(gains), A_ub=acts, b_ub=np.full(len(acts), 0.5), method="highs")
    return torch.from_numpy(solution.x * np.sign(gains)).to(values)


def _words(n: int, max_weight: int | None) -> tuple[str, ...]:
    """All Pauli words on n qubits that act on 1 to ``max_weight`` of them."""
    every = ("".join(letters) for letters in product("IXYZ", repeat=n))
    most = n if max_weight is None else max_weight
    return tuple(word for word in every if 1 <= n - word.count("I") <= most)


def _densities(states: States) -> Complex[Tensor, "B D D"]:
    """Density matrices outside the graph, on the CPU, in double precision."""
    return states.detach().to(dtype=torch.complex128, device="cpu").density_matrix()


def _check(a: States, b: States, limited: bool = True) -> None:
    """Refuse states that are no pairs, and, if limited, more qubits than ``MOST_QUBITS``."""
    if a.dimension != b.dimension or len(a) != len(b):
        rule = f"must hold {len(a)} states of {a.n_qubits} qubits, as `a` does"
        raise errors.argument("b", rule, f"{len(b)} of {b.n_qubits}")
    if limited and a.n_qubits > MOST_QUBITS:
        raise errors.argument("a", f"must have at most {MOST_QUBITS} qubits", a.n_qubits)


class _Programme:
    """The semidefinite programme for the difference X of one pair of states.

    Args:
        difference: X, a Hermitian matrix ``(D, D)`` of trace zero.
    """

    def __init__(self, difference: Complex[Tensor, "D D"]) -> None:
        self.difference = difference
        self.dimension = len(difference)
        self.n = self.dimension.bit_length() - 1
        acts = torch.tensor([[x != "I" for x in w] for w in product("IXYZ", repeat=self.n)])
        self.acts = acts.T.double()  # (n, 4^n): 1 where a word acts on a qubit, else 0
        self.share = self.acts / self.acts.sum(0).clamp_min(1)
        self.target = self._to_words(difference[None])[0]

    def _to_words(self, matrices: Complex[Tensor, "k D D"]) -> Float[Tensor, "k W"]:
        """The coefficients of all Pauli words in some matrices, found one qubit after another."""
        count, n = len(matrices), self.n
        order = [0] + [1 + k + n * side for k in range(n) for side in (0, 1)]
        split = matrices.reshape(count, *(2,) * (2 * n)).permute(order)
        for k in range(n):
            groups = split.reshape(count, 4**k, 4, -1)
            split = torch.einsum("wp,capb->cawb", _TO_WORDS, groups)
        return split.reshape(count, -1).real

    def _to_matrices(self, words: Float[Tensor, "k W"]) -> Complex[Tensor, "k D D"]:
        """The matrices that have some coefficients of Pauli words; it inverts ``_to_words``."""
        count, n = len(words), self.n
        split = words.to(torch.complex128)
        for k in range(n):
            groups = split.reshape(count, 4**k, 4, -1)
            split = torch.einsum("pw,cawb->capb", _FROM_WORDS, groups)
        order = [0] + [1 + 2 * k + side for side in (0, 1) for k in range(n)]
        split = split.reshape(count, *(2,) * (2 * n)).permute(order)
        return split.reshape(count, self.dimension, self.dimension)

    def _feasible(self, words: Float[Tensor, "n W"]) -> Float[Tensor, "n W"]:
        """The nearest parts with ``sum_i X_i = X`` and ``Tr_i X_i = 0``."""
        local = words * self.acts
        return local + self.share * (self.target - local.sum(0))

    def _lower(self, multipliers: Float[Tensor, "n W"]) -> float:
        """The lower bound by the observable H that fits the multipliers best.

        The part of qubit i is ``H - I (x) H_i``, with H_i on the other qubits, and may have
        eigenvalues up to 1/2 if H has Lipschitz constant 1. H is scaled so that all parts have.
        """
        observable = (multipliers * self.share).sum(0)
        parts = torch.where(self.acts > 0, observable, multipliers)
        largest = torch.linalg.eigvalsh(self._to_matrices(parts)).abs().max()
        value = float(observable @ self.target) * self.dimension
        return value / (2 * float(largest)) if float(largest) > 0 else 0.0

    def solve(self, tolerance: float, n_iterations: int) -> CertifiedBounds:
        """Alternate between the trace norms and the constraints until the bounds meet."""
        size = float(torch.linalg.matrix_norm(self.difference))
        if size < 1e-14:
            return CertifiedBounds(0.0, 0.0)
        step = size / (4 * self.n)  # of the order of the eigenvalues of a part
        parts = self._feasible(torch.zeros_like(self.acts))
        dual = torch.zeros_like(parts)
        lower, upper = 0.0, float("inf")
        for iteration in range(n_iterations):
            values, vectors = torch.linalg.eigh(self._to_matrices(parts - dual))
            soft_values = values.sign() * (values.abs() - step / 2).clamp_min(0)
            small = self._to_words((vectors * soft_values.unsqueeze(-2)) @ vectors.mH)
            parts = self._feasible(small + dual)
            dual = dual + small - parts
            if iteration % 10 == 0 or iteration == n_iterations - 1:
                norms = torch.linalg.eigvalsh(self._to_matrices(parts)).abs().sum()
                upper = min(upper, float(norms) / 2)
                lower = max(lower, self._lower(-dual))
                if upper - lower <= tolerance:
                    break
        return CertifiedBounds(lower, upper)


_LETTERS = torch.tensor(
    [[[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]],
    dtype=torch.complex128,
)
_TO_WORDS = _LETTERS.mT.reshape(4, 4) / 2  # c_P = Tr[P X] / 2 for one qubit
_FROM_WORDS = _LETTERS.reshape(4, 4).T.contiguous()
