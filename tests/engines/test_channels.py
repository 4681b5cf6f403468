"""Channels in the batched engine, against closed forms and ``default.mixed``."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pennylane as qml
import pytest
import torch
from small_circuits import Local, random_states
from tolerances import EIGENVECTORS, EXACT
from torch.testing import assert_close

from circuits import Registers
from qgan.engines import BatchedEngine, PennyLaneEngine
from qgan.engines.base import Circuit
from qgan.engines.gates import TracedCircuit
from qgan.engines.trace import trace
from qgan.errors import QganError
from qgan.pauli import pauli_words
from qgan.states import States

ENGINE = BatchedEngine(precision="double")
MIXED = PennyLaneEngine("default.mixed")
FLIPS = np.kron([[0, 1], [1, 0]], np.diag([1, -1]))
TWO_QUBITS = [np.sqrt(0.8) * np.eye(4), np.sqrt(0.2) * FLIPS]


def noisy(n_layers: int, bath: int = 0) -> Local:
    """Every kind of channel between shared and per-sample gates, on three wires."""

    def queue(weights: Any, inputs: Any) -> None:
        for q in range(3):
            qml.RY(inputs[..., q], wires=q)
        for layer in range(n_layers):
            for q in range(3):
                qml.RX(weights[..., 3 * layer + q], wires=q)
            qml.IsingZZ(weights[..., 3 * layer], wires=[0, 1])
            qml.AmplitudeDamping(0.2, wires=layer % 3)
            qml.CNOT(wires=[1, 2])
            qml.DepolarizingChannel(0.1, wires=(layer + 1) % 3)
            qml.QubitChannel(TWO_QUBITS, wires=[2, 0])
            qml.RZ(inputs[..., layer], wires=1)
            qml.PhaseDamping(0.3, wires=1)

    return Local(queue, Registers(output=3 - bath, bath=bath), 3 * n_layers, 3)


def angles(circuit: Circuit, batch: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(1)
    draw = lambda *shape: torch.randn(*shape, generator=random, dtype=torch.float64)  # noqa: E731
    return draw(circuit.n_weights).requires_grad_(), draw(batch, circuit.n_inputs).requires_grad_()


@pytest.mark.parametrize(
    ("channel", "bloch"),
    [
        (lambda: qml.DepolarizingChannel(0.3, 0), (0.6, 0.0, 0.0)),
        (lambda: qml.AmplitudeDamping(0.36, 0), (0.8, 0.0, 0.36)),
        (lambda: qml.PhaseDamping(0.36, 0), (0.8, 0.0, 0.0)),
        (lambda: qml.BitFlip(0.2, 0), (1.0, 0.0, 0.0)),
        (lambda: qml.PhaseFlip(0.2, 0), (0.6, 0.0, 0.0)),
        (lambda: qml.ResetError(0.5, 0.0, 0), (0.5, 0.0, 0.5)),
    ],
)
def test_channels_on_plus(channel: Any, bloch: tuple[float, ...]) -> None:
    """Depolarising by p scales the Bloch vector by 1 - 4p/3, damping by g its length by sqrt."""

    def queue(weights: Any, inputs: Any) -> None:
        qml.Hadamard(0)
        channel()

    circuit = Local(queue, Registers(output=1))
    nothing = torch.zeros(0, dtype=torch.float64), torch.zeros(2, 0, dtype=torch.float64)
    expected = torch.tensor(bloch, dtype=torch.float64).expand(2, 3)
    assert_close(ENGINE.expval(circuit, *nothing, ["X", "Y", "Z"]), expected, **EXACT)


@pytest.mark.parametrize("bath", [0, 1])
@pytest.mark.parametrize("n_layers", [1, 3])
def test_states_are_those_of_default_mixed(n_layers: int, bath: int) -> None:
    circuit = noisy(n_layers, bath)
    given = angles(circuit)
    states = ENGINE.run(circuit, *given)
    assert states.rank <= 2**3 * 2**bath
    assert_close(
        states.density_matrix(), MIXED.run(circuit, *given).density_matrix(), **EIGENVECTORS
    )


def test_gradients_are_those_of_default_mixed() -> None:
    """Through ranks that are compressed too: one layer already has 4 x 2 x 2 x 2 columns."""
    circuit, words = noisy(2), pauli_words(3, 2)
    weights, inputs = angles(circuit)
    random = torch.Generator().manual_seed(2)
    towards = torch.randn(2, len(words), generator=random, dtype=torch.float64)
    found, expected = (
        torch.autograd.grad(
            (engine.expval(circuit, weights, inputs, words) * towards).sum(),
            (weights, inputs),
        )
        for engine in (ENGINE, MIXED)
    )
    assert_close(found, expected, **EIGENVECTORS)


def test_gradients_of_what_the_circuit_acts_on() -> None:
    circuit = noisy(1)
    weights, inputs = angles(circuit)
    factor = random_states(2, 3, rank=2).factor.requires_grad_()

    def value(weights: Any, inputs: Any, factor: Any) -> torch.Tensor:
        return ENGINE.expval(circuit, weights, inputs, ["XYZ", "ZII"], States(factor))

    assert torch.autograd.gradcheck(value, (weights, inputs, factor))


def test_second_derivatives_are_refused() -> None:
    circuit = noisy(1)
    weights, inputs = angles(circuit)
    value = ENGINE.expval(circuit, weights, inputs, ["ZZI"]).sum()
    (slope,) = torch.autograd.grad(value, weights, create_graph=True)
    with pytest.raises(QganError, match="Second derivative"):
        torch.autograd.grad(slope.sum(), weights)


def test_traced_channels_survive_a_file() -> None:
    circuit = noisy(2)
    again = TracedCircuit.from_dict(json.loads(json.dumps(trace(circuit).to_dict())))
    given = angles(circuit)
    found, expected = (ENGINE.run(c, *given).density_matrix() for c in (again, circuit))
    assert_close(found, expected, **EXACT)
    assert_close(MIXED.run(again, *given).density_matrix(), expected, **EIGENVECTORS)


@pytest.mark.parametrize(
    ("queue", "message"),
    [
        (lambda w, x: qml.BitFlip(w[..., 0], 0), "BitFlip: its strength depends on weights"),
        (lambda w, x: qml.QubitChannel([np.eye(8)], [0, 1, 2]), "must act on one or two wires"),
    ],
)
def test_refused(queue: Any, message: str) -> None:
    with pytest.raises(QganError, match=message):
        trace(Local(queue, Registers(output=3), 1))


def test_memory_is_that_of_the_largest_rank() -> None:
    def queue(weights: Any, inputs: Any) -> None:
        for q in range(16):
            qml.DepolarizingChannel(0.1, q)

    circuit = Local(queue, Registers(output=16))
    with pytest.raises(QganError, match="GiB that are free"):
        ENGINE.run(circuit, torch.zeros(0), torch.zeros(8, 0))


def test_a_noisy_circuit_is_no_isometry() -> None:
    circuit = noisy(1)
    assert not ENGINE.gives_isometry_of(circuit)
    with pytest.raises(QganError, match="channels"):
        ENGINE.isometry(circuit, *angles(circuit))
