"""The check of the first call: it finds what PennyLane gets wrong, and says for which gates.

The gates that are decomposed for that reason are given to the devices as they are here.
"""

from __future__ import annotations

from typing import Any

import jaxtyping
import numpy as np
import pennylane as qml
import pytest
import torch
from small_circuits import Local, turns
from tolerances import LIGHTNING

from circuits import Registers
from qgan.engines.batched import BatchedEngine
from qgan.engines.pennylane import PennyLaneEngine, vocabulary
from qgan.errors import QganError


def diagonal(w: Any, x: Any) -> None:
    qml.Hadamard(1)
    qml.RX(w[..., 1], 1)
    qml.DiagonalQubitUnitary(np.array([1, 1j]), 0)
    qml.CNOT([1, 0])
    qml.RX(w[..., 0], 0)
    qml.RY(0.3, 1)


def phases(w: Any, x: Any) -> None:
    qml.RY(w[..., 0], 0)
    qml.PhaseShift(x[..., 0], 0)
    qml.Hadamard(0)
    qml.RX(w[..., 1], 1)


def exponential(w: Any, x: Any) -> None:
    qml.RY(w[..., 1], 1)
    qml.exp(qml.X(0), 1j * w[..., 0])
    qml.RY(x[..., 0], 1)


def many(w: Any, x: Any) -> None:
    qml.RX(w[..., 0], 0)
    qml.RY(0.4, 1)
    qml.MultiRZ(x[..., 0], [0, 1])
    qml.RX(w[..., 1], 0)


CASES = {
    "lost after a fixed gate": (
        diagonal, "DiagonalQubitUnitary", "lightning.qubit", "adjoint",
        r"its derivative is .*, from DiagonalQubitUnitary on wires \[0\] to R",
    ),
    "lost for a batch": (
        phases, "PhaseShift", "default.mixed", "backprop",
        r"its derivative is .*, from RY on wires \[0\] to Hadamard on wires \[0\]",
    ),
    "lost in a gate": (
        exponential, "Exp", "default.qubit", "adjoint",
        r"its derivative is 0 where it must be .*, Exp on wires \[0\]",
    ),
    "a batch that fails": (
        many, "MultiRZ", "lightning.qubit", "adjoint",
        r"it does not run this circuit \(.*\)",
    ),
}  # fmt: skip


def run(engine: PennyLaneEngine, queue: Any, grad: bool = True, batch: int = 2) -> torch.Tensor:
    circuit = Local(queue, Registers(output=2), 2, 1)
    weights = torch.tensor([0.7, -0.4], dtype=torch.float64, requires_grad=grad)
    inputs = torch.full((batch, 1), 0.9, dtype=torch.float64, requires_grad=grad)
    return engine.expval(circuit, weights, inputs, ["ZI", "YX"])


@pytest.mark.filterwarnings("ignore:To copy construct from a tensor")
@pytest.mark.parametrize("name", CASES)
def test_a_wrong_gradient_is_refused_with_the_gates(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue, gate, device, method, message = CASES[name]
    assert run(PennyLaneEngine(device, method), queue).requires_grad  # it is decomposed
    monkeypatch.setattr(vocabulary, "VERIFIED", vocabulary.VERIFIED | {gate})
    monkeypatch.setattr(vocabulary, "UNBATCHED", vocabulary.UNBATCHED - {gate})
    with pytest.raises(QganError, match=message) as caught:
        run(PennyLaneEngine(device, method), queue)
    assert "\n" not in str(caught.value)
    assert f"Device {device} with {method}: " in str(caught.value)


def test_only_exact_calls_with_a_gradient_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "VERIFIED", vocabulary.VERIFIED | {"Exp"})
    run(PennyLaneEngine("default.qubit", "adjoint"), exponential, grad=False)
    run(PennyLaneEngine("default.qubit", shots=10, seed=1), exponential)
    with torch.no_grad():
        run(PennyLaneEngine("default.qubit", "adjoint"), exponential)


def test_each_circuit_is_checked_once_alone_and_once_in_a_batch() -> None:
    calls: list[int] = []
    engine, circuit = PennyLaneEngine("lightning.qubit", "adjoint"), turns()
    check = engine._execution.check

    def counted(request: Any) -> None:
        calls.append(len(request.pieces[-1].inputs))
        check(request)

    engine._execution.check = counted  # type: ignore[method-assign]
    weights = torch.tensor([0.4], dtype=torch.float64, requires_grad=True)
    for batch in (5, 1, 5, 1, 3):
        engine.expval(circuit, weights, torch.ones(batch, 1, dtype=torch.float64), ["Z"])
    assert calls == [5, 1]


