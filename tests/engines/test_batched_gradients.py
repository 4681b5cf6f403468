"""The adjoint method of the batched engine; a second derivative is refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pennylane as qml
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from random_circuits import KINDS, random_circuit
from small_circuits import (
    READERS,
    Local,
    draw_angles,
    random_states,
    reader,
    register,
    reuploading,
    turns,
)
from tolerances import EXACT
from torch import Tensor
from torch.testing import assert_close

from circuits import Registers
from qgan.engines import BatchedEngine, Engine, PennyLaneEngine
from qgan.errors import QganError
from qgan.pauli import pauli_words
from qgan.states import States

ENGINE = BatchedEngine(precision="double")


@pytest.fixture(autouse=True, scope="module", params=[True, False], ids=["compiled", "in torch"])
def each_way(request: pytest.FixtureRequest) -> None:
    """Every test meets the compiled loops, and the operations of torch that run on CUDA."""
    ENGINE.compiled = request.param


def parameter_shift(function: Callable[[Tensor], Tensor], angles: Tensor) -> Tensor:
    """d f_k / d angle_j = (f_k(+pi/2) - f_k(-pi/2)) / 2, of gates that are Pauli rotations."""
    columns = []
    for j in range(angles.numel()):
        shift = torch.zeros_like(angles).reshape(-1)
        shift[j] = math.pi / 2
        shift = shift.reshape(angles.shape)
        columns.append((function(angles + shift) - function(angles - shift)) / 2)
    return torch.stack(columns, -1)


def test_gradients_equal_parameter_shift() -> None:
    circuit = reader()
    weights, inputs = draw_angles(circuit, 2)
    words = ["XYZ", "ZZI", "IYX"]

    def of_weights(angles: Tensor) -> Tensor:
        return ENGINE.expval(circuit, angles, inputs, words)

    def of_inputs(angles: Tensor) -> Tensor:
        return ENGINE.expval(circuit, weights, angles, words)

    for function, point in ((of_weights, weights), (of_inputs, inputs)):
        jacobian = torch.autograd.functional.jacobian(function, point)
        shifted = parameter_shift(function, point)
        assert_close(jacobian.reshape(shifted.shape), shifted, **EXACT)


@settings(max_examples=10)
@given(random_circuit(max_wires=3, max_gates=6), st.integers(0, 2**16))
def test_gradcheck_of_random_circuits(circuit: Local, seed: int) -> None:
    words = pauli_words(circuit.registers.n_wires, 1)[:4]
    angles = [angle.requires_grad_() for angle in draw_angles(circuit, 2, seed)]
    assert torch.autograd.gradcheck(lambda *a: ENGINE.expval(circuit, *a, words), angles)


def gradients(engine: Engine, circuit: Local, seed: int) -> tuple[Tensor, ...]:
    """Of a product of three expectation values, with respect to angles and to what is acted on."""
    n = circuit.registers.n_wires
    angles = [angle.requires_grad_() for angle in draw_angles(circuit, 3, seed)]
    source = random_states(3, circuit.registers.n_output, rank=2).factor.requires_grad_()
    words = ["Z" * n, "X" * n, "Y" + "I" * (n - 1)]
    value = engine.expval(circuit, *angles, words, States(source)).prod(1).sum()
    value = value + engine.expval(circuit, *angles, words).prod(1).sum()
    return torch.autograd.grad(value, [*angles, source])


@settings(max_examples=15)
@given(random_circuit(max_wires=3, max_gates=8), st.integers(0, 2**16))
def test_no_state_need_be_kept(circuit: Local, seed: int) -> None:
    """States led back by the adjoint gates give the gradients that kept ones give."""
    frugal = BatchedEngine("double", low_memory=True, compiled=False)
    assert_close(gradients(frugal, circuit, seed), gradients(ENGINE, circuit, seed), **EXACT)


def test_wide_states() -> None:
    """At ten wires diagonals come from two factors of signs and turns from blocks."""

    def queue(weights: Any, inputs: Any) -> None:
        for wire in range(10):
            qml.RY(inputs[..., wire], wire)
            qml.RX(weights[..., wire], wire)
        for wire in range(9):
            qml.IsingZZ(weights[..., wire] if wire % 2 else inputs[..., wire], [wire, wire + 1])
        for wire in range(10):
            qml.RX(weights[..., 10 + wire], wire)
            qml.RZ(weights[..., 9 - wire], wire)

    circuit = Local(queue, Registers(output=10), 20, 10)
    expected = gradients(PennyLaneEngine("default.qubit", "backprop"), circuit, 0)
    for engine in (ENGINE, BatchedEngine("double", low_memory=True, compiled=False)):
        assert_close(gradients(engine, circuit, 0), expected, **EXACT)


@pytest.mark.parametrize("name", ["QubitUnitary-1", "QubitUnitary-2", "QubitUnitary-3", "ISWAP-2"])
def test_gradient_passes_back_through_fixed_gates(name: str) -> None:
    """Complex and not symmetric: their adjoint is neither their transpose nor their conjugate."""
    kind = KINDS[name]

    def queue(weights: Any, inputs: Any) -> None:
        for wire in range(3):
            qml.RX(weights[..., wire], wires=wire)
        kind.queue([2, 0, 1][: kind.n_wires])
        qml.RY(inputs[..., 0], wires=0)

    circuit = Local(queue, Registers(output=3), 3, 1)
    angles = [angle.requires_grad_() for angle in draw_angles(circuit, 2)]
    words = ["XYZ", "ZXI", "IIY"]
    assert torch.autograd.gradcheck(lambda *a: ENGINE.expval(circuit, *a, words), angles)


@pytest.mark.parametrize("build", [reuploading, register, turns])
def test_gradcheck_of_the_state_itself(build: Callable[[], Any]) -> None:
    """Of the factor, whose gradient is complex and not that of a real function of rho."""
    circuit = build()
    angles = [angle.requires_grad_() for angle in draw_angles(circuit, 2)]
    angles = [angle if angle.numel() else angle.detach() for angle in angles]
    assert torch.autograd.gradcheck(lambda *a: ENGINE.run(circuit, *a).factor, angles)


@pytest.mark.parametrize("name", READERS)
def test_gradcheck_of_sources(name: str) -> None:
    circuit = READERS[name]()
    weights, inputs = draw_angles(circuit, 2)
    words = pauli_words(circuit.registers.n_wires, 1)[::2]
    factor = random_states(2, 2, 2).factor.requires_grad_()
    weights.requires_grad_()

    def values(factor: Tensor, weights: Tensor) -> Tensor:
        return ENGINE.expval(circuit, weights, inputs, words, States(factor))

    assert torch.autograd.gradcheck(values, (factor, weights))


def test_gradient_stops_where_it_is_not_asked_for() -> None:
    circuit = reader()
    weights, inputs = draw_angles(circuit, 2)
    values = ENGINE.expval(circuit, weights, inputs, ["ZII"])
    assert not values.requires_grad
    values = ENGINE.expval(circuit, weights.requires_grad_(), inputs, ["ZII"])
    values.sum().backward()
    assert weights.grad is not None
    assert inputs.grad is None


def test_angle_that_no_gate_uses_has_gradient_zero() -> None:
    circuit = Local(lambda w, x: qml.RX(w[..., 1], 0), Registers(output=1), 3, 2)
    weights, inputs = (angle.requires_grad_() for angle in draw_angles(circuit, 2))
    ENGINE.expval(circuit, weights, inputs, ["Z"]).sum().backward()
    expected = torch.zeros(3, dtype=torch.float64)
    expected[1] = -2 * torch.sin(weights.detach()[1])
    assert_close(weights.grad, expected, **EXACT)


LOSSES = {
    "expectation": lambda circuit, w, x: ENGINE.expval(circuit, w, x, ["ZZI", "XXI"]).sum(),
    # linear in the state: its gradient does not depend on the output at all
    "amplitude": lambda circuit, w, x: ENGINE.run(circuit, w, x).factor.real.sum(),
}


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("which", [0, 1])
def test_second_derivative_is_refused(loss: str, which: int) -> None:
    circuit = reader()
    angles = [angle.requires_grad_() for angle in draw_angles(circuit, 2)]
    value = LOSSES[loss](circuit, *angles)
    (gradient,) = torch.autograd.grad(value, angles[which], create_graph=True)
    with pytest.raises(QganError, match="Second derivative of a circuit: the batched engine"):
        torch.autograd.grad((gradient**2).sum(), angles[which], retain_graph=True)
    with pytest.raises(QganError, match="Second derivative"):
        (gradient**2).sum().backward()


def test_second_derivative_through_a_source_is_refused() -> None:
    circuit = reader()
    weights, inputs = draw_angles(circuit, 2)
    factor = random_states(2, 2, 1).factor.requires_grad_()
    value = ENGINE.expval(circuit, weights, inputs, ["ZZI"], States(factor)).sum()
    (gradient,) = torch.autograd.grad(value, factor, create_graph=True)
    with pytest.raises(QganError, match="Second derivative"):
        torch.autograd.grad(gradient.abs().sum(), factor)
