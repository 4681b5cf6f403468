"""Traps of PennyLane that the engine handles; those it only tells of fail here when they are gone.

Others stand beside what they are about: broadcast parameter-shift (issue 4462), values through
float32, lost second derivatives, ``shots=`` (every warning is an error here) in
``test_pennylane.py``; ``lightning.gpu`` without a package, driver or library in
``test_pennylane_devices.py``.
"""

from __future__ import annotations

from typing import Any

import pennylane as qml
import pytest
import torch
from small_circuits import Local, draw_angles, turns
from tolerances import EXACT, LIGHTNING
from torch.testing import assert_close

from circuits import Registers
from qgan.engines.batched import BatchedEngine
from qgan.engines.pennylane import PennyLaneEngine

EMPTY = torch.zeros(1, 0, dtype=torch.float64)


def test_default_qubit_computes_in_double_whatever_it_is_given() -> None:
    """Angles in float32 are exact numbers: from there on nothing is lost until the very end."""
    weights, inputs = draw_angles(turns(), 3)
    weights, inputs = weights.float(), inputs.float()
    found = PennyLaneEngine("default.qubit").expval(turns(), weights, inputs, ["Z"])
    exact = weights.double().cos() * inputs.double().cos()
    assert found.dtype == torch.float64
    assert_close(found, exact, **EXACT)
    rounded = PennyLaneEngine(precision="single").expval(turns(), weights, inputs, ["Z"])
    assert torch.equal(rounded, found.float())


def test_lightnings_adjoint_runs_a_batch_one_by_one_and_twice() -> None:
    """So a step's time is that of a sample times the batch, as the plan extrapolates it."""
    engine = PennyLaneEngine("lightning.qubit", "adjoint")
    weights, inputs = draw_angles(turns(), 4)
    circuit = turns()
    engine.expval(circuit, weights.requires_grad_(), inputs, ["Z"])  # the first call is checked
    device = engine._execution._device(1)
    with qml.Tracker(device) as tracker:
        engine.expval(circuit, weights, inputs, ["Z"]).sum().backward()
    told = {name: tracker.totals[name] for name in ("executions", "derivatives")}
    assert told == {"executions": 2 * 4, "derivatives": 2 * 4}


BATCHED = {
    "MultiRZ": lambda x: qml.MultiRZ(x, [0, 1]),
    "PauliRot": lambda x: qml.PauliRot(x, "XY", [0, 1]),
    "IsingXY": lambda x: qml.IsingXY(x, [0, 1]),
    "adjoint MultiRZ": lambda x: qml.adjoint(qml.MultiRZ)(x, [0, 1]),
    "adjoint IsingXY": lambda x: qml.adjoint(qml.IsingXY)(x, [0, 1]),
    "GlobalPhase": qml.GlobalPhase,
}


@pytest.mark.parametrize("name", BATCHED)
@pytest.mark.parametrize(
    ("device", "method"),
    [("default.qubit", "backprop"), ("lightning.qubit", "adjoint"), ("default.qubit", None)],
)
def test_gates_whose_batches_pennylane_gets_wrong(name: str, device: str, method: Any) -> None:
    """The batch gives what its rows give one by one, and has the same gradient."""

    def queue(weights: Any, inputs: Any) -> None:
        qml.RY(0.4, 0)
        qml.RX(1.3, 1)
        BATCHED[name](inputs[..., 0])
        qml.RX(0.7, 0)

    circuit = Local(queue, Registers(output=2), 0, 1)
    engine = PennyLaneEngine(device, method or "parameter-shift")
    inputs = torch.tensor([[0.3], [-1.1], [2.0]], dtype=torch.float64, requires_grad=True)
    referee = BatchedEngine("double").expval(circuit, EMPTY[0], inputs, ["ZI", "XY"])
    values = engine.expval(circuit, EMPTY[0], inputs, ["ZI", "XY"])
    assert_close(values, referee, **LIGHTNING)
    if name != "GlobalPhase":
        (slope,) = torch.autograd.grad(values.sum(), inputs)
        assert_close(slope, torch.autograd.grad(referee.sum(), inputs)[0], **LIGHTNING)


@pytest.mark.parametrize("device", ["default.qubit", "default.mixed"])
def test_the_imaginary_part_of_a_density_matrix_has_a_gradient(device: str) -> None:
    """RX(w)|0> has rho_01 = i sin(w)/2; a TorchLayer would drop it with a warning."""
    turn = Local(lambda w, x: qml.RX(w[..., 0], 0), Registers(output=1), 1)
    w = torch.tensor([0.7], dtype=torch.float64, requires_grad=True)
    corner = PennyLaneEngine(device).run(turn, w, EMPTY).density_matrix()[0, 0, 1]
    assert_close(corner.detach(), (0.5j * w.detach().sin()).squeeze(), **EXACT)
    (slope,) = torch.autograd.grad(corner.imag, w)
    assert_close(slope, w.detach().cos() / 2, **EXACT)


@pytest.mark.parametrize("device", ["default.qubit", "lightning.qubit"])
@pytest.mark.parametrize("words", [["Z"], ["Z", "X", "Y"]])
def test_lists_of_values_become_one_tensor(device: str, words: list[str]) -> None:
    weights, inputs = draw_angles(turns(), 2)
    values = PennyLaneEngine(device).expval(turns(), weights, inputs, words)
    assert isinstance(values, torch.Tensor)
    assert values.shape == (2, len(words))
