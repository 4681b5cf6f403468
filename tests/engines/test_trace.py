"""Tracing: what is read off a circuit, and what is refused."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pennylane as qml
import pytest
import torch
from small_circuits import Local, draw_angles, ghz, reader, register, reuploading
from tolerances import EXACT
from torch.testing import assert_close

from circuits import DDKReadout, RegisterCircuit, Registers
from qgan.engines.batched import BatchedEngine
from qgan.engines.gates import Gate, TracedCircuit
from qgan.engines.pennylane import PennyLaneEngine
from qgan.engines.trace import trace
from qgan.engines.traced_registers import TracedRegisters
from qgan.errors import QganError

Queue = Callable[[Any, Any], Any]


def local(function: Queue, n_wires: int = 2) -> Local:
    return Local(function, Registers(output=n_wires), 3, 2)


def gates_of(function: Queue) -> list[tuple[str, tuple[int, ...], str | None, int]]:
    return [(g.gate, g.wires, g.source, g.entry) for g in trace(local(function)).gates]


@pytest.mark.parametrize(
    ("angle", "expected"),
    [
        (lambda w, x: w[..., 1], [("weights", 1, 1.0, 0.0)]),
        (lambda w, x: x[..., 1], [("inputs", 1, 1.0, 0.0)]),
        (lambda w, x: -2.5 * w[..., 0] + 0.75, [("weights", 0, -2.5, 0.75)]),
        (lambda w, x: x[..., 0] / 4 - math.pi, [("inputs", 0, 0.25, -math.pi)]),
        (
            lambda w, x: 2 * w[..., 2] - x[..., 0] + 3 * x[..., 1] + 0.5,
            [("weights", 2, 2.0, 0.5), ("inputs", 0, -1.0, 0.0), ("inputs", 1, 3.0, 0.0)],
        ),
        (lambda w, x: w.sum(), [("weights", k, 1.0, 0.0) for k in range(3)]),
        (lambda w, x: w[..., 0] - w[..., 0] + 0.3, [(None, 0, 0.0, 0.3)]),
        (lambda w, x: 0.3, [(None, 0, 0.0, 0.3)]),
    ],
)
def test_affine_angles_are_read(
    angle: Queue, expected: list[tuple[str | None, int, float, float]]
) -> None:
    gates = trace(local(lambda w, x: qml.RX(angle(w, x), wires=1))).gates
    assert [(g.gate, g.wires) for g in gates] == [("RX", (1,))] * len(expected)
    assert [(g.source, g.entry) for g in gates] == [(s, e) for s, e, _, _ in expected]
    found = torch.tensor([[g.scale, g.shift] for g in gates], dtype=torch.float64)
    numbers = torch.tensor([[scale, shift] for *_, scale, shift in expected], dtype=torch.float64)
    assert_close(found, numbers, **EXACT)


def test_rotations_keep_their_names_and_the_rest_is_decomposed() -> None:
    def queue(w: Any, x: Any) -> None:
        qml.IsingZZ(w[..., 0], wires=[1, 0])
        qml.MultiRZ(w[..., 1], wires=[0, 1])
        qml.CNOT([0, 1])
        qml.Rot(w[..., 0], x[..., 0], w[..., 2], wires=0)

    assert gates_of(queue) == [
        ("MultiRZ", (1, 0), "weights", 0),
        ("MultiRZ", (0, 1), "weights", 1),
        ("Unitary", (0, 1), None, 0),
        ("RZ", (0,), "weights", 0),
        ("RY", (0,), "inputs", 0),
        ("RZ", (0,), "weights", 2),
    ]


def test_operations_that_do_nothing_leave_no_gate() -> None:
    def queue(w: Any, x: Any) -> None:
        qml.GlobalPhase(w[..., 0])
        qml.Identity(0)
        qml.Barrier([0, 1])

    assert gates_of(queue) == []


NOT_AFFINE: dict[str, Queue] = {
    "product": lambda w, x: w[..., 0] * x[..., 0],
    "square": lambda w, x: w[..., 0] ** 2,
    "sine": lambda w, x: torch.sin(x[..., 1]),
    "absolute value": lambda w, x: abs(w[..., 0]),
    "maximum": lambda w, x: torch.relu(w[..., 0]),
    "outside autograd": lambda w, x: w[..., 0].detach(),
    # What bends far from zero, or near it, or between any two points that one might try.
    "clamp to (-pi, pi)": lambda w, x: torch.clamp(x[..., 0], -math.pi, math.pi),
    "maximum that bends at -4": lambda w, x: torch.relu(x[..., 0] + 4),
    "dead zone": lambda w, x: x[..., 0] * (x[..., 0].abs() >= 0.05),
    "where": lambda w, x: torch.where(x[..., 0] > 3.2, 2 * x[..., 0], x[..., 0]),
    "remainder": lambda w, x: torch.remainder(x[..., 0], 2 * math.pi),
    "rounding": lambda w, x: torch.round(w[..., 0]),
    "straight through": lambda w, x: w[..., 0] + (torch.round(w[..., 0]) - w[..., 0]).detach(),
    "first of the sorted": lambda w, x: w.sort().values[0],
    "maximum of two": lambda w, x: torch.maximum(w[..., 0], x[..., 0]),
    "integers": lambda w, x: w[..., 0].int() * 0.1,
}


@pytest.mark.parametrize("name", NOT_AFFINE)
def test_angle_that_is_not_affine_is_refused_by_name(name: str) -> None:
    circuit = local(lambda w, x: qml.RY(NOT_AFFINE[name](w, x), wires=1))
    with pytest.raises(QganError, match=r"Gate RY on wires \[1\]: its angle is not an affine"):
        trace(circuit)


def test_an_angle_that_is_not_affine_runs_on_the_pennylane_engine() -> None:
    """``<Z> = cos(clamp(4.5)) = cos(pi) = -1``."""
    circuit = Local(
        lambda w, x: qml.RX(torch.clamp(x[..., 0], -math.pi, math.pi), 0), Registers(1), 0, 1
    )
    inputs = torch.tensor([[4.5]], dtype=torch.float64)
    value = PennyLaneEngine().expval(circuit, torch.zeros(0), inputs, ["Z"])
    assert_close(value, torch.tensor([[-1.0]]).double(), **EXACT)


def test_matrix_that_depends_on_angles_outside_autograd_is_refused() -> None:
    def queue(w: Any, x: Any) -> None:
        qml.QubitUnitary(qml.RX.compute_matrix(w[0].detach().numpy()), wires=0)

    with pytest.raises(QganError, match=r"it reads the value of an angle \(numpy\)"):
        trace(local(queue))


def on_sign(w: Any, x: Any) -> None:
    if w[0] > 0:
        qml.X(0)


def on_comparison(w: Any, x: Any) -> None:
    qml.cond(x[0] > x[1], qml.RX, qml.RY)(w[0], wires=0)


def conditional(w: Any, x: Any) -> None:
    qml.cond(qml.measure(0), qml.X)(1)


def written(angle: Any) -> Any:
    tensor = torch.zeros(1, dtype=torch.float64)
    tensor[0] = angle
    return tensor[0]


REFUSED: list[tuple[Queue, str]] = [
    (on_sign, "its gates may change with its angles"),
    (on_comparison, "its gates may change with its angles"),
    (lambda w, x: qml.measure(0), "Operation MidMeasureMP: mid-circuit measurement"),
    (conditional, "mid-circuit measurement and classical control"),
    (lambda w, x: qml.measure(0, reset=True), "mid-circuit measurement"),
    (lambda w, x: qml.expval(qml.Z(0)), "it returns a measurement; queue gates only"),
    (lambda w, x: qml.DepolarizingChannel(w[0], 0), "Channel DepolarizingChannel"),
    (lambda w, x: qml.RX(w[0], 2), "Argument `wires` of RX must be from 0 to 1, but got 2"),
    (lambda w, x: qml.Hadamard(-1), "Argument `wires` of Hadamard must be from 0 to 1"),
    (lambda w, x: qml.CNOT([0, "a"]), "Argument `wires` of CNOT must be from 0 to 1, but got a"),
    (lambda w, x: qml.QubitUnitary(2 * np.eye(2), 0), "of QubitUnitary must be one unitary"),
    (lambda w, x: qml.Projector([0], 0), "of Projector must be one unitary"),
    (lambda w, x: qml.RX(torch.ones(2), 0), "Argument `angle` of RX must be one number"),
    (lambda w, x: qml.AmplitudeEmbedding(x, 0, normalize=True), "Operation AmplitudeEmbedding: "),
    (lambda w, x: qml.Rot(w[0], w[1] * 1j, 0.3, 0), "Argument `angle` of RY must be real"),
    (lambda w, x: qml.exp(qml.X(0), 1j * w[0] + 0.1), "its exponent is not imaginary"),
    (lambda w, x: qml.RX(written(w[0]), 0), r"it writes an angle into a tensor \(copy_\)"),
]


@pytest.mark.parametrize(("queue", "message"), REFUSED)
def test_what_cannot_be_traced_is_refused(queue: Queue, message: str) -> None:
    circuit = local(queue)
    with pytest.raises(QganError, match=message):
        trace(circuit)
    reason = BatchedEngine().why_not(circuit)
    assert reason is not None
    assert "\n" not in reason


def test_a_mistake_of_the_circuit_itself_is_raised_as_it_is() -> None:
    with pytest.raises(IndexError):
        trace(local(lambda w, x: qml.RX(w[..., 3], 0)))


def test_what_fails_with_traced_angles_only_is_refused() -> None:
    """NumPy makes an array of numbers, not of angles that are being traced."""
    circuit = local(lambda w, x: qml.RX(np.array(list(w), dtype=float)[0], 0))
    with pytest.raises(QganError, match=r"reads the value of an angle|cannot be traced"):
        trace(circuit)


PLAIN: dict[str, Callable[[], Any]] = {
    "ghz": lambda: ghz(3, 2),
    "reuploading": reuploading,
    "register": register,
    "reader": reader,
    "RegisterCircuit": lambda: RegisterCircuit(Registers(2, 1, 1, 1), n_layers=2),
    "DDKReadout": lambda: DDKReadout(Registers(1, 1, 0, 1), n_layers=2),
    "numpy wires": lambda: Local(
        lambda w, x: [qml.RX(w[..., 0], wire) for wire in np.arange(2)], Registers(2), 1
    ),
    "unitary": lambda: Local(
        lambda w, x: (qml.QFT([2, 0]), qml.ISWAP([0, 1]), qml.T(1), qml.S(2)), Registers(3)
    ),
}


@pytest.mark.parametrize("name", PLAIN)
def test_traced_circuit_survives_json(name: str) -> None:
    circuit = PLAIN[name]()
    text = json.dumps(trace(circuit).to_dict(), allow_nan=False)
    opened = TracedCircuit.from_dict(json.loads(text))
    assert opened.gates == trace(circuit).gates
    widths = (opened.registers.n_output, opened.registers.n_wires, opened.registers.n_label)
    registers = circuit.registers
    assert widths == (registers.n_output, registers.n_wires, registers.n_label)

    engine, angles = BatchedEngine(precision="double"), draw_angles(circuit, 3)
    rho = engine.run(circuit, *angles).density_matrix()
    assert_close(engine.run(opened, *angles).density_matrix(), rho, rtol=0.0, atol=0.0)


@pytest.mark.parametrize("name", PLAIN)
def test_traced_circuit_queues_the_same_operation(name: str) -> None:
    circuit = PLAIN[name]()
    weights, inputs = draw_angles(circuit, 1)
    n = circuit.registers.n_wires

    def state(queue: Any) -> Any:
        def run() -> Any:
            queue(weights.numpy(), inputs[0].numpy())
            return qml.state()

        return qml.QNode(run, qml.device("default.qubit", wires=n))()

    overlap = abs(np.vdot(state(circuit), state(trace(circuit))))
    assert math.isclose(overlap, 1.0, abs_tol=1e-10)


def test_trace_of_traced_circuit_is_itself() -> None:
    traced = TracedCircuit(
        TracedRegisters(1, 0, 0, 0), 1, 0, (Gate("RX", (0,), "weights", 0, 1.0),)
    )
    assert trace(traced) is traced
