"""What is PennyLane's own: shots, dtypes, joint circuits, diff methods and their limits."""

from __future__ import annotations

import gc
import math
import weakref
from typing import Any

import pennylane as qml
import pytest
import torch
from small_circuits import Local, draw_angles, ghz, nothing, random_states, reader, register, turns
from tolerances import EXACT, LIGHTNING, SINGLE
from torch.testing import assert_close

from circuits import Registers
from qgan.engines.pennylane import PennyLaneEngine
from qgan.errors import QganError
from qgan.states import Prepared

WORDS = ("ZII", "XYI", "IIZ")
EMPTY = torch.zeros(0, dtype=torch.float64)

# Devices without states


@pytest.mark.parametrize("method", ["adjoint", "parameter-shift"])
def test_no_states_names_the_device_and_what_works(method: Any) -> None:
    engine = PennyLaneEngine("lightning.qubit", method)
    prepared = engine.prepare(register(), *draw_angles(register(), 2))
    with pytest.raises(QganError, match=rf"lightning.qubit with {method}: .*pauli, circuit"):
        prepared.materialise()
    with pytest.raises(QganError, match="`inputs` must have shape"):
        engine.prepare(register(), EMPTY.new_zeros(register().n_weights), EMPTY)


@pytest.mark.parametrize("method", ["adjoint", "parameter-shift"])
def test_no_gradient_of_a_source_without_backprop(method: Any) -> None:
    engine = PennyLaneEngine("lightning.qubit", method)
    weights, inputs = draw_angles(reader(), 2)
    source = random_states(2, 2, 1)
    source.factor.requires_grad_()
    with pytest.raises(QganError, match="no gradient with respect to a source's states"):
        engine.expval(reader(), weights, inputs, WORDS, source)
    with torch.no_grad():
        quiet = engine.expval(reader(), weights, inputs, WORDS, source)
    assert_close(quiet, engine.expval(reader(), weights, inputs, WORDS, source.detach()))


@pytest.mark.parametrize("device", ["default.qubit", "default.mixed"])
def test_empty_batch(device: str) -> None:
    engine, (weights, inputs) = PennyLaneEngine(device), draw_angles(reader(), 0)
    assert engine.expval(reader(), weights, inputs, WORDS).shape == (0, 3)
    assert engine.run(reader(), weights, inputs).factor.shape == (0, 4, 1)


# Precision


@pytest.mark.parametrize("device", ["default.qubit", "default.mixed", "lightning.qubit"])
def test_single_precision_in_and_out(device: str) -> None:
    engine = PennyLaneEngine(device, precision="single")
    weights, inputs = draw_angles(reader(), 2)
    leaf = weights.float().requires_grad_()
    source = random_states(2, 2, 2).to(torch.complex64)
    values = engine.expval(reader(), leaf, inputs.float(), WORDS, source)
    double = PennyLaneEngine().expval(reader(), weights, inputs, WORDS, source)
    assert values.dtype == torch.float32
    assert_close(values.double(), double, **SINGLE)
    values.sum().backward()
    assert leaf.grad is not None and leaf.grad.dtype == torch.float32
    if engine.gives_states:
        assert engine.run(reader(), weights, inputs).factor.dtype == torch.complex64


@pytest.mark.parametrize("method", ["adjoint", "parameter-shift"])
def test_lightning_comes_in_double_but_through_float32(method: Any) -> None:
    """PennyLane hands lightning's values to torch as float32; when this fails, drop the caveat."""
    engine = PennyLaneEngine("lightning.qubit", method)
    values = engine.expval(turns(), *draw_angles(turns(), 3), ["Z"])
    assert values.dtype == torch.float64
    assert torch.equal(values, values.float().double())


# Joint circuits and wires


def test_joint_circuit_is_one_execution() -> None:
    engine = PennyLaneEngine("lightning.qubit", "parameter-shift")
    source = Prepared(engine, register(), *draw_angles(register(), 3, seed=1))
    engine.expval(reader(), *draw_angles(reader(), 3), ["ZII"], source)
    assert engine.executions == 3


@pytest.mark.parametrize("device", ["default.qubit", "lightning.qubit"])
def test_wires_outside_the_registers_are_refused(device: str) -> None:
    """In a joint execution wire 2 of the reader would be wire 2 of the generator."""
    stray = Local(lambda weights, inputs: qml.X(2), Registers(output=2))
    engine, none = PennyLaneEngine(device), EMPTY.new_zeros(1, 0)
    source = Prepared(engine, ghz(3, 2), EMPTY, none)
    with pytest.raises(QganError, match="`wires` of PauliX must be from 0 to 1, but got 2"):
        engine.expval(stray, EMPTY, none, ["ZI"], source)
    reason = engine.why_not(stray)
    assert reason is not None and "must be from 0 to 1, but got 2" in reason


