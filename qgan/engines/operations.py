"""What a circuit queues, as operations that whoever runs it knows: the rest is decomposed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pennylane as qml
import torch
from pennylane.ops import op_math

from qgan import errors
from qgan.engines.base import Circuit

__all__ = ["MAX_FIXED_WIRES", "Known", "elementary", "is_constant", "queued", "unitary_matrix"]

Known = Callable[[Any], bool]
"""Whether an operation can be run as it is."""

SILENT = ("GlobalPhase", "Identity", "Barrier", "Snapshot", "WireCut")
"""Operations that change no state."""

MEASURING = ("MidMeasureMP", "MidMeasure", "PauliMeasure", "Conditional")

MAX_FIXED_WIRES = 4
"""Most wires of a gate without angles that is run as one matrix."""

TAKEN_MODULO = ("U2", "U3")
"""Gates whose adjoint PennyLane writes with angles modulo 2 pi, which are not affine any more."""

FLIPS = {"RX": qml.Z, "RY": qml.X, "RZ": qml.X}
"""For each rotation R the gate F with ``F R(a) F = R(-a)``."""

MAX_DEPTH = 100
"""Most decompositions inside each other; an operation that decomposes to itself has no end."""


def queued(circuit: Circuit, weights: Any, inputs: Any) -> list[Any]:
    """The operations that a circuit queues for these angles.

    Args:
        circuit: the circuit.
        weights: ``(n_weights,)``.
        inputs: ``(n_inputs,)`` or ``(B, n_inputs)``.

    Raises:
        QganError: if the circuit measures, or acts on a wire outside its registers.
    """
    tape = qml.tape.make_qscript(circuit)(weights, inputs)
    if tape.measurements:
        raise errors.unsupported("Circuit", "it returns a measurement", "queue gates only")
    n_wires = circuit.registers.n_wires
    for operation in tape.operations:
        if operation.name in MEASURING or hasattr(operation, "meas_val"):
            raise errors.unsupported(
                f"Operation {operation.name}",
                "mid-circuit measurement and classical control are not supported",
                "defer it by hand onto a bath wire",
            )
        for wire in operation.wires:
            if wire not in range(n_wires):
                rule = f"of {operation.name} must be from 0 to {n_wires - 1}"
                raise errors.argument("wires", rule, wire)
    return [_on_integers(operation) for operation in tape.operations]


def _on_integers(operation: Any) -> Any:
    """The operation on wires that are integers, where a circuit has written them otherwise."""
    if all(type(wire) is int for wire in operation.wires):
        return operation
    return operation.map_wires({wire: int(wire) for wire in operation.wires})


def elementary(operations: Iterable[Any], is_known: Known) -> list[Any]:
    """The same operations, decomposed until each of them is known; silent ones are left out.

    Args:
        operations: operations of PennyLane in order.
        is_known: whether an operation can be run as it is.

    Raises:
        QganError: naming the operation, if it is not known and has no decomposition.
    """
    with qml.QueuingManager.stop_recording():
        return [part for operation in operations for part in _parts(operation, is_known, operation)]


def is_constant(operation: Any) -> bool:
    """Whether none of the numbers of an operation carries a gradient or a batch."""
    if any(qml.math.requires_grad(number) for number in operation.parameters):
        return False
    return getattr(operation, "batch_size", None) is None


def unitary_matrix(operation: Any) -> torch.Tensor:
    """The matrix of a gate without angles, complex128 ``(2**k, 2**k)``.

    Raises:
        QganError: if it is not unitary.
    """
    matrix = torch.as_tensor(qml.math.toarray(operation.matrix()), dtype=torch.complex128)
    if matrix.ndim != 2 or not torch.allclose(
        matrix @ matrix.mH, torch.eye(len(matrix), dtype=matrix.dtype), atol=1e-6
    ):
        rule = f"of {operation.name} must be one unitary"
        raise errors.argument("matrix", rule, "one that is not")
    return matrix


def _parts(operation: Any, is_known: Known, whole: Any, depth: int = 0) -> list[Any]:
    """An operation, or what it decomposes to; ``whole`` is what the circuit has queued."""
    if operation.name in SILENT:
        return []
    if is_known(operation):
        return [operation]
    if depth > MAX_DEPTH:
        raise _undecomposed(whole, "its decomposition does not end")
    try:
        parts = _decomposition(operation)
    except errors.QganError:
        raise
    except Exception as error:
        matrix = _as_matrix(operation)
        if matrix is not None and is_known(matrix):
            return [matrix]
        reason = errors.one_line(error)
        reason = "it has no decomposition to gates" + (f" ({reason})" if reason else "")
        raise _undecomposed(whole, reason) from error
    return [leaf for part in parts for leaf in _parts(part, is_known, whole, depth + 1)]


def _as_matrix(operation: Any) -> Any:
    """The operation as one matrix, for what has no decomposition; None where it has no matrix."""
    if not operation.has_matrix or len(operation.wires) > MAX_FIXED_WIRES:
        return None
    if is_constant(operation):
        return qml.QubitUnitary(unitary_matrix(operation).numpy(), operation.wires)
    try:
        return qml.QubitUnitary(operation.matrix(), operation.wires)
    except Exception:
        return None


def _decomposition(operation: Any) -> list[Any]:
    """One step of a decomposition: PennyLane's, but for what it makes of angles of torch."""
    if isinstance(operation, op_math.Exp):
        return _turns(operation)
    if isinstance(operation, op_math.Adjoint) and operation.base.name in TAKEN_MODULO:
        return [qml.adjoint(part) for part in reversed(operation.base.decomposition())]
    if type(operation) in (op_math.Controlled, op_math.ControlledOp):
        return _controlled(operation)
    parts: list[Any] = operation.decomposition()
    return parts


