"""The contract of reduction: a circuit without its bit wires prepares the same states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pennylane as qml
import pytest
import torch
from engine_cases import Case, each_engine
from tolerances import EXACT
from torch import Tensor
from torch.testing import assert_close

from circuits import (
    BitRegisterCircuit,
    DDKLayers,
    HardwareEfficient,
    IsingLayers,
    Registers,
    Superposed,
)
from qgan.engines.batched import BatchedEngine
from qgan.engines.gates import TracedCircuit
from qgan.engines.reduction import Reduction, reduction_of
from qgan.engines.trace import trace
from qgan.errors import QganError

PI = torch.pi
WORDS = ("XI", "ZZ", "YX", "IY")


class Mixed:
    """Every kind of gate that a wire with a bit may meet, with angles from all sources."""

    registers = Registers(output=2, label=1, latent=1, bath=1, holds_bits=True)
    n_weights, n_inputs = 4, 4

    def __call__(self, weights: Any, inputs: Any) -> None:
        qml.RX(PI * inputs[..., 2], wires=3)  # the bit of the latent
        qml.Hadamard(wires=0)
        qml.RY(weights[..., 0], wires=1)
        qml.RX(PI * inputs[..., 0], wires=2)  # the bit of the label
        qml.PauliRot(weights[..., 1], "XZZ", wires=[1, 2, 3])
        qml.PauliRot(2 * weights[..., 2] - 0.4, "XZZ", wires=[1, 2, 3])
        qml.CRX(weights[..., 3], wires=[3, 4])
        qml.IsingZZ(inputs[..., 1], wires=[2, 0])
        qml.CNOT(wires=[0, 1])
        qml.RZ(weights[..., 3], wires=2)  # a phase that nothing shows
        qml.PauliRot(inputs[..., 3] + weights[..., 0], "YX", wires=[0, 4])
        qml.CRZ(weights[..., 1], wires=[3, 1])


def family(ansatz: Any, **settings: Any) -> Callable[[], Any]:
    latent, bath = settings.pop("latent", 2), settings.pop("bath", 0)
    registers = Registers(output=2, label=2, latent=latent, bath=bath)
    return lambda: BitRegisterCircuit(registers, 2, n_latent=1, ansatz=ansatz, **settings)


CIRCUITS = {
    "all kinds of gates": Mixed,
    "hardware-efficient": family(HardwareEfficient),
    "a bath": family(HardwareEfficient, bath=1),
    "ising": family(IsingLayers),
    "ddk with two controls": family(DDKLayers, n_controls=2),
    "polynomials of z": family(IsingLayers, latent=3, degree=3),
}
each_circuit = pytest.mark.parametrize("build", CIRCUITS.values(), ids=CIRCUITS)


def angles_of(circuit: Any, rows: int = 3) -> tuple[Tensor, Tensor]:
    """Random weights, and random bits in the inputs that write them, other inputs random."""
    rng = torch.Generator().manual_seed(5)
    weights = torch.randn(circuit.n_weights, dtype=torch.float64, generator=rng)
    inputs = torch.randint(0, 2, (rows, circuit.n_inputs), generator=rng).double()
    if isinstance(circuit, Mixed):
        inputs[:, [1, 3]] = torch.randn(rows, 2, dtype=torch.float64, generator=rng)
    return weights, inputs


def reduced(circuit: Any, weights: Tensor, inputs: Tensor) -> tuple[TracedCircuit, Tensor, Tensor]:
    reduction = reduction_of(circuit)
    assert reduction is not None
    return reduction.circuit, weights.new_zeros(0), reduction.angles(weights, inputs)


@each_circuit
def test_the_states_are_those_of_the_whole_circuit(build: Callable[[], Any]) -> None:
    circuit, engine = build(), BatchedEngine(precision="double")
    weights, inputs = angles_of(circuit)
    program = reduced(circuit, weights, inputs)
    assert program[0].registers.n_wires == circuit.registers.n_wires - len(circuit.registers.bits)
    states, whole = engine.run(*program), engine.run(circuit, weights, inputs)
    assert states.rank == 2 ** program[0].registers.n_bath
    assert_close(states.density_matrix(), whole.density_matrix(), **EXACT)


@each_engine
@each_circuit
def test_values_and_gradients_of_every_engine(case: Case, build: Callable[[], Any]) -> None:
    circuit, engine = build(), case.make()
    rest = "I" * circuit.registers.n_bath
    weights, inputs = angles_of(circuit)
    weights.requires_grad_()
    mix = torch.linspace(-1, 1, 3 * len(WORDS), dtype=torch.float64).reshape(3, -1)
    values = engine.expval(*reduced(circuit, weights, inputs), [word + rest for word in WORDS])
    (gradient,) = torch.autograd.grad((values * mix).sum(), weights)
    padding = "I" * (circuit.registers.n_wires - 2)
    referee = BatchedEngine(precision="double")
    whole = referee.expval(circuit, weights, inputs, [word + padding for word in WORDS])
    (expected,) = torch.autograd.grad((whole * mix).sum(), weights)
    assert_close(values, whole, **case.value)
    assert_close(gradient, expected, **case.gradient)


def test_inputs_that_are_no_bits_keep_their_gradient() -> None:
    circuit, engine = Mixed(), BatchedEngine(precision="double")
    weights, inputs = angles_of(circuit)
    inputs.requires_grad_()
    words = [word + "I" for word in WORDS]
    (gradient,) = torch.autograd.grad(
        engine.expval(*reduced(circuit, weights, inputs), words).sum(), inputs
    )
    whole = engine.expval(circuit, weights, inputs, [word + "III" for word in WORDS])
    (expected,) = torch.autograd.grad(whole.sum(), inputs)
    assert_close(gradient[:, [1, 3]], expected[:, [1, 3]], **EXACT)
    assert not gradient[:, [0, 2]].any()


@pytest.mark.parametrize("number", [0.5, -1.0, 2.0, float("nan")])
def test_an_input_that_is_no_bit_is_refused(number: float) -> None:
    circuit = CIRCUITS["ising"]()
    weights, inputs = angles_of(circuit)
    inputs[1, 2] = number
    with pytest.raises(QganError, match="must be 0 or 1 where they are bits"):
        reduced(circuit, weights, inputs)


class Faulty:
    """A circuit of one output wire and one bit, and what it queues after the bit."""

    registers = Registers(output=1, label=1, holds_bits=True)
    n_weights, n_inputs = 1, 1

    def __init__(self, queue: Callable[[Any], Any], writes: bool = True) -> None:
        self.queue, self.writes = queue, writes

    def __call__(self, weights: Any, inputs: Any) -> None:
        if self.writes:
            qml.RX(PI * inputs[..., 0], wires=1)
        self.queue(weights)


@pytest.mark.parametrize(
    "queue",
    [
        lambda w: qml.RX(w[..., 0], wires=1),
        lambda w: qml.Hadamard(wires=1),
        lambda w: qml.CNOT(wires=[0, 1]),
        lambda w: qml.PauliRot(w[..., 0], "XY", wires=[0, 1]),
        lambda w: qml.AmplitudeDamping(0.1, wires=1),
    ],
    ids=["RX", "Hadamard", "CNOT", "PauliRot", "channel"],
)
def test_a_gate_that_turns_a_bit_is_refused(queue: Callable[[Any], Any]) -> None:
    with pytest.raises(QganError, match="is no rotation about a word with Z on it"):
        reduction_of(Faulty(queue))


def test_a_wire_without_its_bit_is_refused() -> None:
    with pytest.raises(QganError, match=r"prepare by RX\(pi \* input\), but got wire 1"):
        reduction_of(Faulty(lambda w: qml.RX(w[..., 0], wires=0), writes=False))
    with pytest.raises(QganError, match="comes before its bit"):
        reduction_of(Faulty(lambda w: qml.IsingZZ(w[..., 0], wires=[0, 1]), writes=False))


def test_other_registers_are_left_alone() -> None:
    circuit = BitRegisterCircuit(Registers(output=1, label=1, latent=1))
    assert reduction_of(Superposed(circuit)) is None


def test_a_traced_circuit_is_reduced_as_its_source() -> None:
    circuit = CIRCUITS["a bath"]()
    again = TracedCircuit.from_dict(trace(circuit).to_dict())
    weights, inputs = angles_of(circuit)
    assert_close(
        Reduction(again).angles(weights, inputs), reduced(circuit, weights, inputs)[2], **EXACT
    )
