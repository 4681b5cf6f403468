"""States, pure or mixed, in batches: what every other module speaks of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Complex, Float, Int
from numpy.typing import NDArray
from torch import Tensor

from qgan import errors, pauli
from qgan.places import kept_axis
from qgan.rounding import within

__all__ = ["Prepared", "StateEngine", "StateSource", "States", "concatenate"]


class States:
    """A batch of states on n qubits, held as factors ``A`` with ``rho = A A^dagger``.

    Args:
        factor: complex ``(B, 2**n, rank)``; rank 1 is pure. The trace of each state is not
            checked here; :meth:`from_numpy` and the data sources check it.

    Raises:
        QganError: if the factor is not complex or its shape is not ``(B, 2**n, rank)``.

    Example:
        >>> bell = States.from_numpy(np.array([[1, 0, 0, 1]]) / 2**0.5)
        >>> round(bell.reduced([0]).purity().item(), 6)
        0.5
    """

    def __init__(self, factor: Tensor) -> None:
        if factor.ndim != 3 or factor.shape[1] < 2 or factor.shape[1] & (factor.shape[1] - 1):
            raise errors.argument("factor", "must have shape (B, 2**n, rank)", tuple(factor.shape))
        if not factor.is_complex():
            raise errors.argument("factor", "must be complex", factor.dtype)
        self.factor = factor
        self._density: Tensor | None = None

    @classmethod
    def from_density_matrix(cls, rho: Complex[Tensor, "B D D"]) -> States:
        """States from their density matrices; the factor comes from the eigenvectors.

        ``A = V sqrt(max(w, 0))``; eigenvalues below 1e-12 of all states are dropped. Gradients
        flow through :meth:`density_matrix`, not through the factor.
        """
        values, vectors = torch.linalg.eigh(rho.detach())
        rank = max(1, int((values > 1e-12).sum(-1).max()))
        factor = vectors * values.clamp_min(0).sqrt().unsqueeze(-2).to(vectors.dtype)
        states = cls(factor[..., -rank:])
        states._density = rho
        return states

    @classmethod
    def from_numpy(cls, array: NDArray[Any], dtype: torch.dtype = torch.complex128) -> States:
        """States of an array of vectors ``(N, 2**n)`` or density matrices ``(N, 2**n, 2**n)``.

        Raises:
            QganError: for another shape, values that are not finite, a norm or trace off 1 by
                more than 1e-5, a matrix that is not Hermitian or has an eigenvalue below -1e-6.
        """
        dimension = array.shape[1] if array.ndim in (2, 3) else 0
        square = array.ndim != 3 or array.shape[2] == dimension
        if not square or dimension < 2 or dimension & (dimension - 1):
            raise errors.argument(
                "states", "must have shape (N, 2**n) or (N, 2**n, 2**n)", array.shape
            )
        if array.dtype.kind not in "fciu" or not np.isfinite(array).all():
            raise errors.argument("states", "must hold finite numbers", f"dtype {array.dtype}")
        tensor = torch.as_tensor(np.asarray(array, dtype=np.complex128))
        if array.ndim == 2:
            states = cls(tensor.unsqueeze(-1).to(dtype))
            states.check_normalised()
            return states
        if not torch.allclose(tensor, tensor.mH, atol=1e-6):
            raise errors.argument("states", "must be Hermitian", "a matrix that is not")
        least = float(torch.linalg.eigvalsh(tensor).min()) if len(tensor) else 0.0
        if least < -1e-6:
            raise errors.argument("states", "must be positive", f"eigenvalue {least:.2e}")
        mixed = cls(cls.from_density_matrix(tensor).factor.to(dtype))
        mixed.check_normalised()
        return mixed

    def check_normalised(self, tolerance: float = 1e-5) -> None:
        """Refuse states whose trace is off 1 by more than ``tolerance``."""
        traces = self.traces().detach()
        worst = (traces - 1).abs()
        if len(traces) and not float(worst.max()) <= tolerance:
            at = int(worst.argmax())
            raise errors.argument(
                "states", "must be normalised", f"trace {float(traces[at]):.6g} at index {at}"
            )

    def __len__(self) -> int:
        return self.factor.shape[0]

    def __getitem__(self, index: Any) -> States:
        """The states at a slice, a mask or an index tensor; an integer keeps the batch axis.

        Raises:
            IndexError: for an integer out of range.
        """
        index = kept_axis(index, len(self))
        part = States(self.factor[index])
        part._density = None if self._density is None else self._density[index]
        return part

    def __repr__(self) -> str:
        kind = "pure" if self.is_pure else f"rank {self.rank}"
        return f"States({len(self)} of {self.n_qubits} qubits, {kind})"

    @property
    def n_qubits(self) -> int:
        """Number of qubits n."""
        return self.factor.shape[1].bit_length() - 1

    @property
    def dimension(self) -> int:
        """Hilbert-space dimension 2**n."""
        return self.factor.shape[1]

    @property
    def rank(self) -> int:
        """Columns of the factor: an upper bound of the rank of each state."""
        return self.factor.shape[2]

    @property
    def is_pure(self) -> bool:
        """Whether the factor has one column."""
        return self.rank == 1

    @property
    def keeps_matrix(self) -> bool:
        """Whether the states came as density matrices, through which gradients then flow."""
        return self._density is not None

    def traces(self) -> Float[Tensor, " B"]:
        """Traces ``Tr rho``."""
        return (self.factor.real**2 + self.factor.imag**2).sum((1, 2))

    def density_matrix(self) -> Complex[Tensor, "B D D"]:
        """``rho = A A^dagger``, complex ``(B, 2**n, 2**n)``."""
        if self._density is not None:
            return self._density
        if self.is_pure:  # faster than one product of matrices per state
            return self.factor * self.factor.mH
        return self.factor @ self.factor.mH

    def average(self) -> Complex[Tensor, "D D"]:
        """The ensemble average ``mean_b rho_b``."""
        columns = self.factor.transpose(0, 1).reshape(self.dimension, -1)
        return columns @ columns.mH / len(self)

    def reduced(self, wires: Sequence[int]) -> States:
        """The reduced states of some qubits, in the order of ``wires``.

        The qubits that are traced out become columns of the factor.
        """
        n, wires = self.n_qubits, [errors.integer("wires", wire) for wire in wires]
        if len(set(wires)) != len(wires) or not wires or not set(wires) <= set(range(n)):
            raise errors.argument("wires", f"must be distinct and from 0 to {n - 1}", list(wires))
        rest = [q for q in range(n) if q not in wires]
        split = self.factor.reshape(len(self), *(2,) * n, self.rank)
        order = [0, *(q + 1 for q in wires), *(q + 1 for q in rest), n + 1]
        return States(split.permute(order).reshape(len(self), 2 ** len(wires), -1))

    def expval(self, words: Sequence[str]) -> Float[Tensor, "B K"]:
        """Expectation values of Pauli words (see :func:`qgan.pauli.expval`)."""
        return pauli.expval(self.factor, words)

    def probabilities(self) -> Float[Tensor, "B D"]:
        """Born probabilities of the basis states."""
        return pauli.probabilities(self.factor)

    def sample(self, shots: int, rng: torch.Generator) -> Int[Tensor, "B shots"]:
        """Basis states measured in ``shots`` repetitions, as integers (wire 0 most significant)."""
        shots = errors.integer("shots", shots, least=1)
        return torch.multinomial(
            self.probabilities().detach(), shots, replacement=True, generator=rng
        )

    def purity(self) -> Float[Tensor, " B"]:
        """``Tr rho^2 = ||A^dagger A||_F^2``, in [0, 1]."""
        gram = self.factor.mH @ self.factor
        return within(torch.view_as_real(gram).square().sum((1, 2, 3)), 0.0, 1.0)

    def fidelity(self, other: States) -> Float[Tensor, " B"]:
        """Uhlmann's fidelity of each pair: ``F = ||A^dagger B||_1^2``, a squared trace norm.

        Returns:
            ``(B,)`` in [0, 1], double precision.

        Raises:
            QganError: if the numbers of qubits differ, or the numbers of states do and none is 1.
        """
        if other.dimension != self.dimension:
            rule = f"must hold states of {self.n_qubits} qubits"
            raise errors.argument("other", rule, f"{other.n_qubits} qubits")
        if len(other) != len(self) and 1 not in (len(other), len(self)):
            raise errors.argument("other", f"must hold {len(self)} states or 1", len(other))
        overlap = self.factor.to(torch.complex128).mH @ other.factor.to(torch.complex128)
        if self.is_pure or other.is_pure:
            return within(torch.view_as_real(overlap).square().sum((1, 2, 3)), 0.0, 1.0)
        return within(torch.linalg.svdvals(overlap).sum(-1).square(), 0.0, 1.0)

    def normalised(self) -> States:
        """These states with trace one."""
        return States(self.factor / self.traces().sqrt().reshape(-1, 1, 1))

    def compressed(self) -> States:
        """The same states with no more columns than rows.

        With the LQ decomposition ``A = L Q`` of a wide factor, L is a factor of the same states:
        ``A A^dagger = L Q Q^dagger L^dagger = L L^dagger``.

        Example:
            >>> wide = States(torch.full((1, 2, 8), 0.25 + 0j))
            >>> wide.rank, wide.compressed().rank, round(wide.compressed().traces().item(), 6)
            (8, 2, 1.0)
        """
        if self.rank <= self.dimension:
            return self
        return States(torch.linalg.qr(self.factor.mH)[1].mH.resolve_conj())

    def to(self, dtype: torch.dtype | None = None, device: Any = None) -> States:
        """A copy with another complex dtype or on another device."""
        copy = States(self.factor.to(dtype=dtype, device=device))
        if self._density is not None:
            copy._density = self._density.to(dtype=dtype, device=device)
        return copy

    def detach(self) -> States:
        """These states outside the autograd graph."""
        part = States(self.factor.detach())
        part._density = None if self._density is None else self._density.detach()
        return part

    def numpy(self) -> NDArray[Any]:
        """Vectors ``(B, 2**n)`` of pure states, or else density matrices ``(B, 2**n, 2**n)``."""
        tensor = self.factor[..., 0] if self.is_pure else self.density_matrix()
        return np.asarray(tensor.detach().cpu().numpy())

    def materialise(self) -> States:
        """These states themselves: :class:`Prepared` has the same method."""
        return self


def concatenate(batches: Sequence[States]) -> States:
    """Join batches to one; factors are padded with zero columns to the largest rank."""
    rank = max(states.rank for states in batches)
    padded = [torch.nn.functional.pad(s.factor, (0, rank - s.rank)) for s in batches]
    return States(torch.cat(padded))


@runtime_checkable
class StateEngine(Protocol):
    """What :class:`Prepared` needs of an engine."""

    def run(self, circuit: Any, weights: Tensor, inputs: Tensor) -> States:
        """The states that a circuit prepares."""

    def expval(
        self,
        circuit: Any,
        weights: Tensor,
        inputs: Tensor,
        observables: Sequence[str],
        source: States | Prepared | None = None,
    ) -> Tensor:
        """Expectation values of Pauli words after a circuit."""


class Prepared:
    """States that a circuit prepares and that nobody has computed yet.

    Args:
        engine: the engine that will run the circuit.
        circuit: an object of the ``Circuit`` protocol.
        weights: ``(n_weights,)``, shared by the batch.
        inputs: ``(B, n_inputs)``.
    """

    def __init__(self, engine: StateEngine, circuit: Any, weights: Tensor, inputs: Tensor) -> None:
        self.engine = engine
        self.circuit = circuit
        self.weights = weights
        self.inputs = inputs

    def __len__(self) -> int:
        return self.inputs.shape[0]

    def __getitem__(self, index: Any) -> Prepared:
        """The states at a slice, a mask or an index tensor; an integer keeps the batch axis.

        Raises:
            IndexError: for an integer out of range.
        """
        inputs = self.inputs[kept_axis(index, len(self))]
        return Prepared(self.engine, self.circuit, self.weights, inputs)

    @property
    def n_qubits(self) -> int:
        """Number of qubits of the output register."""
        return int(self.circuit.registers.n_output)

    def materialise(self) -> States:
        """Compute the states, or raise the engine's error that names the device."""
        return self.engine.run(self.circuit, self.weights, self.inputs)

    def detach(self) -> Prepared:
        """These states, still to be prepared, outside the autograd graph."""
        return Prepared(self.engine, self.circuit, self.weights.detach(), self.inputs.detach())


StateSource = States | Prepared
