"""Five training steps end with the same weights on every engine."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
import torch
from small_games import circuit_view, trainer, weights
from torch import Tensor

from qgan.config import TrainerConfig
from qgan.engines import BatchedEngine, PennyLaneEngine
from qgan.engines.base import Engine
from qgan.terms import GradientPenalty

FIVE = TrainerConfig(steps=5, batch=4, n_critic=1)
ENGINES: dict[str, tuple[Callable[[], Engine], float]] = {
    "default.qubit": (lambda: PennyLaneEngine("default.qubit", "backprop"), 1e-6),
    "adjoint": (lambda: PennyLaneEngine("lightning.qubit", "adjoint"), 1e-4),
    "parameter-shift": (lambda: PennyLaneEngine("lightning.qubit", "parameter-shift"), 1e-4),
}


def trained(kind: str, engine: Engine) -> dict[str, Tensor]:
    game = trainer(
        FIVE, engine=engine, kind=kind, view=circuit_view(engine), terms=[GradientPenalty()]
    )
    before = weights(game)
    game.fit()
    after = weights(game)
    moved = [name for name in after if not torch.equal(before[name], after[name])]
    assert {"D.view.weights", "D.head.layers.0.weight"} <= set(moved)
    assert any(name.startswith("G.") for name in moved)
    return after


@cache
def expected(kind: str) -> dict[str, Tensor]:
    return trained(kind, BatchedEngine(precision="double"))


@pytest.mark.parametrize("kind", ["reuploading", "register"])
@pytest.mark.parametrize("name", ENGINES)
def test_five_steps_end_with_the_same_weights(name: str, kind: str) -> None:
    make, tolerance = ENGINES[name]
    found = trained(kind, make())
    assert found.keys() == expected(kind).keys()
    for key, value in expected(kind).items():
        torch.testing.assert_close(found[key], value, rtol=0.0, atol=tolerance, msg=key)