def test_the_check_is_no_execution_and_takes_no_chance() -> None:
    torch.manual_seed(3)
    state = torch.get_rng_state()
    engine = PennyLaneEngine("lightning.qubit", "parameter-shift")
    weights = torch.tensor([0.4], dtype=torch.float64, requires_grad=True)
    engine.expval(turns(), weights, torch.ones(4, 1, dtype=torch.float64), ["Z"])
    assert engine.executions == 4
    assert torch.equal(state, torch.get_rng_state())


def detached(w: Any, x: Any) -> None:
    qml.RX(w[..., 0].detach() * 2, 0)
    qml.RY(w[..., 1] + x[..., 0], 0)


def in_half_precision(w: Any, x: Any) -> None:
    qml.RX(w[..., 0].half().double(), 0)
    qml.RY(x[..., 0], 0)


@pytest.mark.parametrize("queue", [detached, in_half_precision])
def test_a_gradient_that_the_circuit_itself_stops_is_no_fault(queue: Any) -> None:
    assert run(PennyLaneEngine("default.qubit"), queue).requires_grad


def stacked(w: Any, x: Any) -> None:
    """Three angles for three wires: a batch of three samples looks like three times as many."""
    for wire, angle in enumerate(torch.unbind(x.reshape(-1, 3)[0])):
        qml.RX(angle, wire)
    qml.CNOT([0, 1])
    qml.RY(w[..., 0], 2)


@pytest.mark.parametrize("batch", [1, 2, 3])
@pytest.mark.parametrize("device", ["default.qubit", "lightning.qubit", "default.mixed"])
def test_a_circuit_that_takes_one_sample_only_runs_sample_by_sample(
    device: str, batch: int
) -> None:
    circuit = Local(stacked, Registers(output=3), 1, 3)
    weights = torch.tensor([0.7], dtype=torch.float64, requires_grad=True)
    inputs = torch.rand(batch, 3, dtype=torch.float64, requires_grad=True)
    words = ["ZII", "IZI", "IIX"]
    results = []
    for engine in (PennyLaneEngine(device), BatchedEngine("double")):
        values = engine.expval(circuit, weights, inputs, words)
        slopes = torch.autograd.grad(values.sum(), (weights, inputs))
        results.append((values.detach(), *slopes))
    for one, other in zip(*results, strict=True):
        torch.testing.assert_close(one, other, **LIGHTNING)


def test_angles_are_checked_where_the_circuit_is_defined() -> None:
    """Not far from 1 the arc cosine of an input is not a number."""

    def queue(w: Any, x: Any) -> None:
        qml.RY(torch.arccos(x[..., 0]), 0)
        qml.RX(w[..., 0], 0)

    circuit = Local(queue, Registers(output=1), 1, 1)
    weights = torch.tensor([0.7], dtype=torch.float64, requires_grad=True)
    inputs = torch.tensor([[0.999], [-0.999]], dtype=torch.float64)
    values = PennyLaneEngine().expval(circuit, weights, inputs, ["Z"])
    expected = weights.cos() * inputs
    torch.testing.assert_close(values, expected)


def test_a_circuit_that_uses_no_angle_has_the_gradient_zero() -> None:
    weights = torch.tensor([0.7], dtype=torch.float64, requires_grad=True)
    circuit = Local(lambda w, x: qml.RX(0.3, 0), Registers(output=1), 1, 0)
    for engine in (PennyLaneEngine(), BatchedEngine("double")):
        values = engine.expval(circuit, weights, torch.zeros(1, 0).double(), ["Z"])
        assert torch.equal(torch.autograd.grad(values.sum(), weights)[0], torch.zeros(1).double())


@pytest.mark.parametrize("engine", [PennyLaneEngine(), BatchedEngine("double")])
def test_angles_are_tensors_of_real_numbers(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # as users run it
    weights, inputs = torch.ones(1).double(), torch.ones(2, 1).double()
    for one, other in ((weights * 1j, inputs), (weights, inputs * 1j)):
        with pytest.raises(QganError, match="must be a tensor of real numbers"):
            engine.expval(turns(), one, other, ["Z"])
    complex_angle = Local(lambda w, x: qml.RX(torch.tensor(0.3 + 0.2j), 0), Registers(1), 1, 1)
    with pytest.raises(QganError, match="`angle` of RX must be real"):
        engine.expval(complex_angle, weights, inputs, ["Z"])
    on_a_float = Local(lambda w, x: qml.RX(w[..., 0], 0.0), Registers(1), 1, 1)
    assert engine.expval(on_a_float, weights, inputs, ["Z"]).shape == (2, 1)


def test_why_not_asks_where_a_circuit_is_defined() -> None:
    circuit = Local(
        lambda w, x: qml.RX(torch.inverse(w.reshape(2, 2))[0, 0], 0), Registers(output=1), 4, 0
    )
    assert PennyLaneEngine().why_not(circuit) is None
    assert "\n" not in str(BatchedEngine().why_not(circuit))
