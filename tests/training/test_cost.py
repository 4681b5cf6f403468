"""What a quantum computer would charge: by hand, and as PennyLane counts it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import small_games
from small_games import SHORT

from qgan.engines import BatchedEngine, PennyLaneEngine
from qgan.pauli import bases
from qgan.runs import Session
from qgan.terms import GradientPenalty
from qgan.training.cost import Cost, reached
from qgan.views import CircuitView, DensityView, PauliView


def test_settings_of_views() -> None:
    assert DensityView(2).n_settings() == 9
    assert sorted(bases(PauliView(2, 2).words)) == sorted(a + b for a in "XYZ" for b in "XYZ")
    assert PauliView(3, 1).n_settings() == 3
    view = small_games.circuit_view(BatchedEngine())
    assert view.n_settings() == 1
    three = CircuitView(view.circuit, 2, engine=BatchedEngine(), n_circuits=3)
    assert three.n_settings() == 3


def test_a_step_by_hand() -> None:
    """Two qubits, batch 4, two critic steps: 9 settings, 10 rotations by the embedding's angles."""
    trainer = small_games.trainer()
    assert trainer.generator.circuit.n_inputs == 9  # RY and RZ twice on two wires, one ZZ
    real = generated = 2 * 4 * 9
    gradient = 4 * 9 * (1 + 2 * 9)
    runs = real + generated + gradient
    assert trainer.cost() == Cost(real, generated + gradient, runs, runs)
    assert trainer.cost().after(3)["executions"] == 3.0 * runs


@pytest.mark.parametrize("shots", [None, 10])
def test_pennylane_executes_as_many_circuits(shots: int | None) -> None:
    engine = PennyLaneEngine("default.qubit", "parameter-shift", shots, seed=1)
    view = PauliView(2, 1)
    trainer = small_games.trainer(
        engine=engine, view=view, terms=[GradientPenalty()], mismatched_share=0.0
    )
    cost, before = trainer.cost(), engine.executions
    trainer.train_step()
    # The data's states are at hand as tensors here: reading them executes nothing.
    assert engine.executions - before == cost.executions - cost.real_copies // (shots or 1)
    assert cost.shots == cost.executions * (shots or 1)


def test_a_trained_view_pays_for_its_gradient() -> None:
    view = small_games.circuit_view(BatchedEngine(precision="double"))
    trainer = small_games.trainer(view=view)
    shifted = 1 + 2 * (view.circuit.n_weights + view.circuit.n_inputs)
    # Wrong labels are shown, and this view sees them: real states are read twice.
    assert trainer.cost().real_copies == 2 * 2 * 4 * shifted
    frozen = small_games.circuit_view(BatchedEngine(precision="double"), trainable=False)
    assert small_games.trainer(view=frozen).cost().real_copies == 2 * 2 * 4


def test_levels_are_reached_once_and_by_evaluations_only() -> None:
    gap = [0.6, math.nan, 0.15, 0.3, 0.06]
    rows = {"step": [0.0, 1.0, 2.0, 3.0, 4.0], "seconds": [math.nan, 1, 2, 3, 4], "shortfall": gap}
    found = reached(rows)
    assert found["0.5"] == found["0.8"] == {"step": 2.0, "seconds": 2}
    assert found["0.9"] == {"step": 4.0, "seconds": 4}
    assert found["0.95"] is None


def test_a_run_counts_from_step_to_step(tmp_path: Path) -> None:
    from qgan.config import Experiment
    from qgan.runs import RunFolder
    from qgan.runs.history import read_history

    run = RunFolder.create(tmp_path / "run", Experiment(trainer=SHORT))
    session = Session(small_games.trainer(), run)
    session.start()
    session.train()
    counts = read_history(run.history_file)["real_copies"]
    assert counts == [72.0 * step for step in range(7)]
