"""On a GPU: the batched engine is the same there, lightning.gpu trains, and a run goes through."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from small_circuits import draw_angles, random_states, reader, register, reuploading
from tolerances import EXACT, FINITE_DIFFERENCE, SINGLE
from torch.testing import assert_close

from qgan import build
from qgan.build import SOURCES
from qgan.build.settings import parse
from qgan.cli import main
from qgan.engines import BatchedEngine, PennyLaneEngine
from qgan.engines.choose import candidates, time_engines
from qgan.errors import QganError

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="torch sees no CUDA device"),
]
SMALL = {"n_train": 12, "n_validation": 4, "n_held_out": 4}


@pytest.fixture
def lightning_gpu() -> None:
    """Skips, with what the engine says, where lightning.gpu cannot start."""
    try:
        PennyLaneEngine("lightning.gpu")
    except QganError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("build", [reuploading, register])
@pytest.mark.parametrize(("precision", "tolerance"), [("double", EXACT), ("single", SINGLE)])
def test_batched_on_cuda_equals_cpu(build: Any, precision: Any, tolerance: Any) -> None:
    circuit, engine = build(), BatchedEngine(precision)
    words = ["Z" + "I" * (circuit.registers.n_wires - 1), "X" * circuit.registers.n_wires]
    found = []
    for place in ("cpu", "cuda"):
        leaves = [angle.to(place).requires_grad_() for angle in draw_angles(circuit, 5)]
        for _ in range(3):  # the third time comes from whatever is kept of the first two
            values = engine.expval(circuit, *leaves, words)
            slopes = torch.autograd.grad(values.square().sum(), leaves, allow_unused=True)
        assert values.device.type == place
        rho = engine.run(circuit, *leaves).density_matrix().detach()
        kept = [values.detach(), rho, *(s for s in slopes if s is not None)]
        found.append([entry.cpu() for entry in kept])
    for on_cpu, on_cuda in zip(*found, strict=True):
        assert_close(on_cuda, on_cpu, **tolerance)


def test_batched_reads_a_source_on_cuda() -> None:
    engine, (weights, inputs) = BatchedEngine("double"), draw_angles(reader(), 3)
    states = random_states(3, 2, 2)
    expected = engine.expval(reader(), weights, inputs, ["ZII", "XYI"], states)
    moved = [weights.cuda(), inputs.cuda(), ["ZII", "XYI"], states.to(device="cuda")]
    assert_close(engine.expval(reader(), *moved).cpu(), expected, **EXACT)
    after = engine.run(reader(), weights, inputs, states).density_matrix()
    on_cuda = engine.run(reader(), moved[0], moved[1], states.to(device="cuda")).density_matrix()
    assert_close(on_cuda.cpu(), after, **EXACT)


@pytest.mark.usefixtures("lightning_gpu")
@pytest.mark.parametrize("method", ["adjoint", "parameter-shift"])
def test_lightning_gpu_agrees_with_default_qubit(method: Any) -> None:
    found = []
    for engine in (PennyLaneEngine("lightning.gpu", method), PennyLaneEngine()):
        leaves = [angle.requires_grad_() for angle in draw_angles(register(), 2)]
        values = engine.expval(register(), *leaves, ["ZIII", "IXIY"])
        found.append([values, *torch.autograd.grad(values.sum(), leaves)])
    for ours, theirs in zip(*found, strict=True):
        assert_close(ours.detach(), theirs.detach(), **SINGLE)


@pytest.mark.usefixtures("lightning_gpu")
@pytest.mark.parametrize("method", ["adjoint", "parameter-shift"])
@pytest.mark.parametrize("kind", ["reuploading", "register"])
def test_lightning_gpu_trains(method: str, kind: str) -> None:
    settings = parse(
        {
            "generator": {"kind": kind, "n_layers": 1},
            "discriminator": {"kind": "circuit", "n_circuits": 1, "n_layers": 1},
            "term": [] if kind == "register" else None,
            "objective": "minimax",
            "engine": {"device": "lightning.gpu", "diff_method": method},
            "trainer": {"batch": 2, "n_critic": 1},
        }
    )
    trainer = build.build_trainer(SOURCES.find("ising").make(**SMALL), settings)
    before = [p.detach().clone() for p in trainer.generator.parameters()]
    for _ in range(3):
        assert all(math.isfinite(value) for value in trainer.train_step().values())
    pairs = zip(before, trainer.generator.parameters(), strict=True)
    assert any(not torch.equal(a, b) for a, b in pairs)


@pytest.mark.usefixtures("lightning_gpu")
def test_lightning_gpu_takes_its_own_options() -> None:
    engine = PennyLaneEngine("lightning.gpu", "adjoint", device_options={"batch_obs": True})
    plain = PennyLaneEngine("lightning.gpu", "adjoint")
    angles = draw_angles(register(), 2)
    words = ["ZIII", "IZII", "XXII"]
    found, expected = (e.expval(register(), *angles, words) for e in (engine, plain))
    assert_close(found, expected, **FINITE_DIFFERENCE)


def test_a_run_on_cuda(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    command = "train --accelerator cuda --preset tfim --qubits 3 --steps 2 --batch 8 --run r"
    assert main(command.split()) == 0
    assert (tmp_path / "r" / "report.json").exists()


def test_cuda_is_timed_too() -> None:
    on_cuda = [c for c in candidates() if c.accelerator == "cuda"]
    rows = time_engines(reuploading(), 4, among=on_cuda, budget=0.2)
    assert rows and all(row.seconds is not None for row in rows)
