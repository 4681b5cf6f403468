"""Traces are kept with their circuits: how long, and when a circuit is traced anew."""

from __future__ import annotations

import gc
import math
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pennylane as qml
import pytest
import torch
from small_circuits import Local, draw_angles, reader
from tolerances import EXACT
from torch.testing import assert_close

from circuits import Registers
from qgan.engines.batched import BatchedEngine
from qgan.engines.pennylane import PennyLaneEngine
from qgan.engines.trace import trace
from qgan.errors import QganError


class Counting:
    """Counts how often it is called."""

    def __init__(self, angle: float = 1.0) -> None:
        self.registers = Registers(output=1)
        self.n_weights, self.n_inputs = 1, 0
        self.angle, self.calls = angle, 0

    def __call__(self, weights: Any, inputs: Any) -> None:
        self.calls += 1
        qml.RX(self.angle * weights[..., 0], wires=0)


def test_circuit_is_traced_once() -> None:
    circuit, engine = Counting(), BatchedEngine()
    for _ in range(3):
        engine.run(circuit, torch.ones(1), torch.ones(2, 0))
    engine.expval(circuit, torch.ones(1), torch.ones(2, 0), ["Z"])
    assert circuit.calls == 1
    assert trace(circuit) is trace(circuit)


def test_a_circuit_that_has_changed_is_traced_anew() -> None:
    circuit, engine, w = (
        Counting(),
        BatchedEngine("double"),
        torch.tensor([0.4], dtype=torch.float64),
    )
    empty = torch.ones(1, 0).double()
    first = engine.expval(circuit, w, empty, ["Z"]).item()
    circuit.calls, circuit.angle = 0, 2.0
    second = engine.expval(circuit, w, empty, ["Z"]).item()
    assert math.isclose(first, math.cos(0.4), abs_tol=1e-10)
    assert math.isclose(second, math.cos(0.8), abs_tol=1e-10)


@dataclass(frozen=True)
class Alike:
    """Circuits that are equal and hash alike, but differ."""

    scale: float = field(compare=False)
    n_weights: int = 1
    n_inputs: int = 0

    @property
    def registers(self) -> Registers:
        return Registers(output=1)

    def __call__(self, weights: Any, inputs: Any) -> None:
        qml.RX(self.scale * weights[..., 0], 0)


@pytest.mark.parametrize("engine", [BatchedEngine("double"), PennyLaneEngine()])
def test_circuits_that_are_equal_and_differ_are_two_circuits(engine: Any) -> None:
    w, empty = torch.tensor([0.4], dtype=torch.float64), torch.ones(1, 0).double()
    assert Alike(1.0) == Alike(2.0)
    for scale in (1.0, 2.0):
        z = engine.expval(Alike(scale), w, empty, ["Z"]).item()
        assert math.isclose(z, math.cos(0.4 * scale), abs_tol=1e-10)


Queue = Callable[[Any, Any], Any]
OWN = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize(
    ("queue", "message"),
    [
        (lambda w, x: qml.RX(OWN * w[..., 0], 0), "a tensor of the circuit that requires a grad"),
        (lambda w, x: qml.RX(OWN + w[..., 0], 0), "a tensor of the circuit that requires a grad"),
        (lambda w, x: qml.RX(OWN, 0), "a tensor of the circuit that requires a gradient"),
        (lambda w, x: qml.RX(torch.tensor(0.3 + 0.2j), 0), "`angle` of RX must be real"),
        (lambda w, x: qml.RX(torch.nn.functional.dropout(w[0], 0.5, True), 0), "random numbers"),
        (lambda w, x: qml.RX(torch.inverse(w[:1].reshape(1, 1))[0, 0], 0), "cannot be traced"),
    ],
)
def test_what_a_trace_would_freeze_is_refused(queue: Queue, message: str) -> None:
    with pytest.raises(QganError, match=message):
        trace(Local(queue, Registers(output=2), 3, 2))
    assert "\n" not in str(BatchedEngine().why_not(Local(queue, Registers(output=2), 3, 2)))


def test_cache_does_not_keep_the_circuit_alive() -> None:
    circuit = Counting()
    BatchedEngine().run(circuit, torch.ones(1), torch.ones(2, 0))
    kept, traced = weakref.ref(circuit), weakref.ref(trace(circuit))
    del circuit
    gc.collect()
    assert kept() is None
    assert traced() is None


def test_cache_is_not_by_id() -> None:
    """A circuit at the address of one that died is another circuit."""
    engine, addresses = BatchedEngine(precision="double"), set()
    for k in range(20):
        circuit = Counting(angle=float(k))
        addresses.add(id(circuit))
        z = engine.expval(circuit, torch.ones(1), torch.ones(1, 0), ["Z"]).item()
        assert math.isclose(z, math.cos(k), abs_tol=1e-10)
        del circuit
    assert len(addresses) < 20  # the addresses did come again


class Unhashable(Counting):
    """A user's class that compares by value and so cannot be hashed."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unhashable) and other.angle == self.angle


class Slotted:
    """A user's class that takes no weak reference."""

    __slots__ = ()
    registers = Registers(output=1)
    n_weights, n_inputs = 1, 0

    def __call__(self, weights: Any, inputs: Any) -> None:
        qml.RX(weights[..., 0], wires=0)


@pytest.mark.parametrize("make", [Unhashable, Slotted])
def test_circuit_that_cannot_be_a_key_works(make: Callable[[], Any]) -> None:
    weights = torch.tensor([0.4], dtype=torch.float64, requires_grad=True)
    z = BatchedEngine(precision="double").expval(make(), weights, torch.ones(1, 0), ["Z"])
    z.sum().backward()
    assert math.isclose(z.item(), math.cos(0.4), abs_tol=1e-10)
    assert weights.grad is not None
    assert math.isclose(weights.grad.item(), -math.sin(0.4), abs_tol=1e-10)


@pytest.mark.parametrize(
    ("mode", "words"), [(torch.no_grad, ["XYZ", "ZZI"]), (torch.inference_mode, ["ZXZ", "IZI"])]
)
def test_circuit_first_seen_without_gradients_can_be_trained(
    mode: Callable[[], Any], words: list[str]
) -> None:
    circuit, engine = reader(), BatchedEngine(precision="double")
    weights, inputs = draw_angles(circuit, 2)
    with mode():
        assert trace(circuit).gates == trace(reader()).gates
        first = engine.expval(circuit, weights, inputs, words)
    again = engine.expval(circuit, weights.requires_grad_(), inputs, words)
    again.sum().backward()
    assert_close(again.detach(), first.clone(), **EXACT)
    assert weights.grad is not None
    assert weights.grad.abs().sum() > 0.1