def test_noise_on_default_mixed() -> None:
    """Depolarising |0> with p leaves <Z> = 1 - 4p/3; default.qubit says that it cannot."""
    noisy = Local(
        lambda weights, inputs: qml.DepolarizingChannel(weights[..., 0], 0), Registers(output=1), 1
    )
    p = torch.tensor([0.3], dtype=torch.float64, requires_grad=True)
    value = PennyLaneEngine("default.mixed").run(noisy, p, EMPTY.new_zeros(2, 0)).expval(["Z"])
    assert_close(value, (1 - 4 * p / 3).expand(2, 1), **EXACT)
    (slope,) = torch.autograd.grad(value.sum(), p)
    assert_close(slope, torch.tensor([-8 / 3], dtype=torch.float64), **EXACT)
    reason = PennyLaneEngine("default.qubit").why_not(noisy)
    assert reason is not None and "DepolarizingChannel" in reason


# Parameter-shift and second derivatives


def test_parameter_shift_of_a_batch_is_exact_and_counted() -> None:
    """Issue 4462: without ``broadcast_expand`` PennyLane raises NotImplementedError."""
    weights, inputs = draw_angles(turns(), 4)
    inputs.requires_grad_()
    engine = PennyLaneEngine("default.qubit", "parameter-shift")
    values = engine.expval(turns(), weights, inputs, ["Z"])
    assert engine.executions == 4
    (slope,) = torch.autograd.grad(values.sum(), inputs)
    assert_close(slope, -weights.cos() * inputs.detach().sin(), **EXACT)
    assert engine.executions == 4 + 4 * 2, "two shifts of the one angle that needs a gradient"


@pytest.mark.parametrize("method", ["adjoint", "parameter-shift"])
def test_second_derivative_is_refused(method: Any) -> None:
    engine = PennyLaneEngine("lightning.qubit", method)
    weights, inputs = draw_angles(turns(), 2)
    weights.requires_grad_()
    values = engine.expval(turns(), weights, inputs, ["Z"])
    (slope,) = torch.autograd.grad(values.sum(), weights, create_graph=True)
    assert_close(slope.detach(), -(weights.sin() * inputs.cos().T).sum(1).detach(), **LIGHTNING)
    with pytest.raises(QganError, match=r"Second derivative of a circuit: .*give the first only"):
        torch.autograd.grad((slope**2).sum() + weights.sum(), weights)


def test_second_derivative_by_backprop() -> None:
    weights, inputs = draw_angles(turns(), 2)
    weights.requires_grad_()
    values = PennyLaneEngine().expval(turns(), weights, inputs, ["Z"])
    (slope,) = torch.autograd.grad(values.sum(), weights, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), weights)
    assert_close(curvature, -values.sum().reshape(1).detach(), **EXACT)


# Shots


@pytest.mark.parametrize("device", ["default.qubit", "default.mixed", "lightning.qubit"])
def test_shots_are_seeded_and_near(device: str) -> None:
    weights, inputs = draw_angles(turns(), 3)
    read = [
        PennyLaneEngine(device, shots=2000, seed=seed).expval(turns(), weights, inputs, ["X", "Z"])
        for seed in (1, 1, 2)
    ]
    exact = PennyLaneEngine().expval(turns(), weights, inputs, ["X", "Z"])
    assert torch.equal(read[0], read[1])
    assert not torch.equal(read[0], read[2])
    assert_close(read[0], exact, rtol=0, atol=5 / math.sqrt(2000))
    assert not torch.allclose(read[0], exact, atol=1e-6)


def test_gradient_with_shots() -> None:
    weights, inputs = draw_angles(turns(), 2)
    leaf = weights.clone().requires_grad_()
    engine = PennyLaneEngine("default.qubit", shots=4000, seed=0)
    engine.expval(turns(), leaf, inputs, ["Z"]).sum().backward()
    exact = -(weights.sin() * inputs.cos().T).sum(1)
    assert_close(leaf.grad, exact, rtol=0, atol=5 * math.sqrt(2 / 4000))


# What the engine answers and keeps


@pytest.mark.parametrize(
    ("method", "shots", "reason"),
    [
        (None, None, None),
        ("adjoint", None, None),
        ("backprop", None, "must be one that lightning.qubit has"),
        ("parameter-shift", None, "was built for adjoint and shots=None"),
        ("adjoint", 10, "parameter-shift with finite shots"),
        ("parameter-shift", 10, "was built for adjoint"),
    ],
)
def test_why_not(method: str | None, shots: int | None, reason: str | None) -> None:
    answer = PennyLaneEngine("lightning.qubit", "adjoint").why_not(reader(), method, shots)
    assert answer is None if reason is None else answer is not None and reason in answer


def test_no_circuit_is_kept_alive() -> None:
    """QNodes are shared by circuits of a width, and none of them is mistaken for another."""
    engine, none = PennyLaneEngine(), EMPTY.new_zeros(1, 0)
    circuit = ghz(2, 2)
    dead = weakref.ref(circuit)
    assert_close(engine.expval(circuit, EMPTY, none, ["ZI"]).item(), 0.0, **EXACT)
    del circuit
    gc.collect()
    assert dead() is None
    assert_close(engine.expval(nothing(2), EMPTY, none, ["ZI"]).item(), 1.0, **EXACT)
