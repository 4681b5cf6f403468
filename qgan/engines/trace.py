"""Tracing: a PennyLane function of (weights, inputs) becomes a list of gates, once.

The function is called once, with tensors in place of angles that know how they depend on the
entries of weights and inputs (:mod:`qgan.engines.affine`), and what it queues is decomposed.
Whether an angle is affine follows from the operations that computed it, not from samples.
"""

from __future__ import annotations

import traceback
from typing import Any

import pennylane as qml
import torch
from torch import Tensor

from qgan import errors
from qgan.engines.affine import AffineTensor, NotTraceableError, affine_vector
from qgan.engines.base import BitRegisters, Circuit, typical_angles
from qgan.engines.gates import Gate, GateName, TracedCircuit, rows_of
from qgan.engines.operations import (
    MAX_FIXED_WIRES,
    elementary,
    is_constant,
    queued,
    unitary_matrix,
)
from qgan.engines.traced_registers import TracedRegisters
from qgan.engines.weak import WeakNotes

__all__ = ["trace"]

# PennyLane's name -> our name: ZZ is a rotation about a product of Z like any other.
ROTATIONS: dict[str, GateName] = {
    "RX": "RX",
    "RY": "RY",
    "RZ": "RZ",
    "MultiRZ": "MultiRZ",
    "IsingZZ": "MultiRZ",
}
# Operations that are products of commuting rotations about Pauli words: each word, over the wires
# of the operation, and what its rotation multiplies the angle by.
PAULI_SUMS: dict[str, dict[str, float]] = {
    "IsingXX": {"XX": 1.0},
    "IsingYY": {"YY": 1.0},
    "IsingXY": {"XX": -1 / 2, "YY": -1 / 2},
    "CRX": {"IX": 1 / 2, "ZX": -1 / 2},
    "CRY": {"IY": 1 / 2, "ZY": -1 / 2},
    "CRZ": {"IZ": 1 / 2, "ZZ": -1 / 2},
    "ControlledPhaseShift": {"ZI": 1 / 2, "IZ": 1 / 2, "ZZ": -1 / 2},
    "SingleExcitation": {"XY": -1 / 2, "YX": 1 / 2},
}
MAX_CHANNEL_WIRES = 2

_cache: WeakNotes[TracedCircuit] = WeakNotes()


def trace(circuit: Circuit) -> TracedCircuit:
    """The gates of a circuit, traced once and kept as long as the circuit lives.

    A circuit is traced anew when one of its attributes has another value. What else it reads, such
    as variables of the module around it, must not change.

    Args:
        circuit: any object of the circuit protocol.

    Returns:
        The traced circuit; a traced circuit returns itself.

    Raises:
        QganError: naming the gate, if an angle is not an affine function of entries of weights
            and inputs, if an operation cannot be decomposed to gates, or measures, or is a
            channel of a strength that is no number.
    """
    if isinstance(circuit, TracedCircuit):
        return circuit
    return _cache.get(circuit) or _cache.set(circuit, _trace(circuit))


@torch.inference_mode(False)
@torch.enable_grad()
def _trace(circuit: Circuit) -> TracedCircuit:
    angles, chance = affine_vector(circuit.n_weights + circuit.n_inputs), torch.get_rng_state()
    try:
        operations = elementary(_queued(circuit, angles), _is_native)
        if not torch.equal(chance, torch.get_rng_state()):
            raise errors.unsupported(
                "Circuit", "it draws random numbers", "draw them before, or use latent inputs"
            )
        gates = [gate for op in operations for gate in _gates(op, circuit.n_weights)]
    except NotTraceableError as error:
        raise _named(error) from error
    registers = circuit.registers
    widths = TracedRegisters(
        registers.n_output,
        registers.n_label,
        registers.n_latent_wires,
        registers.n_wires - registers.n_output - registers.n_label - registers.n_latent_wires,
        isinstance(registers, BitRegisters) and registers.holds_bits,
    )
    return TracedCircuit(widths, circuit.n_weights, circuit.n_inputs, tuple(gates))


def _queued(circuit: Circuit, angles: Tensor) -> list[Any]:
    """The operations for affine angles; a mistake of the circuit itself is raised as it is."""
    try:
        return queued(circuit, angles[: circuit.n_weights], angles[circuit.n_weights :])
    except errors.QganError:
        raise
    except Exception as error:
        queued(circuit, *typical_angles(circuit))
        reason = errors.one_line(error)
        raise errors.unsupported(
            "Circuit", f"its angles cannot be traced ({reason})", "use the PennyLane engine"
        ) from error


def _is_native(op: Any) -> bool:
    if op.name in ROTATIONS or isinstance(op, qml.operation.Channel):
        return True
    if not is_constant(op) and (op.name in PAULI_SUMS or op.name == "PauliRot"):
        return True
    return bool(op.has_matrix and len(op.wires) <= MAX_FIXED_WIRES and is_constant(op))


def _gates(op: Any, n_weights: int) -> list[Gate]:
    """The gates of an operation that needs no decomposition."""
    if isinstance(op, qml.operation.Channel):
        return [_channel(op)]
    if op.name in ROTATIONS:
        return _rotations(op, n_weights)
    if not is_constant(op) and op.name in PAULI_SUMS:
        words = PAULI_SUMS[op.name].items()
        return [gate for word, factor in words for gate in _rotations(op, n_weights, word, factor)]
    if not is_constant(op) and op.name == "PauliRot":
        return _rotations(op, n_weights, op.hyperparameters["pauli_word"])
    return [Gate("Unitary", _wires(op), matrix=rows_of(unitary_matrix(op)))]


