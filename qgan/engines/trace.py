"""Tracing: a PennyLane function of (weights, inputs) becomes a list of gates, once.

The function is run with torch scalars in place of angles and decomposed by PennyLane. How each
gate's angle depends on the entries of weights and inputs is read off its derivative at two points
of opposite signs, which must agree: the angle is then affine in them.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pennylane as qml
import torch
from torch import Tensor

from qgan import errors
from qgan.engines.base import Circuit

GateName = Literal["RX", "RY", "RZ", "MultiRZ", "Unitary"]

# PennyLane name -> name in the list: ZZ is a rotation about a product of Z like any other.
ROTATIONS: dict[str, GateName] = {
    "RX": "RX",
    "RY": "RY",
    "RZ": "RZ",
    "MultiRZ": "MultiRZ",
    "IsingZZ": "MultiRZ",
}
SILENT = ("GlobalPhase", "Identity", "Barrier")
MAX_FIXED_WIRES = 4


@dataclass(frozen=True)
class Gate:
    """One gate of a traced circuit.

    A rotation turns by ``scale * source[entry] + shift`` radians (``shift`` alone if ``source`` is
    None); a ``Unitary`` is fixed and carries its matrix as rows of (real, imaginary) pairs.
    """

    gate: GateName
    wires: tuple[int, ...]
    source: Literal["weights", "inputs"] | None = None
    entry: int = 0
    scale: float = 0.0
    shift: float = 0.0
    matrix: tuple[tuple[tuple[float, float], ...], ...] | None = None

    def unitary(self) -> Tensor:
        """The fixed matrix, complex128 ``(2**k, 2**k)``."""
        return torch.view_as_complex(torch.tensor(self.matrix, dtype=torch.float64))


@dataclass(frozen=True)
class TracedRegisters:
    """Registers of a circuit that was opened from a file."""

    n_output: int
    n_label: int
    n_latent_wires: int
    n_bath: int

    @property
    def n_wires(self) -> int:
        """All wires."""
        return self.n_output + self.n_label + self.n_latent_wires + self.n_bath


@dataclass(frozen=True, eq=False)
class TracedCircuit:
    """A circuit as a list of gates; itself a circuit that any engine runs.

    Args:
        registers: widths of the registers.
        n_weights: angles shared by the batch.
        n_inputs: angles that differ per sample.
        gates: the gates in order.
    """

    registers: TracedRegisters
    n_weights: int
    n_inputs: int
    gates: tuple[Gate, ...]

    def __call__(self, weights: Any, inputs: Any) -> None:
        """Queue the gates as PennyLane operations."""
        sources = {"weights": weights, "inputs": inputs}
        for gate in self.gates:
            if gate.gate == "Unitary":
                qml.QubitUnitary(gate.unitary().numpy(), wires=gate.wires)
                continue
            angle: Any = gate.shift
            if gate.source is not None:
                angle = gate.scale * sources[gate.source][..., gate.entry] + gate.shift
            getattr(qml, gate.gate)(angle, wires=gate.wires)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; :meth:`from_dict` reads it back."""
        return {
            "format": 1,
            "registers": asdict(self.registers),
            "n_weights": self.n_weights,
            "n_inputs": self.n_inputs,
            "gates": [{k: v for k, v in asdict(g).items() if v is not None} for g in self.gates],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> TracedCircuit:
        """Rebuild from plain data; runs no code of the user's."""
        gates = []
        for row in data["gates"]:
            matrix = row.get("matrix")
            if matrix is not None:
                matrix = tuple(tuple((re, im) for re, im in line) for line in matrix)
            gates.append(Gate(**{**row, "wires": tuple(row["wires"]), "matrix": matrix}))
        registers = TracedRegisters(**data["registers"])
        return cls(registers, data["n_weights"], data["n_inputs"], tuple(gates))


_cache: weakref.WeakKeyDictionary[Any, TracedCircuit] = weakref.WeakKeyDictionary()


def trace(circuit: Circuit) -> TracedCircuit:
    """The gates of a circuit, traced once and kept as long as the circuit lives.

    Args:
        circuit: any object of the circuit protocol.

    Returns:
        The traced circuit; a traced circuit returns itself.

    Raises:
        QganError: naming the gate, if an angle is not an affine function of entries of weights
            and inputs, if an operation cannot be decomposed to gates, or measures, or is noisy.
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
    random = torch.Generator().manual_seed(0)
    n = circuit.n_weights + circuit.n_inputs
    point = math.pi * (2 * torch.rand(n, dtype=torch.float64, generator=random) - 1)
    first, second = _record(circuit, point), _record(circuit, -0.7 * point)
    names, again = ([(op.name, op.wires) for op, _, _ in rows] for rows in (first, second))
    if names != again:
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


def _record(circuit: Circuit, point: Tensor) -> list[tuple[Any, Tensor | None, float]]:
    """Decomposed operations at one point: (op, d angle / d entries, constant part)."""
    point = point.requires_grad_()
    make = qml.tape.make_qscript(circuit)
    tape = make(point[: circuit.n_weights], point[circuit.n_weights :])
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
        if isinstance(op, qml.operation.Channel):
            raise errors.unsupported(
                f"Channel {op.name}", "the batched engine runs unitary gates", "use default.mixed"
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
    if op.name in ROTATIONS or op.name in SILENT:
        return True
    variable = any(qml.math.requires_grad(p) for p in op.parameters)
    return bool(op.has_matrix and len(op.wires) <= MAX_FIXED_WIRES and not variable)


def _fixed(op: Any, again: Any) -> Gate:
    """A gate without trainable angles, recorded at two points: a unitary, and the same one."""
    matrix, other = (
        torch.as_tensor(qml.math.toarray(o.matrix()), dtype=torch.complex128) for o in (op, again)
    )
    if matrix.ndim != 2 or not torch.allclose(
        matrix @ matrix.mH, torch.eye(len(matrix), dtype=matrix.dtype), atol=1e-6
    ):
        raise errors.argument("matrix", f"of {op.name} must be one unitary", "one that is not")
    if not torch.allclose(matrix, other):
        raise _not_affine(op)
    rows = tuple(tuple((z.real, z.imag) for z in row) for row in matrix.tolist())
    return Gate("Unitary", tuple(int(wire) for wire in op.wires), matrix=rows)


def _rotations(op: Any, slope: Tensor, shift: float, n_weights: int) -> list[Gate]:
    """One rotation for each entry its angle depends on: rotations about one axis add up."""
    name, wires = ROTATIONS[op.name], tuple(int(wire) for wire in op.wires)
    gates: list[Gate] = []
    for position in slope.nonzero().flatten().tolist():
        source: Any = "weights" if position < n_weights else "inputs"
        entry = position if position < n_weights else position - n_weights
        scale = float(slope[position])
        gates.append(Gate(name, wires, source, entry, scale, 0.0 if gates else shift))
    return gates or [Gate(name, wires, shift=shift)]
