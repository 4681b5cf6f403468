"""QNodes and devices, each made once: for a number of wires and for what is read."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pennylane as qml
import torch
from pennylane.devices.qubit.sampling import get_num_shots_and_executions
from torch import Tensor

from qgan import errors, pauli
from qgan.engines.base import DiffMethod
from qgan.engines.operations import elementary
from qgan.engines.pennylane.derivative import FirstDerivativeOnly
from qgan.engines.pennylane.device import open_device
from qgan.engines.pennylane.noise import read_noise, readout_errors
from qgan.engines.pennylane.request import Reads, Request
from qgan.engines.pennylane.verification import (
    CircuitNotes,
    find_fault,
    first_samples,
    same_for_each,
)
from qgan.engines.pennylane.vocabulary import KnownGates, check_real

__all__ = ["Execution"]

_KEPT_QNODES = 64


class Execution:
    """Runs circuits on one kind of device and differentiates them by one method.

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
        # The device's own expectation values have no gradient where an outcome has probability 0.
        # Noise of a measurement is on its expectation value, and not on the matrix.
        self.reads_matrix = (
            device == "default.mixed" and diff_method == "backprop" and not read_noise(noise)
        )
        self.knows = KnownGates(device, diff_method)
        self.count = 0
        self._devices: dict[int, Any] = {}
        self._qnodes: OrderedDict[tuple[int, Reads], Any] = OrderedDict()
        self._notes = CircuitNotes()

    def __getstate__(self) -> dict[str, Any]:
        """The state without devices and QNodes, which are made anew where they are needed."""
        return {**self.__dict__, "_devices": {}, "_qnodes": OrderedDict()}

    def __call__(self, request: Request) -> Any:
        """Run a request; the first exact one of each circuit that has a gradient is checked.

        Returns:
            For Pauli words a list with the values ``(M,)`` of each word. For a number of first
            wires the vectors of all wires ``(M, 2**n_wires)``, or on ``default.mixed`` the density
            matrices of these first wires. The batch axis is missing where no piece has one.

        Raises:
            QganError: if the device does not run the circuit, or gets its gradient wrong.
        """
        differentiates = torch.is_grad_enabled() and any(a.requires_grad for a in request.angles)
        notes = self._notes.of(request.pieces)
        key = "a batch" if request.batch != 1 else "one sample"
        if differentiates and self.shots is None and key not in notes:
            self.check(request)
            notes[key] = True
        return self._run(request)

    def why_not(self, request: Request) -> str | None:
        """What is said against a request where it is run, or None; nothing is run."""
        try:
            operations = self._operations(request)
            node = self._qnode(request.n_wires, request.reads)
            qml.workflow.construct_batch(node, level="device")(operations)
        except errors.QganError as error:
            return str(error)
        except Exception as error:
            return str(self._refused(error))
        return None

    def check(self, request: Request) -> None:
        """Refuse a request whose values or gradients the device gets wrong.

        The circuits that this takes are not counted.

        Raises:
            QganError: naming the operations concerned.
        """
        few, count = first_samples(request), self.count
        few.samples(0).queued()  # a mistake of the circuit itself is raised as it is
        words = few.reads if isinstance(few.reads, tuple) else pauli.pauli_words(few.n_wires, 1)
        try:
            fault = find_fault(replace(few, reads=words), self._values, self._reference)
        except errors.QganError:
            raise
        except Exception as error:
            raise self._refused(error) from error
        finally:
            self.count = count
        if fault is not None:
            raise errors.unsupported(
                f"Device {self.device} with {self.diff_method}",
                fault,
                "use other gates there, or another engine",
            )

    def _run(self, request: Request) -> Any:
        """Run a request at once, or sample by sample where a circuit does not take a batch."""
        try:
            operations = self._operations(request)
            takes_batch = request.batch is None or self._takes_batch(request)
        except errors.QganError:
            raise
        except Exception:  # some templates take the angles of one sample only
            if request.batch is None:
                raise
            takes_batch = False
        if not takes_batch:
            assert request.batch is not None
            samples = [self._run(request.samples(k)) for k in range(request.batch)]
            if isinstance(request.reads, tuple):
                return [torch.stack(values) for values in zip(*samples, strict=True)]
            return torch.stack(samples)
        try:
            result = self._qnode(request.n_wires, request.reads)(operations)
        except Exception as error:
            raise self._refused(error) from error
        if isinstance(request.reads, int):
            return result
        if self.reads_matrix:
            rho = result.to(torch.complex128)
            values = pauli.expval_of_matrix(rho.reshape(-1, *rho.shape[-2:]), request.reads)
            return list((values if rho.ndim == 3 else values[0]).unbind(-1))
        return [result] if len(request.reads) == 1 else result

    def _takes_batch(self, request: Request) -> bool:
        """Whether the operations of a batch are those of its samples; asked once for each size."""
        notes, batch = self._notes.of(request.pieces), request.batch
        assert batch is not None
        if batch in notes:
            return notes[batch]
        with torch.no_grad():
            operations = self._operations(request, split=True)
            places = {0, batch - 1}
            samples = {k: self._operations(request.samples(k), split=True) for k in places}
        notes[batch] = same_for_each(operations, samples)
        return notes[batch]

    def _values(self, request: Request) -> Tensor:
        """The values ``(M, K)`` of the words, as :meth:`_run` gives them."""
        values = self._run(request)
        return torch.stack([v.to("cpu", torch.float64).expand(request.batch) for v in values], -1)

    def _reference(self, request: Request) -> Tensor:
        """The values ``(M, K)`` of the words, sample by sample in numbers of NumPy.

        There is neither a batch nor a gradient, and nothing passes through float32.
        """
        rows = []
        assert request.batch is not None and isinstance(request.reads, tuple)
        for k in range(request.batch):
            with torch.no_grad(), qml.QueuingManager.stop_recording():
                operations = self._operations(request.samples(k))
                measurements = [qml.expval(_operator(word)) for word in request.reads]
                tape = qml.tape.QuantumScript(operations, measurements)
                (tape,), _ = qml.transforms.convert_to_numpy_parameters(tape)
                tapes, joined = [tape], _first_of
                if read_noise(self.noise):
                    tapes, joined = qml.add_noise(tape, read_noise(self.noise))
                row = joined(qml.execute(tapes, self._device(request.n_wires), diff_method=None))
            rows.append([float(v) for v in (row if len(measurements) > 1 else [row])])
        return torch.tensor(rows, dtype=torch.float64)

    def _operations(self, request: Request, split: bool = False) -> list[Any]:
        """The operations of an execution in order, with its noise, as gates that the device knows.

        Noise comes after what the circuits queue, before that is decomposed.

        Args:
            request: what is run.
            split: whether gates that are split for a batch of angles are split in any case.
        """
        guarded = self._guarded(request)
        operations = guarded.operations()
        with qml.QueuingManager.stop_recording():
            if self.noise is not None:
                script = qml.tape.QuantumScript(operations)
                (script,), _ = qml.add_noise(script, qml.NoiseModel(self.noise.model_map))
                operations = script.operations
        knows = replace(self.knows, split=split)
        gates = elementary(operations[:1], replace(knows, first=True))
        gates += elementary(operations[1:], knows)
        check_real(gates)
        if self.readout and isinstance(request.reads, tuple):
            gates += readout_errors(self.readout, range(request.n_wires))
        return gates

    def _guarded(self, request: Request) -> Request:
        """The request with angles in double precision, which may refuse a second derivative."""
        angles = [entry.to(torch.float64) for entry in request.angles]
        if self.diff_method != "backprop":
            angles = list(FirstDerivativeOnly.apply(*angles))
        return request.at(angles)

    def _qnode(self, n_wires: int, reads: Reads) -> Any:
        """The QNode for a number of wires and what is read.

        Operations are arguments of a QNode and not a part of it: it serves all circuits of that
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
        """A QNode whose argument is a list of operations."""

        def execution(operations: list[Any]) -> Any:
            for operation in operations:
                qml.apply(operation)
            measurements = self._measurements(n_wires, reads)
            return measurements[0] if len(measurements) == 1 else measurements

        node = qml.QNode(
            execution, self._device(n_wires), interface="torch", diff_method=self.diff_method
        )
        if read_noise(self.noise):
            node = qml.add_noise(node, read_noise(self.noise))
        if self.shots is not None:
            node = qml.set_shots(node, shots=self.shots)
        if self.diff_method == "parameter-shift":  # it refuses batches, PennyLane issue 4462
            node = qml.transforms.broadcast_expand(node)
        return node

    def _measurements(self, n_wires: int, reads: Reads) -> list[Any]:
        """What is measured at the end."""
        if isinstance(reads, tuple) and not self.reads_matrix:
            return [qml.expval(_operator(word)) for word in reads]
        if self.device == "default.mixed":
            return [qml.density_matrix(range(n_wires if isinstance(reads, tuple) else reads))]
        return [qml.state()]

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

    def _refused(self, error: Exception) -> errors.QganError:
        """The error for an exception of the device, whose own words may be several lines."""
        reason = errors.one_line(error) or type(error).__name__
        return errors.unsupported(
            f"Device {self.device} with {self.diff_method}",
            f"it does not run this circuit ({reason})",
            "use other gates, or another engine",
        )


def _first_of(results: Any) -> Any:
    """The result of the only tape."""
    return results[0]


def _operator(word: str) -> Any:
    """The PennyLane operator of a Pauli word, wire 0 first."""
    letters = {wire: letter for wire, letter in enumerate(word) if letter != "I"}
    return qml.pauli.PauliWord(letters).operation(wire_order=range(len(word)))
