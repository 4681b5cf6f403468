"""The contract that every engine keeps, and the circuits that it runs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Literal, Protocol, runtime_checkable

import torch
from jaxtyping import Complex
from torch import Tensor

from qgan import errors
from qgan.stateful import Stateful
from qgan.states import Prepared, States, StateSource

__all__ = [
    "BitRegisters",
    "Circuit",
    "DiffMethod",
    "Engine",
    "RegistersLike",
    "check_angles",
    "check_source",
    "typical_angles",
]

DiffMethod = Literal["backprop", "adjoint", "parameter-shift"]


@runtime_checkable
class RegistersLike(Protocol):
    """What qgan asks of registers; ``circuits.Registers`` has it."""

    @property
    def n_output(self) -> int:
        """The number of qubits of the output register, which holds the first wires."""

    @property
    def n_wires(self) -> int:
        """The number of all wires."""

    @property
    def n_label(self) -> int:
        """The number of wires of the label register."""

    @property
    def n_latent_wires(self) -> int:
        """The number of wires of the latent register."""


@runtime_checkable
class BitRegisters(RegistersLike, Protocol):
    """Registers that say whether their wires of label and latent hold bits."""

    @property
    def holds_bits(self) -> bool:
        """Whether these wires are prepared by bits, and only diagonal gates act on them later."""


@runtime_checkable
class Circuit(Protocol):
    """A quantum function of (weights, inputs); a circuit needs no base class."""

    @property
    def registers(self) -> RegistersLike:
        """Which wire belongs to which register."""

    @property
    def n_weights(self) -> int:
        """The number of angles that the batch shares."""

    @property
    def n_inputs(self) -> int:
        """The number of angles that differ per sample."""

    def __call__(self, weights: Any, inputs: Any) -> None:
        """Queue PennyLane operations, indexing ``weights[..., i]`` and ``inputs[..., j]``."""


class Engine(Stateful, ABC):
    """Base of all engines: what runs circuits for torch.

    Values are differentiable in everything that is a float: weights, inputs and a source's states.

    Attributes:
        name: how messages and reports call the engine.
        gives_states: whether :meth:`run` returns states; an engine without them refuses.
        gives_isometries: whether :meth:`isometry` returns matrices rather than refusing.
        shots: measurements of each circuit; None is exact.
        readout: probability that a bit is read wrongly.
    """

    name: str
    gives_states: bool
    gives_isometries: bool = False
    shots: int | None = None
    readout: float = 0.0

    @abstractmethod
    def run(
        self,
        circuit: Circuit,
        weights: Tensor,
        inputs: Tensor,
        source: StateSource | None = None,
    ) -> States:
        """The states of the output register, all other wires traced out.

        ``Tr_rest[U (rho x |0><0|) U^dagger]``, or of ``U|0..0>`` without a source.

        Args:
            circuit: the circuit.
            weights: ``(n_weights,)`` in radians.
            inputs: ``(B, n_inputs)`` in radians.
            source: the states that the circuit acts on, on its output register; the other
                wires start in ``|0>``. None starts all wires there.

        Returns:
            ``B`` states; each column of a source's factor adds columns of its own.

        Raises:
            QganError: if shapes or source do not fit, or the engine gives no states.
        """

    @abstractmethod
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

        Raises:
            QganError: if shapes, words or source do not fit.
        """

    @abstractmethod
    def why_not(
        self, circuit: Circuit, diff_method: str | None = None, shots: int | None = None
    ) -> str | None:
        """The reason why this engine cannot serve a request, or None; nothing is run.

        Args:
            circuit: the circuit.
            diff_method: the diff method that is asked for; None takes the engine's own.
            shots: the shots that are asked for; None is exact.
        """

    @abstractmethod
    def memory(self, circuit: Circuit, batch: int, accelerator: str = "cpu") -> int:
        """Bytes of states that a forward and a backward pass need at the same time, estimated.

        Args:
            circuit: the circuit.
            batch: B.
            accelerator: where the angles are, ``cpu`` or ``cuda``.
        """

    def prepare(self, circuit: Circuit, weights: Tensor, inputs: Tensor) -> StateSource:
        """What a generator returns: states where the engine has them, else the circuit itself.

        Args:
            circuit: the circuit.
            weights: ``(n_weights,)`` in radians.
            inputs: ``(B, n_inputs)`` in radians.

        Returns:
            What :meth:`run` returns, or a ``Prepared`` that nobody has run yet.
        """
        if self.gives_states:
            return self.run(circuit, weights, inputs)
        check_angles(circuit, weights, inputs)
        return Prepared(self, circuit, weights, inputs)

    def gives_isometry_of(self, circuit: Circuit) -> bool:
        """Whether :meth:`isometry` returns matrices of this circuit rather than refusing it."""
        return self.gives_isometries

    def isometry(
        self, circuit: Circuit, weights: Tensor, inputs: Tensor
    ) -> Complex[Tensor, "B N D"]:
        """What the circuit does to each basis state of its output register, other wires ``|0>``.

        Where few rows of inputs serve many states of few qubits (a readout has one row per label),
        running the circuit once per row and multiplying is less work than running it once per
        state. The work of a product grows 16 times with two more qubits, that of a circuit 4 times.

        Args:
            circuit: the circuit.
            weights: ``(n_weights,)`` in radians.
            inputs: ``(B, n_inputs)`` in radians.

        Returns:
            ``V`` with ``V|i>`` as its columns, complex ``(B, 2**n_wires, 2**n_output)``.

        Raises:
            QganError: from an engine that gives no isometries.
        """
        raise errors.unsupported(
            f"Engine {self.name}", "it gives no isometries", "use BatchedEngine, or run states"
        )


def typical_angles(circuit: Circuit) -> tuple[Tensor, Tensor]:
    """Weights ``(n_weights,)`` and inputs ``(n_inputs,)`` at which a circuit is looked at.

    They are no multiples of each other: some circuits are not defined where all angles are 0.
    """
    sizes = (circuit.n_weights, circuit.n_inputs)
    numbers = [torch.arange(1.0, size + 1, dtype=torch.float64) for size in sizes]
    weights, inputs = (0.1 + (number * 0.61803398875) % 0.8 for number in numbers)
    return weights, inputs


def check_angles(circuit: Circuit, weights: Tensor, inputs: Tensor) -> None:
    """Refuse angles that are no real tensors, or whose shapes do not fit the circuit."""
    for name, angles in (("weights", weights), ("inputs", inputs)):
        if not isinstance(angles, Tensor) or angles.is_complex():
            kind = angles.dtype if isinstance(angles, Tensor) else type(angles).__name__
            raise errors.argument(name, "must be a tensor of real numbers", kind)
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
