"""The contract every engine keeps, and the circuit it is given."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol, runtime_checkable

from torch import Tensor

from qgan import errors
from qgan.states import States, StateSource

DiffMethod = Literal["backprop", "adjoint", "parameter-shift"]


@runtime_checkable
class RegistersLike(Protocol):
    """What qgan asks of registers; ``circuits.Registers`` is one."""

    @property
    def n_output(self) -> int:
        """Qubits of the output register, which holds the first wires."""

    @property
    def n_wires(self) -> int:
        """All wires."""

    @property
    def n_label(self) -> int:
        """Wires of the label register."""

    @property
    def n_latent_wires(self) -> int:
        """Wires of the latent register."""


@runtime_checkable
class Circuit(Protocol):
    """A quantum function of (weights, inputs); no base class is needed."""

    @property
    def registers(self) -> RegistersLike:
        """Which wire is which."""

    @property
    def n_weights(self) -> int:
        """Angles shared by the batch."""

    @property
    def n_inputs(self) -> int:
        """Angles that differ per sample."""

    def __call__(self, weights: Any, inputs: Any) -> None:
        """Queue PennyLane operations, indexing ``weights[..., i]`` and ``inputs[..., j]``."""


@runtime_checkable
class Engine(Protocol):
    """Runs circuits for torch; both methods are differentiable in everything float."""

    @property
    def name(self) -> str:
        """How messages and reports call it."""

    @property
    def gives_states(self) -> bool:
        """Whether :meth:`run` returns states rather than refusing."""

    shots: int | None
    readout: float

    def state_dict(self) -> dict[str, Any]:
        """What the next call depends on."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from :meth:`state_dict`."""

    def run(self, circuit: Circuit, weights: Tensor, inputs: Tensor) -> States:
        """The states of the output register, all other wires traced out.

        Args:
            circuit: the circuit.
            weights: ``(n_weights,)`` in radians.
            inputs: ``(B, n_inputs)`` in radians.
        """

    def prepare(self, circuit: Circuit, weights: Tensor, inputs: Tensor) -> StateSource:
        """What a generator returns: :meth:`run` if the engine gives states, else ``Prepared``."""

    def expval(
        self,
        circuit: Circuit,
        weights: Tensor,
        inputs: Tensor,
        observables: Sequence[str],
        source: StateSource | None = None,
    ) -> Tensor:
        """Expectation values ``(B, K)`` of Pauli words on all wires of the circuit.

        Args:
            circuit: the circuit.
            weights: ``(n_weights,)`` in radians.
            inputs: ``(B, n_inputs)`` in radians.
            observables: Pauli words of length ``n_wires``.
            source: the states that the circuit acts on, on its output register; the other
                wires start in ``|0>``. None starts all wires there.
        """

    def supports(self, circuit: Circuit, diff_method: str | None, shots: int | None) -> str | None:
        """None if the request can be served, else the reason why not, before work starts."""


def check_angles(circuit: Circuit, weights: Tensor, inputs: Tensor) -> None:
    """Refuse angle tensors whose shapes do not fit the circuit."""
    if weights.shape != (circuit.n_weights,):
        raise errors.argument(
            "weights", f"must have shape ({circuit.n_weights},)", tuple(weights.shape)
        )
    if inputs.ndim != 2 or inputs.shape[1] != circuit.n_inputs:
        raise errors.argument(
            "inputs", f"must have shape (B, {circuit.n_inputs})", tuple(inputs.shape)
        )


def check_source(circuit: Circuit, inputs: Tensor, source: StateSource) -> None:
    """Refuse a source of another width or batch than the circuit it feeds."""
    if source.n_qubits != circuit.registers.n_output:
        raise errors.argument(
            "source",
            f"must have {circuit.registers.n_output} qubits, the circuit's output register",
            source.n_qubits,
        )
    if len(source) != inputs.shape[0]:
        raise errors.argument("source", f"must have batch {inputs.shape[0]}", len(source))