def _controlled(operation: Any) -> list[Any]:
    """A gate with controls that PennyLane has no class for.

    PennyLane decomposes it by way of the matrix of its base, from whose values it computes angles.
    ``C(R(a)) = F R(-a/2) F R(a/2)`` with ``F`` the controlled flip that turns R around has angles
    that are affine in a.
    """
    base, controls = operation.base, operation.control_wires
    values = list(operation.control_values)
    if is_constant(operation):
        parts: list[Any] = operation.decomposition()
        return parts
    if base.name in FLIPS:
        flip = qml.ctrl(FLIPS[base.name](base.wires[0]), controls, values)
        half, back = (type(base)(sign * base.data[0] / 2, base.wires) for sign in (1, -1))
        return [half, flip, back, flip]
    if base.name == "GlobalPhase":
        *others, last = controls
        phase = [qml.PhaseShift(-base.data[0], last)]
        if not values[-1]:
            phase = [qml.X(last), *phase, qml.X(last)]
        return [qml.ctrl(part, others, values[:-1]) for part in phase] if others else phase
    if base.name in ("PhaseShift", "U1"):
        angle = base.data[0]
        parts = [qml.RZ(angle, base.wires), qml.GlobalPhase(-angle / 2)]
    else:
        parts = _decomposition(base)
    return [qml.ctrl(part, controls, values) for part in parts]


def _undecomposed(operation: Any, reason: str) -> errors.QganError:
    is_channel = isinstance(operation, qml.operation.Channel)
    cure = "use default.mixed or the batched engine" if is_channel else "use other gates"
    place = f"{operation.name} on wires {list(operation.wires)}"
    return errors.unsupported(f"Operation {place}", reason, cure)


def _turns(operation: Any) -> list[Any]:
    """``exp(c sum_k a_k P_k)`` of Pauli words that commute, as rotations by ``2 i c a_k``.

    PennyLane's own decomposition loses the gradient of c, or fails, with angles of torch.

    Raises:
        QganError: if the exponent is not imaginary, so that the exponential is not unitary.
    """
    sentence = operation.base.pauli_rep
    if sentence is None or not _commute(list(sentence)):
        decomposition: list[Any] = operation.decomposition()
        return decomposition
    turns = []
    for word, factor in sentence.items():
        product = qml.math.cast(operation.coeff, "complex128") * factor
        if not _vanishes(qml.math.real(product)):
            raise _undecomposed(operation, "it is not unitary: its exponent is not imaginary")
        if len(word):
            letters, wires = "".join(word.values()), list(word.keys())
            turns.append(qml.PauliRot(-2 * qml.math.imag(product), letters, wires=wires))
    return turns


def _commute(words: list[Any]) -> bool:
    """Whether Pauli words commute with each other."""
    return all(a.commutes_with(b) for k, a in enumerate(words) for b in words[:k])


def _vanishes(number: Any) -> bool:
    """Whether a number, or an affine function of the angles, is zero."""
    parts = getattr(number, "parts", number)
    return bool(qml.math.allclose(qml.math.detach(parts), 0.0))
