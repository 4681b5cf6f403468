"""The circuit of a run as code to run elsewhere: PennyLane and OpenQASM 2.

The text is written once per run. Where an angle depends on label and latent it has a mark ``@k@``
instead: angle k is ``scale * x[entry] + shift``, where x are the inputs of the circuit. A line that
prepares a wire which holds a bit is marked ``@k:line@``; it is there where angle k is not 0.
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
from qgan.engines.gates import ROTATIONS, Gate, Rows, TracedCircuit
from qgan.engines.trace import trace
from qgan.model import Model
from qgan.network_generator import NetworkGenerator

__all__ = ["circuit_code", "equal_up_to_phase", "exact_text", "fill", "templates"]

MARK = re.compile(r"@(\d+)@")
BIT_LINE = re.compile(r"^( *)@(\d+):(.*)@\n", re.MULTILINE)


@dataclass
class _Angles:
    """The angles of a circuit as text: numbers where the weights fix them, otherwise marks.

    Args:
        weights: the weights of the circuit.
        marks: scale, entry and shift of each mark so far.
    """

    weights: list[float]
    marks: list[tuple[float, int, float]] = field(default_factory=list)

    def text_of(self, gate: Gate) -> str:
        """The angle of a gate: a number, or a mark if an input sets it."""
        if gate.source == "inputs":
            self.marks.append((gate.scale, gate.entry, gate.shift))
            return f"@{len(self.marks) - 1}@"
        turn = 0.0 if gate.source is None else gate.scale * self.weights[gate.entry]
        return exact_text(turn + gate.shift)


def exact_text(value: float) -> str:
    """A number as text from which exactly the same number is read.

    Example:
        >>> exact_text(0.1)
        '0.1'

    Raises:
        QganError: for NaN and infinities, which are no numbers of a program.
    """
    if not math.isfinite(value):
        raise errors.argument("angle", "must be finite", value)
    return repr(float(value))


def templates(model: Model, reduced: bool = False) -> dict[str, Any]:
    """The code of a model's circuit, with marks for the angles that label and latent set.

    Args:
        model: an opened run.
        reduced: whether it is the circuit without the wires that hold bits.

    Returns:
        ``angles``: (scale, entry, shift) of each mark; ``pennylane`` and ``openqasm``: the texts,
        or None where the circuit cannot be written in the language; ``reason``: why it cannot.
    """
    generator = model.sampler
    if isinstance(generator, NetworkGenerator):
        reason = "A network writes the state: there is no circuit to export."
        return {"angles": [], "pennylane": None, "openqasm": None, "reason": reason}
    try:
        circuit = trace(generator.run_circuit if reduced else generator.circuit)
    except errors.QganError as error:
        return {"angles": [], "pennylane": None, "openqasm": None, "reason": str(error)}
    angles = _Angles(generator.weights.detach().double().tolist())
    places = [angles.text_of(gate) if gate.turns else "" for gate in circuit.gates]
    code: dict[str, Any] = {"angles": angles.marks, "reason": None}
    code["pennylane"] = _pennylane(circuit, places)
    try:
        code["openqasm"] = _openqasm(circuit, places)
    except errors.QganError as error:
        code.update(openqasm=None, reason=str(error))
    return code


def circuit_code(
    model: Model, label: Any, latent: Sequence[float], language: str, reduced: bool = False
) -> str:
    """Write the circuit of a generator, at one label and latent, as a program.

    Registers that hold bits are written with all of their wires, and an X gate prepares each bit
    that is 1. The reduced circuit prepares the same state on the other wires alone, with fewer
    gates.

    Args:
        model: an opened run.
        label: a label as the data name it.
        latent: the entries of z, ``n_latent`` numbers.
        language: "pennylane" (a program that prints the state) or "openqasm" (version 2.0).
        reduced: whether wires that hold bits are left out; it changes nothing if there are none.

    Returns:
        The text of the program.

    Raises:
        QganError: for an unknown label or language, a latent of another width, or a circuit that
            cannot be written in the language.
    """
    if language not in ("pennylane", "openqasm"):
        raise errors.argument("language", "must be pennylane or openqasm", repr(language))
    classes = torch.tensor([model.index(label)])
    z = torch.tensor([list(latent)], dtype=torch.float32)
    code = templates(model, reduced)
    if code[language] is None:
        raise errors.QganError(code["reason"])
    with torch.no_grad():
        generator = model.sampler
        inputs = generator.inputs(classes, z)
        if reduced and generator.reduction is not None:
            inputs = generator.reduction.angles(generator.weights.double(), inputs.double())
    return fill(code[language], code["angles"], inputs[0].double().tolist())


def fill(template: str, angles: Sequence[tuple[float, int, float]], inputs: Sequence[float]) -> str:
    """Put the angles into a template: ``scale * inputs[entry] + shift`` at each mark.

    Args:
        template: a text with marks ``@k@``.
        angles: (scale, entry, shift) of each mark.
        inputs: the inputs of the circuit, ``n_inputs`` numbers.

    Returns:
        The text with numbers in the place of the marks, and with the lines of the bits that are 1.

    Example:
        >>> fill("rx(@0@) q[0];", [(2.0, 0, 0.5)], [1.0])
        'rx(2.5) q[0];'
        >>> fill("@0:x q[1];@\\n", [(3.14, 0, 0.0)], [1.0])
        'x q[1];\\n'
    """

    def angle(place: str) -> float:
        scale, entry, shift = angles[int(place)]
        return scale * inputs[entry] + shift

    def line(mark: re.Match[str]) -> str:
        return f"{mark[1]}{mark[3]}\n" if angle(mark[2]) else ""

    return MARK.sub(lambda mark: exact_text(angle(mark[1])), BIT_LINE.sub(line, template))


def _as_bit(circuit: TracedCircuit, gate: Gate, angle: str, operation: str) -> str | None:
    """The line of a gate that prepares a wire which holds a bit, with its mark; otherwise None."""
    if not (gate.writes_a_bit and gate.wires[0] in circuit.registers.bits):
        return None
    return f"{angle[:-1]}:{operation}@"


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
        bit = _as_bit(circuit, gate, angle, f"qml.X(wires={wires})")
        if bit is not None:
            lines.append(f"    {bit}")
        elif gate.gate == "Unitary":
            lines.append(f"    qml.QubitUnitary({_array(gate.matrix or ())}, wires={wires})")
        elif gate.gate == "Channel":
            operators = ", ".join(_array(matrix) for matrix in gate.kraus or ())
            lines.append(f"    qml.QubitChannel([{operators}], wires={wires})")
        else:
            word = "" if gate.word is None else f'"{_word(gate)}", '
            lines.append(f"    qml.{_rotation(gate)}({angle}, {word}wires={wires})")
    if registers.n_wires == registers.n_output and not noisy:
        lines.append("    return qml.state()")
    else:
        lines.append(f"    return qml.density_matrix(wires=range({registers.n_output}))")
    return "\n".join([*lines, "", "", 'if __name__ == "__main__":', "    print(state())", ""])


def _rotation(gate: Gate) -> str:
    """The name of a rotation; no other text of a circuit becomes part of a program."""
    if gate.gate not in ROTATIONS:
        raise errors.argument("gate", f"must be one of {', '.join(ROTATIONS)}", repr(gate.gate))
    return gate.gate


def _word(gate: Gate) -> str:
    """The word of a rotation; no other text of a circuit becomes part of a program."""
    word = gate.word or ""
    if not set(word) <= set("IXYZ"):
        raise errors.argument("word", "must be of the letters I, X, Y and Z", repr(word))
    return word


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
        bit = _as_bit(circuit, gate, angle, f"x {wires[0]};")
        if bit is not None:
            lines.append(bit)
        elif gate.gate == "Channel":
            raise errors.unsupported("Circuit", "OpenQASM 2 has no channels", "take pennylane")
        elif gate.gate == "Unitary":
            lines += _unitary(gate, wires)
        elif gate.gate == "MultiRZ":
            lines += _ladder(angle, wires)
        elif gate.gate == "PauliRot":
            lines += _word_rotation(gate, angle, wires)
        else:
            lines.append(f"{_rotation(gate).lower()}({angle}) {wires[0]};")
    return "\n".join([*lines, ""])


def _ladder(angle: str, wires: Sequence[str]) -> list[str]:
    """A rotation about the product of Z on some wires."""
    ladder = [f"cx {a},{b};" for a, b in itertools.pairwise(wires)]
    return [*ladder, f"rz({angle}) {wires[-1]};", *reversed(ladder)]


def _word_rotation(gate: Gate, angle: str, wires: Sequence[str]) -> list[str]:
    """A rotation about a word: ``X = H Z H`` and ``Y = RX(-pi/2) Z RX(pi/2)``."""
    letters = [(w, letter) for w, letter in zip(wires, _word(gate), strict=True) if letter != "I"]
    half = exact_text(math.pi / 2)
    before = [f"h {w};" if x == "X" else f"rx({half}) {w};" for w, x in letters if x != "Z"]
    after = [f"h {w};" if x == "X" else f"rx(-{half}) {w};" for w, x in letters if x != "Z"]
    return [*before, *_ladder(angle, [w for w, _ in letters]), *after] if letters else []


def _gate_words() -> dict[str, Any]:
    """The operations of PennyLane for the fixed gates that OpenQASM 2 has a word for."""
    import pennylane as qml

    return {
        "h": qml.Hadamard, "x": qml.PauliX, "y": qml.PauliY, "z": qml.PauliZ, "s": qml.S,
        "t": qml.T, "cx": qml.CNOT, "cz": qml.CZ, "swap": qml.SWAP, "ccx": qml.Toffoli,
    }  # fmt: skip


def _unitary(gate: Gate, wires: Sequence[str]) -> list[str]:
    """A fixed gate by its name, or by its Euler angles if it acts on one qubit."""
    import pennylane as qml

    matrix = gate.unitary()
    for word, operation in _gate_words().items():
        candidate = torch.as_tensor(qml.matrix(operation(wires=range(operation.num_wires))))
        if candidate.shape == matrix.shape and equal_up_to_phase(
            candidate.to(matrix.dtype), matrix
        ):
            return [f"{word} {','.join(wires)};"]
    if len(wires) == 1:
        return [f"u3({', '.join(map(exact_text, _euler(matrix)))}) {wires[0]};"]
    raise errors.unsupported(
        f"A fixed gate on wires {list(gate.wires)}",
        "OpenQASM 2 has no name for its matrix",
        "export PennyLane code",
    )


def equal_up_to_phase(a: Tensor, b: Tensor) -> bool:
    """Whether two unitary matrices differ by a phase only: ``|Tr a^dagger b| = dim``."""
    overlap = (a.conj() * b).sum().abs()
    return math.isclose(float(overlap), len(a), rel_tol=1e-9)


def _euler(matrix: Tensor) -> tuple[float, float, float]:
    """The angles (theta, phi, lambda) of ``u3`` for a unitary 2x2 matrix, up to a phase."""
    (a, b), (c, d) = matrix.tolist()
    theta = 2 * math.atan2(abs(c), abs(a))
    if abs(a) < 1e-12:  # u3 = [[0, -e^il], [e^ip, 0]], and a phase makes p = 0
        return theta, 0.0, _phase(-b / c)
    if abs(c) < 1e-12:
        return theta, 0.0, _phase(d / a)
    return theta, _phase(c / a), _phase(-b / a)


def _phase(value: complex) -> float:
    return math.atan2(value.imag, value.real)
