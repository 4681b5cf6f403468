"""What a configuration describes is what gets built; every preset trains."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from qgan import build
from qgan.build import SOURCES
from qgan.build.settings import parse
from qgan.config import Experiment, TrainerConfig
from qgan.data import Dataset
from qgan.engines import BatchedEngine, PennyLaneEngine
from qgan.errors import QganError
from qgan.terms import R1, GradientPenalty, PurityMatching, Term
from qgan.views import CircuitView, DensityView, PauliView

SMALL = {"n_train": 12, "n_validation": 4, "n_held_out": 4}


def made(**changes: Any) -> tuple[Experiment, Dataset]:
    """The default settings with changes, and little data for them."""
    settings = parse(changes)
    return settings, SOURCES.find(settings.data.source).make(**SMALL)


@pytest.mark.parametrize("name", build.PRESETS)
def test_every_preset_builds_and_takes_a_step(name: str) -> None:
    settings = build.preset(name)
    size = {} if settings.data.qubits is None else {"n_qubits": settings.data.qubits}
    data = SOURCES.find(settings.data.source).make(**size, **SMALL)
    if settings.generator.n_latent == "auto":
        short = settings.model_copy(
            update={"trainer": settings.trainer.model_copy(update={"steps": 1})}
        )
        settings = build.settle(short, data)
    trainer = build.build_trainer(data, settings)
    before = [p.detach().clone() for p in trainer.generator.parameters() if p.numel()]
    assert all(math.isfinite(value) for value in trainer.train_step().values())
    after = [p for p in trainer.generator.parameters() if p.numel()]
    assert any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert build.PRESETS.find(name).line and settings.preset == name


def test_the_noisy_preset_trains_twenty_steps() -> None:
    settings = parse(
        {
            "preset": "noisy",
            **build.PRESETS.find("noisy").settings,
            "trainer": {"batch": 2, "n_critic": 1},
        }
    )
    trainer = build.build_trainer(SOURCES.find("tfim").make(2, **SMALL), settings)
    engine = trainer.generator.engine
    assert isinstance(engine, PennyLaneEngine) and engine.noise is not None and engine.readout
    assert trainer.discriminator.view.engine is engine
    before = trainer.generator(torch.tensor([0, 1]), torch.zeros(2, 1)).detach()
    assert (before.purity() < 0.99).all()
    losses = [trainer.train_step() for _ in range(20)]
    assert all(math.isfinite(value) for row in losses for value in row.values())
    after = trainer.generator(torch.tensor([0, 1]), torch.zeros(2, 1)).detach()
    assert (before.fidelity(after) < 0.999).any()


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(QganError, match=r"`preset` must be one of ising, tfim, .* but got 'isng'"):
        build.preset("isng")


def test_mixed_data_get_a_bath_as_wide_as_their_rank() -> None:
    for kind in ("reuploading", "register"):
        settings, data = made(data={"source": "bell"}, generator={"kind": kind})
        registers = build.build_circuit(settings, data).registers
        assert (registers.n_output, registers.n_bath) == (2, 2)
    settings, data = made(data={"source": "bell"}, generator={"bath": 1})
    assert build.build_circuit(settings, data).registers.n_bath == 1
    settings, data = made(generator={"kind": "register"})
    registers = build.build_circuit(settings, data).registers
    assert (registers.n_output, registers.n_label, registers.n_latent_wires) == (4, 1, 12)
    assert registers.n_bath == 0
    settings, data = made(generator={"kind": "register", "n_bits": 0})
    assert build.build_circuit(settings, data).registers.n_latent_wires == 2


ANGLES = {"kind": "register", "n_bits": 0}
"""The register circuit whose registers turn by angles."""


def terms_of(**changes: Any) -> list[Term]:
    """The terms of settings with changes."""
    settings, data = made(**changes)
    objective = build.build_objective(settings)
    discriminator = build.build_discriminator(settings, data, BatchedEngine(), objective)
    return build.build_terms(settings, data, objective, discriminator)


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({}, [GradientPenalty]),
        ({"objective": "minimax"}, []),
        ({"generator": {"kind": "register"}}, [GradientPenalty]),
        ({"generator": ANGLES}, [GradientPenalty, PurityMatching]),
        ({"generator": ANGLES, "data": {"source": "bell"}}, [GradientPenalty]),
        ({"term": []}, []),
        ({"term": ["r1:0.5", "gradient-penalty"]}, [R1, GradientPenalty]),
    ],
)
def test_terms(changes: dict[str, Any], kinds: list[type]) -> None:
    terms = terms_of(**changes)
    assert [type(term) for term in terms] == kinds
    assert R1(0.5) in terms or "r1:0.5" not in changes.get("term", [])


@pytest.mark.parametrize("term", ["gradient-penalti", "r1:much", ":1", ""])
def test_a_bad_term_is_refused(term: str) -> None:
    with pytest.raises(QganError, match="`term` must be"):
        terms_of(term=[term])


@pytest.mark.parametrize(
    ("changes", "kind", "n_features"),
    [
        ({}, DensityView, 256),
        ({"kind": "pauli"}, PauliView, 66),
        ({"kind": "circuit"}, CircuitView, 3 * 14),
        ({"kind": "circuit", "label": "register", "n_circuits": 1}, CircuitView, 25),
        ({"kind": "ddk"}, CircuitView, 1),
    ],
)
def test_views(changes: dict[str, Any], kind: type, n_features: int) -> None:
    settings, data = made(discriminator=changes)
    view = build.build_view(settings, data, BatchedEngine())
    assert (type(view), view.n_features) == (kind, n_features)


def test_engines() -> None:
    engine = build.build_engine(parse({"engine": {"precision": "double"}}))
    assert isinstance(engine, BatchedEngine) and engine.precision == "double"
    named = build.build_engine(parse({"engine": {"device": "lightning.qubit"}}))
    assert isinstance(named, PennyLaneEngine)
    assert (named.device, named.diff_method) == ("lightning.qubit", "adjoint")
    default = build.build_engine(parse({"engine": {"kind": "pennylane"}}))
    assert isinstance(default, PennyLaneEngine) and default.device == "default.qubit"


@pytest.mark.parametrize(
    ("engine", "message"),
    [
        ({"shots": 10}, "`shots` must be None on the batched engine, but got 10"),
        ({"diff_method": "backprop"}, "`diff_method` must be adjoint on batched"),
        ({"device": "lightning.qubit", "diff_method": "backprop"}, "`diff_method` must be one"),
        ({"device": "no.such"}, "`device` must be installed"),
        ({"readout": 0.1}, r"`readout` must be 0 on the batched engine \(noise needs device def"),
        ({"depolarising": 0.1, "device": "lightning.qubit"}, "`device` must be default.mixed"),
    ],
)
def test_an_engine_that_cannot_be_is_refused(engine: dict[str, Any], message: str) -> None:
    with pytest.raises(QganError, match=message):
        build.build_engine(parse({"engine": engine}))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_an_absent_accelerator_is_refused() -> None:
    settings, data = made(engine={"accelerator": "cuda"})
    with pytest.raises(QganError, match="`accelerator` must be cpu"):
        build.build_trainer(data, settings)


def example() -> ModuleType:
    """``examples/train_qgan.py`` as a module, not run."""
    path = Path(__file__).parents[2] / "examples" / "train_qgan.py"
    spec = importlib.util.spec_from_file_location("train_qgan", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_example_takes_its_plain_objects_for_the_default_run_only() -> None:
    is_default = example().is_default
    ising, tfim = (SOURCES.find(name).make(**SMALL) for name in ("ising", "tfim"))
    assert is_default(build.preset("ising").model_copy(update={"seed": 5}), ising)
    assert is_default(build.preset("ising"), tfim) == (tfim.n_qubits == 4)
    assert not is_default(build.preset("tfim"), tfim)
    wide = SOURCES.find("ising").make(6, n_train=4, n_validation=2, n_held_out=2)
    assert not is_default(build.preset("ising"), wide)


def test_the_examples_plain_objects_are_those_of_the_default_preset() -> None:
    settings = build.preset("ising").model_copy(
        update={"seed": 3, "trainer": TrainerConfig(steps=2, batch=8)}
    )
    data = SOURCES.find("ising").make(**SMALL)
    plain = example().default_trainer(data, settings)
    built = build.build_trainer(data, settings)
    assert plain.game.objective == built.game.objective and plain.game.terms == built.game.terms
    assert np.array_equal(list(plain.train_step().values()), list(built.train_step().values()))
    one, other = plain.state_dict(), built.state_dict()
    for part in ("generator", "discriminator", "model"):
        assert one[part].keys() == other[part].keys()
        assert all(torch.equal(one[part][k], other[part][k]) for k in one[part])


@pytest.mark.parametrize(
    ("changes", "reads"),
    [
        ({"discriminator": {"kind": "density"}}, True),
        ({"discriminator": {"kind": "two-copy"}}, True),
        ({"discriminator": {"kind": "circuit"}, "objective": "mmd"}, True),
        ({"discriminator": {"kind": "circuit"}}, False),
    ],
)
def test_engines_are_timed_for_what_the_view_and_the_terms_read(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], reads: bool
) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr(
        "qgan.build.engines.time_engines", lambda *args, **settings: asked.update(settings) or []
    )
    build.time_candidates(*made(**changes))
    assert asked["needs_states"] is reads
