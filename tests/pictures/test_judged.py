"""Pictures and table of an evaluation."""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.colors import to_hex
from small_circuits import random_states
from tolerances import EXACT
from torch import Tensor
from torch.testing import assert_close

from qgan import evaluation, metrics
from qgan.batch import Batch
from qgan.cli import report_table
from qgan.cli.tables import TextConsole
from qgan.data.dataset import Dataset
from qgan.errors import QganError
from qgan.pictures import judged


def small_data(n_qubits: int = 2, rank: int = 1, factors: int = 1, n_labels: int = 2) -> Dataset:
    label = torch.arange(24) % n_labels
    hidden = torch.rand(24, factors, generator=torch.Generator().manual_seed(1)).double()
    parts = [
        Batch(random_states(24, n_qubits, rank, seed=seed), label, hidden if factors else None)
        for seed in (0, 1)
    ]
    names = tuple(f"label {k}" for k in range(n_labels))
    hidden_names = tuple(f"f_{k}" for k in range(factors))
    return Dataset(
        parts[0], parts[0][:0], parts[1], tuple(range(n_labels)), names, hidden_names, ""
    )


def test_a_held_out_state_is_compared_with_the_nearest() -> None:
    data = small_data()
    held_out, train = data.held_out.of(0), data.train.of(0).states
    result = judged.nearest_infidelities(train, held_out, train)
    best = 1 - metrics.fidelity_matrix(held_out.states, train).max(1).values
    assert_close(result.generated, best, **EXACT)
    assert_close(result.real, best, **EXACT)
    assert torch.equal(result.position, held_out.factors)


def test_without_factors_states_are_sorted() -> None:
    data = small_data(factors=0)
    held_out = data.held_out.of(0)
    result = judged.nearest_infidelities(held_out.states[:3], held_out, data.train.of(0).states)
    assert bool((result.generated.diff() >= 0).all())
    assert result.position[0, 0] == 0 and result.position[-1, 0] == 1
    assert int((result.generated < 1e-12).sum()) == 3


@pytest.mark.parametrize(
    ("n_qubits", "rank", "factors", "n_labels"), [(1, 1, 0, 1), (2, 2, 1, 2), (5, 1, 4, 3)]
)
def test_pictures_are_written(
    tmp_path: Path, n_qubits: int, rank: int, factors: int, n_labels: int
) -> None:
    data = small_data(n_qubits, rank, factors, n_labels)
    batch = Batch(random_states(12, n_qubits, rank, seed=5), torch.arange(12) % n_labels)
    paths = judged.judged_pictures(batch, data, tmp_path / "new")
    assert [path.name for path in paths] == ["coverage.png", "average.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in paths)


def test_hinton_squares_have_the_areas_of_the_entries() -> None:
    from qgan.pictures.canvas import Canvas

    axes = Canvas(3.0, 3.0).axes(0.5, 0.5, 2.0, 2.0)
    matrix = np.array([[0.5, -0.125], [-0.125, 0.5j]])
    judged._draw_hinton(axes, matrix, 0.5, 1)
    (squares,) = axes.collections
    sides = [np.ptp(path.vertices[:, 0]) for path in squares.get_paths()]
    assert np.square(sides) == pytest.approx([1, 0.25, 0.25, 1])
    colours = [to_hex(colour).upper() for colour in squares.get_facecolors()]
    assert colours[0] == judged.BLUE and colours[1] == colours[2] == judged.VERMILLION
    assert colours[3] not in (judged.BLUE, judged.VERMILLION)


def test_a_label_without_held_out_states_is_refused(tmp_path: Path) -> None:
    data = small_data()
    part = data.held_out[data.held_out.label == 0]
    data = Dataset(data.train, part, part, (0, 1), ("a", "b"), data.factor_names, "")
    with pytest.raises(QganError, match="`data` must hold out a state of each label"):
        batch = Batch(random_states(4, 2, 1), torch.arange(4) % 2)
        judged.judged_pictures(batch, data, tmp_path)


def report(latent: Tensor | None = None) -> evaluation.Report:
    data = small_data()
    data = replace(data, train=replace(data.train, factors=None))
    latent = torch.rand(24, 1) if latent is None else latent
    return evaluation.evaluate(data.train, latent, data)


def printed(width: int) -> str:
    output = io.StringIO()
    console = TextConsole(width=width, color_system=None, file=output)
    report_table.show(console, report(), ("up", "down"), ("f_0",), "a title", full=True)
    return output.getvalue()


def test_labels_stand_down_and_verdicts_last() -> None:
    text = printed(170)
    lines = text.splitlines()
    assert lines[0].strip() == "a title"
    heading = " ".join(lines[2:4])
    for name in ("skill", "W1", "cover-", "K_eq", "purity"):
        assert name in heading
    rows = [line for line in lines if line.startswith(("│up", "│down"))]
    assert len(rows) == 2
    entry = report().labels[0]
    assert f"{entry.coverage:.4f}" in rows[0] and f"{entry.w2:.3f}" in rows[0]
    assert [line.split("┃")[-2].strip() for line in lines[2:4]] == ["latent", "ignored"]
    for name in ("95 %", "real", "one state"):
        assert sum(line.startswith(f"│{name}") for line in lines) == 2


def test_a_narrow_terminal_gets_labels_across() -> None:
    text = printed(80)
    assert max(map(len, text.splitlines())) <= 80
    assert "coverage" in text and "up" in text and "latent ignored" in text


def test_without_latents_nothing_is_ignored() -> None:
    entry = report(latent=torch.zeros(24, 0)).labels[0]
    assert entry.latent_ignored is None and np.isnan(entry.multiple_rank["f_0"])
    assert entry.spearman == {"f_0": ()}
