"""The circuit with its angles as code to run elsewhere: PennyLane and OpenQASM 2.

The text is made once a run, with a mark ``@k@`` where an angle depends on label and latent; angle
k is ``sum_j scale_j x_{entry_j} + shift`` in the circuit's inputs x.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from qgan import errors
from qgan.engines.gates import Gate, Rows, TracedCircuit
from qgan.engines.trace import trace
from qgan.model import Model

MARK = re.compile(r"@(\d+)@")


@dataclass
class _Angles:
    """Angles of a circuit: numbers where the weights fix them, else marks to fill in."""

    weights: list[float]
    open: list[tuple[float, int, float]] = field(default_factory=list)

    def of(self, gate: Gate) -> str:
        if gate.source == "inputs":
            self.open.append((gate.scale, gate.entry, gate.shift))
            return f"@{len(self.open) - 1}@"
        turn = 0.0 if gate.source is None else gate.scale * self.weights[gate.entry]
        return number(turn + gate.shift)


def number(value: float) -> str:
    """A float that reads back the same."""
    return repr(float(value))


def templates(model: Model) -> dict[str, Any]:
    """Code of a model's circuit, with marks for the angles that label and latent set.

    Returns:
        ``angles``: (scale, entry, shift) of each mark; ``pennylane`` and ``openqasm``: the texts,
        None where the circuit cannot be written so; ``reason``: why not.
    """
    generator = model.sampler
    try:
        circuit = trace(generator.circuit)
    except errors.QganError as error:
        return {"angles": [], "pennylane": None, "openqasm": None, "reason": str(error)}
    angles = _Angles(generator.weights.detach().double().tolist())
    places = [angles.of(gate) if gate.turns else "" for gate in circuit.gates]
    found: dict[str, Any] = {"angles": angles.open, "reason": None}
    found["pennylane"] = _pennylane(circuit, places)
    try:
        found["openqasm"] = _openqasm(circuit, places)
    except errors.QganError as error:
        found.update(openqasm=None, reason=str(error))
    return found


def circuit_code(model: Model, label: Any, latent: Sequence[float], language: str) -> str:
    """The generator's circuit at one label and latent as a program.

    Args:
        model: an opened run.
        label: a label as the data had it.
        latent: ``n_latent`` entries.
        language: "pennylane" (runs as it stands and prints the state) or "openqasm" (2.0).

    Returns:
        The program's text.

    Raises:
        QganError: for an unknown label or language, a latent of another width, or a circuit that
            cannot be written in the language.
    """
    if language not in ("pennylane", "openqasm"):
        raise errors.argument("language", "must be pennylane or openqasm", repr(language))
    classes = torch.tensor([model.index(label)])
    z = torch.tensor([list(latent)], dtype=torch.float32)
    found = templates(model)
    if found[language] is None:
        raise errors.QganError(found["reason"])
    with torch.no_grad():
        inputs = model.sampler.inputs(classes, z)
    return fill(found[language], found["angles"], inputs[0].double().tolist())


def fill(template: str, angles: Sequence[tuple[float, int, float]], inputs: Sequence[float]) -> str:
    """A template with its angles: ``scale * inputs[entry] + shift`` at each mark.

    Example:
        >>> fill("rx(@0@) q[0];", [(2.0, 0, 0.5)], [1.0])
        'rx(2.5) q[0];'
    """

    def angle(mark: re.Match[str]) -> str:
        scale, entry, shift = angles[int(mark[1])]
        return number(scale * inputs[entry] + shift)

    return MARK.sub(angle, template)


def _pennylane(circuit: TracedCircuit, places: Sequence[str]) -> str:
    registers = circuit.registers
    lines = ["import pennylane as qml", ""]
    if not all(gate.turns for gate in circuit.gates):
        lines = ["import numpy as np", *lines]
    noisy = any(gate.gate == "Channel" for gate in circuit.gates)
    device = "default.mixed" if noisy else "default.qubit"
    lines += [
        f'device = qml.device("{device}", wires={registers.n_wires})',
        "",
        "",
        "@qml.qnode(device)",
        "def state():",
    ]
    for gate, angle in zip(circuit.gates, places, strict=True):
        wires = list(gate.wires) if len(gate.wires) > 1 else gate.wires[0]
        if gate.gate == "Unitary":
            lines.append(f"    qml.QubitUnitary({_array(gate.matrix or ())}, wires={wires})")
        elif gate.gate == "Channel":
            operators = ", ".join(_array(matrix) for matrix in gate.kraus or ())
            lines.append(f"    qml.QubitChannel([{operators}], wires={wires})")
        else:
            lines.append(f"    qml.{gate.gate}({angle}, wires={wires})")
    if registers.n_wires == registers.n_output and not noisy:
        lines.append("    return qml.state()")
    else:
        lines.append(f"    return qml.density_matrix(wires=range({registers.n_output}))")
    return "\n".join([*lines, "", "", 'if __name__ == "__main__":', "    print(state())", ""])


def _array(matrix: Rows) -> str:
    """A matrix as NumPy code."""
    rows = ("[" + ", ".join(f"{re!r} + {im!r}j" for re, im in row) + "]" for row in matrix)
    return f"np.array([{', '.join(rows)}])"


def _openqasm(circuit: TracedCircuit, places: Sequence[str]) -> str:
    registers = circuit.registers
    lines = ["OPENQASM 2.0;", 'include "qelib1.inc";']
    if registers.n_wires > registers.n_output:
        lines.append(
            f"// the state is that of q[0] to q[{registers.n_output - 1}], others traced out"
        )
    lines.append(f"qreg q[{registers.n_wires}];")
    for gate, angle in zip(circuit.gates, places, strict=True):
        wires = [f"q[{wire}]" for wire in gate.wires]
        if gate.gate == "Channel":
            raise errors.unsupported("Circuit", "OpenQASM 2 has no channels", "take pennylane")
        if gate.gate == "Unitary":
            lines += _unitary(gate, wires)
        elif gate.gate == "MultiRZ":
            down = [f"cx {a},{b};" for a, b in itertools.pairwise(wires)]
            lines += [*down, f"rz({angle}) {wires[-1]};", *reversed(down)]
        else:
            lines.append(f"{gate.gate.lower()}({angle}) {wires[0]};")
    return "\n".join([*lines, ""])


KNOWN = {"Hadamard": "h", "PauliX": "x", "PauliY": "y", "PauliZ": "z", "S": "s", "T": "t",
         "CNOT": "cx", "CZ": "cz", "SWAP": "swap", "Toffoli": "ccx"}  # fmt: skip
"""Fixed gates that OpenQASM 2 has a name for."""


def _unitary(gate: Gate, wires: Sequence[str]) -> list[str]:
    """A fixed gate by its name, or by the rotations of any one-qubit gate."""
    import pennylane as qml

    matrix = gate.unitary()
    for name, word in KNOWN.items():
        known = torch.as_tensor(
            qml.matrix(getattr(qml, name)(wires=range(getattr(qml, name).num_wires)))
        )
        if known.shape == matrix.shape and equal_up_to_phase(known.to(matrix.dtype), matrix):
            return [f"{word} {','.join(wires)};"]
    if len(wires) == 1:
        return [f"u3({', '.join(map(number, _euler(matrix)))}) {wires[0]};"]
    raise errors.unsupported(
        f"A fixed gate on wires {list(gate.wires)}",
        "OpenQASM 2 has no name for its matrix",
        "export PennyLane code",
    )


def equal_up_to_phase(a: Tensor, b: Tensor) -> bool:
    """Whether two unitaries differ by a phase only: ``|Tr a^dagger b| = dim``."""
    overlap = (a.conj() * b).sum().abs()
    return math.isclose(float(overlap), len(a), rel_tol=1e-9)


def _euler(matrix: Tensor) -> tuple[float, float, float]:
    """(theta, phi, lambda) of ``u3`` for a 2x2 unitary, up to a phase."""
    (a, b), (c, d) = matrix.tolist()
    theta = 2 * math.atan2(abs(c), abs(a))
    if abs(a) < 1e-12:  # u3 = [[0, -e^il], [e^ip, 0]] with p = 0 by a phase
        return theta, 0.0, _phase(-b / c)
    if abs(c) < 1e-12:
        return theta, 0.0, _phase(d / a)
    return theta, _phase(c / a), _phase(-b / a)


def _phase(value: complex) -> float:
    return math.atan2(value.imag, value.real)
