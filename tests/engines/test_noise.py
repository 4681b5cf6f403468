"""Noise on default.mixed, against closed forms."""

from __future__ import annotations

import math
from typing import Any

import pennylane as qml
import pytest
import torch
from small_circuits import Local, draw_angles, ghz, nothing, turns
from tolerances import EXACT
from torch import Tensor
from torch.testing import assert_close

from circuits import Registers
from qgan.engines.pennylane import PennyLaneEngine
from qgan.engines.pennylane.noise import depolarising_gates
from qgan.errors import QganError
from qgan.states import Prepared

EMPTY = torch.zeros(0, dtype=torch.float64)
ROW = torch.zeros(1, 0, dtype=torch.float64)
P, R = 0.09, 0.04


def bloch_of_turns(weights: Tensor, inputs: Tensor) -> Tensor:
    """RX(w) RY(x)|0> has the Bloch vector (sin x, -sin w cos x, cos w cos x)."""
    w, x = weights, inputs[:, 0]
    return torch.stack([x.sin(), -w.sin() * x.cos(), w.cos() * x.cos()], -1)


@pytest.mark.parametrize("method", ["backprop", "parameter-shift"])
def test_each_gate_shrinks_the_bloch_vector(method: Any) -> None:
    """Two gates, each with a factor of 1 - 4p/3: the values and all their gradients."""
    weights, inputs = draw_angles(turns(), 3)
    leaves = weights.clone().requires_grad_(), inputs.clone().requires_grad_()
    engine = PennyLaneEngine("default.mixed", method, noise=depolarising_gates(P))
    values = engine.expval(turns(), *leaves, ["X", "Y", "Z"])
    exact = bloch_of_turns(*leaves) * (1 - 4 * P / 3) ** 2
    assert_close(values, exact, **EXACT)
    mix = torch.tensor([0.3, -1.0, 0.7], dtype=torch.float64)
    found = torch.autograd.grad((values @ mix).sum(), leaves)
    expected = torch.autograd.grad((exact @ mix).sum(), leaves)
    for ours, theirs in zip(found, expected, strict=True):
        assert_close(ours, theirs, **EXACT)


def test_noise_reaches_both_wires_of_a_gate_and_no_others() -> None:
    """H and CNOT make a Bell pair: each word loses a letter on each wire of CNOT, XX one to H."""
    engine = PennyLaneEngine("default.mixed", noise=depolarising_gates(P))
    left = 1 - 4 * P / 3
    values = engine.expval(ghz(2, 2), EMPTY, ROW, ["ZZ", "XX"])
    # XX was X0 before CNOT, with H's error; ZZ was the Z1 of |0>.
    assert_close(values, torch.tensor([[left**2, left**3]], dtype=torch.float64), **EXACT)
    still = Local(lambda w, x: qml.Hadamard(0), Registers(output=2))
    assert_close(engine.expval(still, EMPTY, ROW, ["IZ"]).item(), 1.0, **EXACT)


@pytest.mark.parametrize("word", ["ZI", "ZZ", "XX", "YY"])
def test_wrongly_read_bits_shrink_words_by_their_weight(word: str) -> None:
    engine = PennyLaneEngine("default.mixed", readout=R)
    exact = PennyLaneEngine("default.mixed").expval(ghz(2, 2), EMPTY, ROW, [word])
    weight = 2 - word.count("I")
    value = engine.expval(ghz(2, 2), EMPTY, ROW, [word])
    assert_close(value, exact * (1 - 2 * R) ** weight, **EXACT)


def test_wrongly_read_bits_with_shots() -> None:
    """Of |0>, a share r of the bits is read as 1: the mean and the spread of a coin."""
    shots = 20_000
    engine = PennyLaneEngine("default.mixed", shots=shots, readout=R, seed=0)
    value = engine.expval(nothing(1), EMPTY, ROW, ["Z"]).item()
    error = 2 * math.sqrt(R * (1 - R) / shots)
    assert abs(value - (1 - 2 * R)) < 4 * error
    assert value < 1 - R


