"""Tracing: a PennyLane function of (weights, inputs) becomes a list of gates, once.

The function is run with torch scalars in place of angles and decomposed by PennyLane. How each
gate's angle depends on the entries of weights and inputs is read off its derivative at two points
of opposite signs, which must agree: the angle is then affine in them.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Sequence
from typing import Any

import pennylane as qml
import torch
from torch import Tensor

from qgan import errors
from qgan.engines.base import Circuit
from qgan.engines.gates import Gate, GateName, TracedCircuit, TracedRegisters, rows_of

__all__ = ["trace"]

# PennyLane's name -> our name: ZZ is a rotation about a product of Z like any other.
ROTATIONS: dict[str, GateName] = {
    "RX": "RX",
    "RY": "RY",
    "RZ": "RZ",
    "MultiRZ": "MultiRZ",
    "IsingZZ": "MultiRZ",
}
SILENT = ("GlobalPhase", "Identity", "Barrier")  # they change no state
MAX_FIXED_WIRES = 4
MAX_CHANNEL_WIRES = 2

_cache: weakref.WeakKeyDictionary[Any, TracedCircuit] = weakref.WeakKeyDictionary()


def trace(circuit: Circuit) -> TracedCircuit:
    """The gates of a circuit, traced once and kept as long as the circuit lives.

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
    try:
        traced = _cache.get(circuit)
    except TypeError:  # not hashable or not weakly referable: trace anew
        return _trace(circuit)
    if traced is None:
        traced = _cache[circuit] = _trace(circuit)
    return traced


@torch.inference_mode(False)
@torch.enable_grad()
def _trace(circuit: Circuit) -> TracedCircuit:
    rng = torch.Generator().manual_seed(0)
    n = circuit.n_weights + circuit.n_inputs
    point = math.pi * (2 * torch.rand(n, dtype=torch.float64, generator=rng) - 1)
    first, second = _operations(circuit, point), _operations(circuit, -0.7 * point)
    names, names2 = ([(op.name, op.wires) for op, _, _ in rows] for rows in (first, second))
    if names != names2:
        raise errors.unsupported(
            "Circuit", "its gates change with its angles", "let only angles depend on arguments"
        )
    registers, gates = circuit.registers, []
    for (op, slope, shift), (op2, slope2, shift2) in zip(first, second, strict=True):
        for wire in op.wires:
            if wire not in range(registers.n_wires):
                raise errors.argument(
                    "wires", f"of {op.name} must be from 0 to {registers.n_wires - 1}", wire
                )
        if slope is None:
            gates.append(_fixed(op, op2))
            continue
        affine = slope2 is not None and torch.allclose(slope, slope2, rtol=1e-9, atol=1e-9)
        # PennyLane takes some angles modulo 2 pi, which is a global phase.
        if not affine or abs(math.remainder(shift - shift2, 2 * math.pi)) > 1e-9:
            raise _not_affine(op)
        gates.extend(_rotations(op, slope, shift, circuit.n_weights))
    widths = TracedRegisters(
        registers.n_output,
        registers.n_label,
        registers.n_latent_wires,
        registers.n_wires - registers.n_output - registers.n_label - registers.n_latent_wires,
    )
    return TracedCircuit(widths, circuit.n_weights, circuit.n_inputs, tuple(gates))


def _not_affine(op: Any) -> errors.QganError:
    return errors.unsupported(
        f"Gate {op.name} on wires {list(op.wires)}",
        "its angle is not an affine function of the entries of weights and inputs",
        "compute it in the embedding, or use the PennyLane engine",
    )


def _operations(circuit: Circuit, point: Tensor) -> list[tuple[Any, Tensor | None, float]]:
    """The decomposed operations at one point: (operation, d angle / d entries, constant part)."""
    point = point.requires_grad_()
    queue = qml.tape.make_qscript(circuit)
    tape = queue(point[: circuit.n_weights], point[circuit.n_weights :])
    if tape.measurements:
        raise errors.unsupported("Circuit", "it returns a measurement", "queue gates only")
    rows: list[tuple[Any, Tensor | None, float]] = []
    for op in _decomposed(tape):
        if op.name not in ROTATIONS:
            rows.append((op, None, 0.0))
            continue
        angle = torch.as_tensor(op.parameters[0], dtype=torch.float64)
        if angle.numel() != 1:
            raise errors.argument("angle", f"of {op.name} must be one number", f"{angle.numel()}")
        slope = torch.zeros_like(point)
        if angle.requires_grad:
            slope = torch.autograd.grad(angle, point, retain_graph=True)[0]
        rows.append((op, slope, float((angle - slope @ point).detach())))
    return rows


