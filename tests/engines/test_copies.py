"""Engines that have run can be copied and saved: no live device is part of them."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Callable
from typing import Any

import pytest
import torch
from engine_cases import Case, each_engine
from small_circuits import draw_angles, register
from small_games import SHORT, circuit_view, data, trainer

from qgan import Trainer
from qgan.engines.pennylane import PennyLaneEngine
from qgan.engines.pennylane.noise import depolarising_gates
from qgan.objectives import Wasserstein
from qgan.terms import GradientPenalty

WORDS = ("ZIII", "XYII")


def saved(engine: Any) -> Any:
    stream = io.BytesIO()
    torch.save(engine, stream)
    stream.seek(0)
    return torch.load(stream, weights_only=False)


COPIES: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": lambda engine: pickle.loads(pickle.dumps(engine)),
    "torch.save": saved,
}


@each_engine
@pytest.mark.parametrize("name", COPIES)
def test_a_copy_of_an_engine_that_has_run_gives_the_same(case: Case, name: str) -> None:
    engine, (weights, inputs) = case.make(), draw_angles(register(), 2)
    values = engine.expval(register(), weights.requires_grad_(), inputs, WORDS)
    other = COPIES[name](engine)
    again = other.expval(register(), weights, inputs, WORDS)
    assert torch.equal(values, again)
    again.sum().backward()


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_continues_the_chance_of_an_engine_with_shots(name: str) -> None:
    engine, angles = (
        PennyLaneEngine("lightning.qubit", shots=20, seed=5),
        draw_angles(register(), 2),
    )
    engine.expval(register(), *angles, WORDS)
    other = COPIES[name](engine)
    if name == "copy":  # it shares the generator
        assert other.state_dict() == engine.state_dict()
        return
    first, second = (e.expval(register(), *angles, WORDS) for e in (engine, other))
    assert torch.equal(first, second)


@pytest.mark.parametrize("name", COPIES)
def test_an_engine_with_noise_can_be_copied(name: str) -> None:
    engine = PennyLaneEngine("default.mixed", noise=depolarising_gates(0.1), readout=0.05)
    angles = draw_angles(register(), 2)
    values = engine.expval(register(), *angles, WORDS)
    assert torch.equal(values, COPIES[name](engine).expval(register(), *angles, WORDS))


@pytest.mark.parametrize("device", ["lightning.qubit", "default.qubit"])
def test_a_generator_that_was_trained_on_a_device_is_trained_again(device: str) -> None:
    """Fine tuning: a second trainer copies the generator, whose engine has run."""
    engine = PennyLaneEngine(device)
    first = trainer(engine=engine, view=circuit_view(engine), terms=(GradientPenalty(),))
    first.train_step()
    for copied in (copy.deepcopy(first.generator), saved(first.generator)):
        terms = (GradientPenalty(),)
        second = Trainer(copied, first.discriminator, data(), Wasserstein(), terms, SHORT, 1)
        second.train_step()
        assert second.step == 1
