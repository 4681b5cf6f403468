"""What a view is: a linear map from states to real numbers."""

from __future__ import annotations

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

from qgan import errors, pauli
from qgan.batch import Seen
from qgan.engines.base import Circuit, Engine
from qgan.outcome_table import Measurement
from qgan.states import StateSource

__all__ = ["Bounds", "FixedView", "View", "states_of", "unreadable"]

Bounds = tuple[Float[Tensor, "..."], Float[Tensor, "..."]]


class View(nn.Module):
    """Base of all views: ``m_k(rho) = Tr[M_k rho]``, or of ``rho x rho`` for two copies.

    Attributes:
        n_features: K.
        needs_states: whether the view needs the state itself, which lightning and hardware do
            not give.
        sees_label: whether the numbers depend on the label.
        reads_records: whether records of a product measurement of each state will do.
        n_copies: copies of the state that are measured together.
        largest: a bound on the size of each number.
        engine: what runs the view's own circuits; None for a view without circuits.
        circuit: the circuit that reads the state; None for a view without circuits.
        words: the Pauli words that are read off each circuit, or off the state itself.
        n_circuits: circuits that stand side by side.
        n_qubits: qubits of the states whose every entry is read; 1 where the view says no number.
    """

    n_features: int
    needs_states: bool = False
    sees_label: bool = False
    reads_records: bool = False
    n_copies: int = 1
    largest: float = 1.0
    engine: Engine | None = None
    circuit: Circuit | None = None
    words: tuple[str, ...] = ()
    n_circuits: int = 1
    n_qubits: int = 1

    def forward(self, source: Seen, label: Tensor) -> Float[Tensor, "B K"]:
        """The K numbers of each state; ``label`` matters only where the view sees it."""
        raise NotImplementedError

    def bounds(self, weights: Float[Tensor, "*rows K"]) -> Bounds:
        """Numbers between which the eigenvalues of ``sum_k w_k M_k`` lie.

        Args:
            weights: coefficients w, ``(..., K)``.

        Returns:
            Lower and upper bounds, each ``(...)``. They follow from the size of each number alone,
            unless a view overrides this with better ones.
        """
        most = self.largest * weights.abs().sum(-1)
        return -most, most

    def extra_repr(self) -> str:
        """What the view is shown with: how many numbers it reads of a state."""
        return f"{self.n_features} numbers"

    @property
    def n_numbers(self) -> int:
        """Real numbers that reading a state holds in memory: K, unless a view needs more."""
        return self.n_features

    def n_settings(self) -> int:
        """How many circuits read all K numbers off a state, one per basis of measurement.

        A view that needs the whole state takes ``3**n`` Pauli bases; another one takes the bases
        that its words need, for each of its circuits.
        """
        if self.needs_states:
            return int(3**self.n_qubits)
        return max(1, len(pauli.bases(self.words))) * self.n_circuits


class FixedView(View):
    """A view whose observables are fixed matrices of the state's own size.

    Each has an unbiased estimate from records of an informationally complete measurement.
    """

    reads_records = True

    def extra_repr(self) -> str:
        """What the view is shown with: how many numbers it reads of a state, and of which size."""
        return f"{self.n_features} numbers of {self.n_qubits} qubits"

    def check_qubits(self, source: Seen) -> None:
        """Refuse states of another size than the view's ``n_qubits``.

        Raises:
            QganError: if the numbers of qubits differ.
        """
        if source.n_qubits != self.n_qubits:
            rule = f"must have {self.n_qubits} qubits, as the view"
            raise errors.argument("source", rule, source.n_qubits)

    def operator(self, weights: Float[Tensor, "*rows K"]) -> Complex[Tensor, ...]:
        """The matrices ``sum_k w_k M_k``, ``(..., 2**n, 2**n)``."""
        raise NotImplementedError

    def bounds(self, weights: Float[Tensor, "*rows K"]) -> Bounds:
        """The least and the greatest eigenvalue of ``sum_k w_k M_k``."""
        values = torch.linalg.eigvalsh(self.operator(weights))
        return values[..., 0], values[..., -1]


def states_of(source: Seen, view: View) -> StateSource:
    """The source itself, unless it is records: a view of trainable circuits cannot read them.

    Raises:
        QganError: for records; the message says why and names the two nearest views.
    """
    if isinstance(source, Measurement):
        raise unreadable(view, source.n_shots)
    return source


def unreadable(view: View, n_shots: int) -> errors.QganError:
    """The error that says why a view of trainable circuits cannot read records.

    Args:
        view: the view.
        n_shots: shots of each state.
    """
    reason = "its circuits act on a state, and records are of a fixed measurement of each qubit"
    if view.n_copies > n_shots:
        reason = f"it measures {view.n_copies} copies of a state, and there is one shot of each"
    instead = [("view", "pauli"), ("view", "density")]
    return errors.unsupported(f"View {type(view).__name__}", reason, instead)