def _decomposed(tape: Any) -> Sequence[Any]:
    for op in tape.operations:
        if op.name in ("MidMeasureMP", "PauliMeasure", "Conditional") or hasattr(op, "meas_val"):
            raise errors.unsupported(
                f"Operation {op.name}",
                "mid-circuit measurement and classical control have no batched form",
                "defer it by hand onto a bath wire",
            )
    try:
        (expanded,), _ = qml.transforms.decompose(
            tape, gate_set=set(ROTATIONS), stopping_condition=_is_native
        )
    except Exception as error:
        raise errors.unsupported("Circuit", str(error).split("\n")[0], "use other gates") from error
    for op in expanded.operations:
        if not _is_native(op):
            raise errors.unsupported(
                f"Operation {op.name}", "it has no decomposition to gates", "use other gates"
            )
    return [op for op in expanded.operations if op.name not in SILENT]


def _is_native(op: Any) -> bool:
    if op.name in ROTATIONS or op.name in SILENT or isinstance(op, qml.operation.Channel):
        return True
    variable = any(qml.math.requires_grad(p) for p in op.parameters)
    return bool(op.has_matrix and len(op.wires) <= MAX_FIXED_WIRES and not variable)


def _fixed(op: Any, op2: Any) -> Gate:
    """A gate without trainable angles, at two points: it must be the same at both."""
    if isinstance(op, qml.operation.Channel):
        return _channel(op, op2)
    matrix, matrix2 = (
        torch.as_tensor(qml.math.toarray(o.matrix()), dtype=torch.complex128) for o in (op, op2)
    )
    if matrix.ndim != 2 or not torch.allclose(
        matrix @ matrix.mH, torch.eye(len(matrix), dtype=matrix.dtype), atol=1e-6
    ):
        raise errors.argument("matrix", f"of {op.name} must be one unitary", "one that is not")
    if not torch.allclose(matrix, matrix2):
        raise _not_affine(op)
    return Gate("Unitary", tuple(int(wire) for wire in op.wires), matrix=rows_of(matrix))


def _channel(op: Any, op2: Any) -> Gate:
    """A channel of fixed strength on one or two wires, at two points."""
    if len(op.wires) > MAX_CHANNEL_WIRES:
        raise errors.argument("channel", f"{op.name} must act on one or two wires", len(op.wires))
    if any(qml.math.requires_grad(p) for p in op.parameters):
        raise errors.unsupported(
            f"Channel {op.name}",
            "its strength depends on weights or inputs",
            "give it a number, or use the PennyLane engine with default.mixed",
        )
    kraus, kraus2 = (
        torch.stack([torch.as_tensor(qml.math.toarray(k)).to(torch.complex128) for k in matrices])
        for matrices in (op.kraus_matrices(), op2.kraus_matrices())
    )
    eye = torch.eye(kraus.shape[-1], dtype=kraus.dtype)
    if not torch.allclose((kraus.mH @ kraus).sum(0), eye, atol=1e-6):
        raise errors.argument("channel", f"{op.name} must preserve the trace", "one that does not")
    if not torch.allclose(kraus, kraus2):
        raise _not_affine(op)
    wires = tuple(int(wire) for wire in op.wires)
    operators = [matrix for matrix in kraus if matrix.abs().max() > 0]
    return Gate("Channel", wires, kraus=tuple(rows_of(matrix) for matrix in operators))


def _rotations(op: Any, slope: Tensor, shift: float, n_weights: int) -> list[Gate]:
    """One rotation for each entry that the angle depends on: their angles add up."""
    name, wires = ROTATIONS[op.name], tuple(int(wire) for wire in op.wires)
    gates: list[Gate] = []
    for position in slope.nonzero().flatten().tolist():
        source: Any = "weights" if position < n_weights else "inputs"
        entry = position if position < n_weights else position - n_weights
        scale = float(slope[position])
        gates.append(Gate(name, wires, source, entry, scale, 0.0 if gates else shift))
    return gates or [Gate(name, wires, shift=shift)]
