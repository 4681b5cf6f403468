"""Traps of PennyLane that the engine handles; those it only tells of fail here when they are gone.

Others stand beside what they are about: broadcast parameter-shift (issue 4462), values through
float32, lost second derivatives, ``shots=`` (every warning is an error here) in
``test_pennylane.py``; ``lightning.gpu`` without a package, driver or library in
``test_pennylane_devices.py``.
"""

from __future__ import annotations

import pennylane as qml
import pytest
import torch
from small_circuits import Local, draw_angles, turns
from tolerances import EXACT
from torch.testing import assert_close

from circuits import Registers
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
    engine.expval(turns(), weights, inputs, ["Z"])
    device = engine._execution._device(1)
    with qml.Tracker(device) as tracker:
        engine.expval(turns(), weights.requires_grad_(), inputs, ["Z"]).sum().backward()
    told = {name: tracker.totals[name] for name in ("executions", "derivatives")}
    assert told == {"executions": 2 * 4, "derivatives": 2 * 4}


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
