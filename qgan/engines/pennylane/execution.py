"""QNodes and devices, each made once: for a number of wires and for what is read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pennylane as qml
import torch
from pennylane.devices.qubit.sampling import get_num_shots_and_executions
from pennylane.exceptions import (
    DecompositionUndefinedError,
    DeviceError,
    QuantumFunctionError,
    WireError,
)
from torch import Tensor

from qgan import errors
from qgan.engines.base import DiffMethod
from qgan.engines.pennylane.derivative import FirstDerivativeOnly
from qgan.engines.pennylane.device import open_device
from qgan.engines.pennylane.joint import Piece, n_wires_of
from qgan.engines.pennylane.noise import queue_readout_error

__all__ = ["Execution", "Reads"]

Reads = tuple[str, ...] | int
"""What is read at the end: Pauli words on all wires, or the state of so many first wires."""

_KEPT_QNODES = 64
_REFUSALS = (
    errors.QganError,
    DeviceError,
    WireError,
    QuantumFunctionError,
    DecompositionUndefinedError,
    NotImplementedError,
    IndexError,
)


class Execution:
    """Runs pieces of circuits on one kind of device and differentiates them by one method.

    Args:
        device: short name of the device.
        diff_method: a method that the device has.
        shots: measurements of each circuit; None is exact.
        options: further arguments of the device.
        noise: a ``qml.NoiseModel``, or None.
        readout: probability that a bit is read wrongly.
    """

    def __init__(
        self,
        device: str,
        diff_method: DiffMethod,
        shots: int | None,
        options: Mapping[str, Any],
        noise: Any = None,
        readout: float = 0.0,
    ) -> None:
        self.device, self.diff_method, self.shots = device, diff_method, shots
        self.options, self.noise, self.readout = options, noise, readout
        self.count = 0
        self._devices: dict[int, Any] = {}
        self._qnodes: OrderedDict[tuple[int, Reads], Any] = OrderedDict()

    def __call__(
        self, n_wires: int, reads: Reads, pieces: tuple[Piece, ...], vectors: Tensor | None = None
    ) -> Any:
        """Run the pieces one after the other.

        Args:
            n_wires: wires of the execution.
            reads: Pauli words, or the number of first wires whose state is read.
            pieces: circuits with angles.
            vectors: ``(M, 2**n)`` pure states that the first wires start in; None is ``|0..0>``.

        Returns:
            For Pauli words a list with the values ``(M,)`` of each word. For a number of first
            wires the vectors of all wires ``(M, 2**n_wires)``, or on ``default.mixed`` the density
            matrices of these first wires. The batch axis is missing where no piece has one.
        """
        return self._qnode(n_wires, reads)(self._guarded(pieces), vectors)

    def why_not(self, pieces: tuple[Piece, ...]) -> str | None:
        """What the checks of the device say against the pieces, or None; nothing is run."""
        n_wires = n_wires_of(pieces)
        try:
            node = self._qnode(n_wires, ("Z" * n_wires,))
            qml.workflow.construct_batch(node, level="device")(self._guarded(pieces), None)
        except _REFUSALS as error:
            return str(error)
        return None

    def _guarded(self, pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
        """The pieces with angles in double precision, which may refuse a second derivative."""
        angles = [entry.to(torch.float64) for p in pieces for entry in (p.weights, p.inputs)]
        if self.diff_method != "backprop":
            angles = list(FirstDerivativeOnly.apply(*angles))
        pairs = zip(pieces, angles[::2], angles[1::2], strict=True)
        return tuple(replace(piece, weights=w, inputs=x) for piece, w, x in pairs)

    def _qnode(self, n_wires: int, reads: Reads) -> Any:
        """The QNode for a number of wires and what is read.

        Circuits are arguments of a QNode and not a part of it: it serves all circuits of that
        width, and keeps none of them alive.
        """
        key = (n_wires, reads)
        if key not in self._qnodes:
            self._qnodes[key] = self._make_qnode(n_wires, reads)
        self._qnodes.move_to_end(key)
        if len(self._qnodes) > _KEPT_QNODES:
            self._qnodes.popitem(last=False)
        return self._qnodes[key]

    def _make_qnode(self, n_wires: int, reads: Reads) -> Any:
        """A QNode whose arguments are pieces and vectors."""
        operators = [_operator(word) for word in reads] if isinstance(reads, tuple) else []
        mixed = self.device == "default.mixed"

        def execution(pieces: tuple[Piece, ...], vectors: Tensor | None) -> Any:
            if vectors is not None:
                n_source = vectors.shape[1].bit_length() - 1
                qml.StatePrep(vectors, wires=range(n_source), validate_norm=False)
            for piece in pieces:
                piece.queue()
            if isinstance(reads, tuple):
                if self.readout:
                    queue_readout_error(self.readout, range(n_wires))
                return [qml.expval(operator) for operator in operators]
            return qml.density_matrix(range(reads)) if mixed else qml.state()

        node = qml.QNode(
            execution, self._device(n_wires), interface="torch", diff_method=self.diff_method
        )
        if self.noise is not None:
            node = qml.add_noise(node, self.noise)
        if self.shots is not None:
            node = qml.set_shots(node, shots=self.shots)
        if self.diff_method == "parameter-shift":  # it refuses batches, PennyLane issue 4462
            node = qml.transforms.broadcast_expand(node)
        return node

    def _device(self, n_wires: int) -> Any:
        """The device on so many wires, which is opened once."""
        if n_wires not in self._devices:
            device = open_device(self.device, n_wires, self.options)
            if self.diff_method == "parameter-shift":
                device.execute = self._counted(device.execute)
            self._devices[n_wires] = device
        return self._devices[n_wires]

    def _counted(self, execute: Callable[..., Any]) -> Callable[..., Any]:
        """The ``execute`` of a device, which now counts circuits.

        PennyLane's own tracker would double the time that it takes.
        """

        def counted(circuits: Any, *args: Any, **options: Any) -> Any:
            batch = [circuits] if isinstance(circuits, qml.tape.QuantumScript) else circuits
            self.count += sum(get_num_shots_and_executions(circuit)[0] for circuit in batch)
            return execute(circuits, *args, **options)

        return counted


def _operator(word: str) -> Any:
    """The PennyLane operator of a Pauli word, wire 0 first."""
    letters = {wire: letter for wire, letter in enumerate(word) if letter != "I"}
    return qml.pauli.PauliWord(letters).operation(wire_order=range(len(word)))