def test_states_have_the_noise_of_gates_and_are_not_read() -> None:
    weights, inputs = draw_angles(turns(), 2)
    engine = PennyLaneEngine("default.mixed", noise=depolarising_gates(P), readout=R)
    states = engine.run(turns(), weights, inputs)
    expected = bloch_of_turns(weights, inputs) * (1 - 4 * P / 3) ** 2
    assert_close(states.expval(["X", "Y", "Z"]), expected, **EXACT)
    read = engine.expval(nothing(1), EMPTY, ROW.expand(2, 0), ["X", "Y", "Z"], states)
    assert_close(read, expected * (1 - 2 * R), **EXACT)


def test_any_noise_model() -> None:
    """Amplitude damping after RX: <Z> -> g + (1 - g) cos w."""
    damping = qml.NoiseModel({qml.noise.op_in([qml.RX]): qml.noise.partial_wires(
        qml.AmplitudeDamping, 0.3)})  # fmt: skip
    engine = PennyLaneEngine("default.mixed", noise=damping)
    flip = Local(lambda w, x: qml.RX(w[..., 0], 0), Registers(output=1), 1)
    w = torch.tensor([1.1], dtype=torch.float64)
    assert_close(engine.expval(flip, w, ROW, ["Z"]), (0.3 + 0.7 * w.cos()).reshape(1, 1), **EXACT)


def test_a_joint_circuit_is_noisy_throughout_and_read_once() -> None:
    engine = PennyLaneEngine(
        "default.mixed", "parameter-shift", noise=depolarising_gates(P), readout=R
    )
    weights, inputs = draw_angles(turns(), 2)
    source = Prepared(engine, turns(), weights, inputs)
    turned = Local(lambda w, x: qml.X(0), Registers(output=1))
    value = engine.expval(turned, EMPTY, ROW.expand(2, 0), ["Z"], source)
    shrunk = (1 - 4 * P / 3) ** 3 * (1 - 2 * R)
    assert_close(value[:, 0], -bloch_of_turns(weights, inputs)[:, 2] * shrunk, **EXACT)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("lightning.qubit", {"readout": 0.1}), "`device` must be default.mixed with readout"),
        (("default.qubit", {"noise": 0.1}), "`noise` must be a qml.NoiseModel or None"),
        (("default.mixed", {"readout": 0.6}), "`readout` must be from 0 to 0.5, but got 0.6"),
        (("default.mixed", {"readout": -0.1}), "`readout` must be from 0 to 0.5, but got -0.1"),
    ],
)
def test_noise_that_cannot_be_is_refused(
    arguments: tuple[str, dict[str, Any]], message: str
) -> None:
    device, options = arguments
    with pytest.raises(QganError, match=message):
        PennyLaneEngine(device, **options)


def test_a_noise_model_needs_density_matrices() -> None:
    with pytest.raises(QganError, match=r"must be default.mixed with noise, but got"):
        PennyLaneEngine("default.qubit", noise=depolarising_gates(0.1))
    with pytest.raises(QganError, match=r"must be from 0 to 1, but got 1\.5"):
        depolarising_gates(1.5)


@pytest.mark.parametrize("method", ["backprop", "parameter-shift"])
@pytest.mark.parametrize("grad", [False, True])
def test_noise_of_a_measurement_is_on_its_value(method: str, grad: bool) -> None:
    """A bit flip of 0.2 before the measurement of Z takes it to ``(1 - 2 * 0.2) cos w``."""
    flip = qml.noise.partial_wires(qml.BitFlip, 0.2)
    noise = qml.NoiseModel({}, meas_map={qml.noise.meas_eq(qml.expval): flip})
    circuit = Local(lambda w, x: qml.RX(w[..., 0], 0), Registers(output=2), 1, 0)
    weights = torch.tensor([0.4], dtype=torch.float64, requires_grad=grad)
    engine = PennyLaneEngine("default.mixed", method, noise=noise)
    values = engine.expval(circuit, weights, torch.zeros(1, 0).double(), ["ZI", "IZ"])
    expected = torch.tensor([[0.6 * math.cos(0.4), 0.6]], dtype=torch.float64)
    assert_close(values.detach(), expected, rtol=0.0, atol=1e-6)