def _wires(op: Any) -> tuple[int, ...]:
    return tuple(int(wire) for wire in op.wires)


def _named(error: NotTraceableError) -> errors.QganError:
    """The error with the name of the operation of PennyLane that it comes from, if it is one."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    owners = [frame.f_locals.get("self") for frame in frames]
    names = [type(owner).__name__ for owner in owners if isinstance(owner, qml.operation.Operator)]
    if error.what.startswith("writes"):
        name = f"Operation {names[0]}" if names else "Circuit"
        cure = "join angles with torch.stack, or use the PennyLane engine"
        return errors.unsupported(name, f"it {error.what}, which tracing cannot follow", cure)
    if not names:
        return errors.unsupported(
            "Circuit",
            f"it {error.what}, so that its gates may change with its angles",
            "let only angles depend on arguments, without loops or branches on their values",
        )
    if hasattr(qml, names[0]) and issubclass(getattr(qml, names[0]), qml.operation.Channel):
        return _varying_channel(names[0])
    return errors.unsupported(
        f"Operation {names[0]}",
        f"it {error.what}, so that its gates may change with it",
        "use other gates, or the PennyLane engine",
    )


def _varying_channel(name: str) -> errors.QganError:
    return errors.unsupported(
        f"Channel {name}",
        "its strength depends on weights or inputs",
        "give it a number, or use the PennyLane engine with default.mixed",
    )


def _channel(op: Any) -> Gate:
    """A channel of fixed strength on one or two wires."""
    if len(op.wires) > MAX_CHANNEL_WIRES:
        raise errors.argument("channel", f"{op.name} must act on one or two wires", len(op.wires))
    if not is_constant(op):
        raise _varying_channel(op.name)
    kraus = torch.stack(
        [torch.as_tensor(qml.math.toarray(k)).to(torch.complex128) for k in op.kraus_matrices()]
    )
    eye = torch.eye(kraus.shape[-1], dtype=kraus.dtype)
    if not torch.allclose((kraus.mH @ kraus).sum(0), eye, atol=1e-6):
        raise errors.argument("channel", f"{op.name} must preserve the trace", "one that does not")
    operators = [matrix for matrix in kraus if matrix.abs().max() > 0]
    return Gate("Channel", _wires(op), kraus=tuple(rows_of(matrix) for matrix in operators))


def _rotations(op: Any, n_weights: int, word: str | None = None, factor: float = 1.0) -> list[Gate]:
    """One rotation for each entry that the angle depends on: their angles add up.

    Args:
        op: the operation.
        n_weights: the number of weights.
        word: the Pauli word that it turns about, where its name does not say it.
        factor: what the angle is multiplied by.
    """
    name, wires = ROTATIONS.get(op.name, "PauliRot"), _wires(op)
    shift, slopes = _affine_form(op)
    shift, slopes = factor * shift, factor * slopes
    if word is not None and set(word) <= {"I", "Z"}:
        name, wires = "MultiRZ", tuple(w for w, z in zip(wires, word, strict=True) if z == "Z")
        word = None
        if not wires:
            return []  # a global phase
    gates: list[Gate] = []
    for position in slopes.nonzero().flatten().tolist():
        source: Any = "weights" if position < n_weights else "inputs"
        entry = position if position < n_weights else position - n_weights
        scale = float(slopes[position])
        gates.append(Gate(name, wires, source, entry, scale, 0.0 if gates else shift, word))
    return gates or [Gate(name, wires, shift=shift, word=word)]


def _affine_form(op: Any) -> tuple[float, Tensor]:
    """The angle of a rotation as a constant and its coefficients by the entries of the angles."""
    angle = op.parameters[0]
    form = angle.parts if isinstance(angle, AffineTensor) else torch.as_tensor(angle)
    if getattr(form, "requires_grad", False):
        raise errors.unsupported(
            f"Gate {op.name} on wires {list(op.wires)}",
            "its angle depends on a tensor of the circuit that requires a gradient",
            "make it an entry of weights, or use the PennyLane engine",
        )
    if not isinstance(angle, AffineTensor):
        angle = torch.as_tensor(qml.math.toarray(angle))
    if angle.numel() != 1:
        raise errors.argument("angle", f"of {op.name} must be one number", f"{angle.numel()}")
    if not isinstance(angle, AffineTensor):
        _check_real(op.name, angle)
        return float(angle.real), torch.zeros(0)
    if angle.bent_by is not None:
        raise errors.unsupported(
            f"Gate {op.name} on wires {list(op.wires)}",
            "its angle is not an affine function of the entries of weights and inputs "
            f"({angle.bent_by})",
            "compute it in the embedding, or use the PennyLane engine",
        )
    parts = angle.parts.flatten().to(torch.complex128)
    _check_real(op.name, parts)
    return float(parts[0].real), parts[1:].real


def _check_real(name: str, number: Tensor) -> None:
    if number.is_complex() and bool((number.imag != 0).any()):
        raise errors.argument("angle", f"of {name} must be real", "one that is complex")
