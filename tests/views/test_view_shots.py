"""Views at finite shots: right on average, in value and in slope."""

from __future__ import annotations

from typing import Any

import pennylane as qml
import pytest
import torch
from small_circuits import Local
from torch import Tensor

from circuits import Registers
from qgan.engines import PennyLaneEngine
from qgan.states import Prepared
from qgan.views import CircuitView

REPEATS, SHOTS = 200, 100
LABEL, NONE = torch.tensor([0]), torch.zeros(0, dtype=torch.float64)


def reader() -> Local:
    """Two angles and an entangler on two qubits."""

    def queue(weights: Any, inputs: Any) -> None:
        qml.RX(weights[..., 0], 0)
        qml.RY(weights[..., 1], 1)
        qml.CNOT([0, 1])

    return Local(queue, Registers(output=2), 2, 0)


def source(engine: PennyLaneEngine) -> Prepared:
    """States that are turned, so that no expectation value is at an end of its range."""
    turned = Local(lambda w, x: [qml.RY(0.6, 0), qml.RX(-0.9, 1)], Registers(output=2))
    return Prepared(engine, turned, NONE, NONE.new_zeros(1, 0))


def jacobian(view: CircuitView, engine: PennyLaneEngine) -> Tensor:
    """Slopes of each feature by each of the view's angles, each by shots of its own."""
    features = view(source(engine), LABEL)[0]
    rows = [torch.autograd.grad(m, view.weights, retain_graph=True)[0][0] for m in features]
    return torch.stack(rows).detach()


def made(engine: PennyLaneEngine) -> CircuitView:
    view = CircuitView(reader(), 2, ["ZI", "IZ"], engine=engine, scale=1.0).double()
    view.weights.data = torch.tensor([[0.5, -0.8]], dtype=torch.float64)
    return view


@pytest.mark.parametrize("device", ["default.qubit", "lightning.qubit"])
@pytest.mark.slow
def test_jacobian_with_shots_is_unbiased(device: str) -> None:
    exact_engine = PennyLaneEngine(device)
    exact = jacobian(made(exact_engine), exact_engine)
    engine = PennyLaneEngine(device, "parameter-shift", SHOTS, seed=1)
    view = made(engine)
    found = torch.stack([jacobian(view, engine) for _ in range(REPEATS)])
    error = found.std(0) / REPEATS**0.5
    assert not torch.equal(found[0], found[1])  # shots are drawn anew, by the engine's seed
    assert error.norm() < 0.05 * exact.norm()
    moving = error > 0  # an angle that a word does not see has no noise either
    assert moving.sum() >= 3
    assert ((found.mean(0) - exact).abs() <= 3 * error + 1e-6).all()
