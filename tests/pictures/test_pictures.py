"""Pictures: the numbers that are drawn, and files that hold a picture whatever the data."""

import ast
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from small_circuits import random_states, turns
from tolerances import EXACT, SINGLE
from torch import Tensor
from torch.testing import assert_close

from qgan import data, explore
from qgan.batch import Batch
from qgan.data.dataset import Dataset
from qgan.engines import BatchedEngine
from qgan.errors import QganError
from qgan.explore.observables import (
    StateFunction,
    mean_values,
    nearest_real,
    observables,
    real_band,
    real_part,
    sweep_observables,
)
from qgan.pictures.canvas import plain
from qgan.pictures.density_matrices import density_matrices
from qgan.pictures.latent_sweep import latent_sweep
from qgan.pictures.run import save_pictures
from qgan.pictures.training_curves import best_step, finite_values, moving_mean, training_curves
from qgan.states import Prepared, States

NAN = float("nan")
HISTORY = {
    "step": [0.0, 10.0, 20.0, 30.0],
    "discriminator_loss": [1.0, 0.5, -0.2, -0.1],
    "generator_loss": [0.0, 0.3, 0.1, 0.2],
    "coverage": [NAN, 0.9, NAN, 1.0],
    "shortfall": [NAN, 0.2, NAN, 0.3],
}


def rotated(label: Tensor, latent: Tensor) -> States:
    """One qubit: RY(pi z_last) on |label>, in single precision and with a gradient."""
    angle = (torch.pi * latent[:, -1] + torch.pi * label).requires_grad_() / 2
    return States(torch.stack([angle.cos(), angle.sin()], dim=1)[..., None].cfloat())


def random_data(
    n_qubits: int, n_labels: int, rank: int = 1, factors: int = 0, name: str = "label"
) -> Dataset:
    n = 6 * n_labels
    hidden = torch.rand(n, factors, generator=torch.Generator().manual_seed(1))
    part = Batch(
        random_states(n, n_qubits, rank),
        torch.arange(n) % n_labels,
        hidden if factors else None,
    )
    names = tuple(f"{name} {k}" for k in range(n_labels))
    hidden_names = tuple(f"f_{k}" for k in range(factors))
    return Dataset(part, part, part, tuple(range(n_labels)), names, hidden_names, "random")


def random_sampler(n_qubits: int, rank: int = 1) -> StateFunction:
    return lambda label, latent: random_states(len(label), n_qubits, rank, seed=len(label))


def png_size(path: Path) -> tuple[int, int]:
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n") and content[-8:-4] == b"IEND"
    return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")


# -- the numbers ---------------------------------------------------------------------------------


def test_observables_are_those_that_a_chain_of_this_length_has() -> None:
    assert [o.words for o in observables(1)] == [("X",), ("Z",)]
    assert [o.words for o in observables(2)] == [("XI", "IX"), ("ZI", "IZ"), ("ZZ",)]
    assert [o.words for o in observables(3)][2:] == [("ZZI", "IZZ"), ("ZIZ",)]


@pytest.mark.parametrize("rank", [1, 3])
def test_measured_values_are_means_of_expectation_values(
    rank: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "qgan.explore.observables.MOST_AMPLITUDES", 200
    )  # several chunks, the last short
    states = random_states(7, 3, rank, seed=2)
    values = mean_values(states, observables(3))
    for k, observable in enumerate(observables(3)):
        assert_close(values[:, k], states.expval(observable.words).mean(1), **EXACT)


def test_ghz_state_is_correlated_and_not_magnetised() -> None:
    ghz = torch.zeros(1, 8, 1, dtype=torch.complex128)
    ghz[0, [0, 7]] = 0.5**0.5
    expected = torch.tensor([[0.0, 0.0, 1.0, 1.0]], dtype=torch.float64)
    assert_close(mean_values(States(ghz), observables(3)), expected, **EXACT)


def test_a_sweep_turns_one_latent_and_leaves_the_others_at_zero() -> None:
    sweep = sweep_observables(rotated, label=0, prior=2, axis=1, n_points=5)
    z = torch.linspace(-1, 1, 5)
    angle = (torch.pi * z).double()
    assert_close(sweep.position, z)
    assert_close(sweep.values, torch.stack([angle.sin(), angle.cos()], 1), atol=1e-6, rtol=0)
    assert_close(sweep.values, mean_values(sweep.states, observables(1)), **EXACT)
    still = sweep_observables(rotated, label=1, prior=2, axis=0, n_points=5).values
    assert_close(still[:, 1], torch.full((5,), -1.0, dtype=torch.float64), atol=1e-6, rtol=0)


def test_a_sweep_refuses_an_axis_that_is_no_latent() -> None:
    with pytest.raises(QganError, match=r"`axis` must be from 0 to 1, but got 2"):
        sweep_observables(rotated, label=0, prior=2, axis=2)


def test_a_source_that_is_not_computed_yet_is_computed() -> None:
    def sample(label: Tensor, latent: Tensor) -> Prepared:
        return Prepared(BatchedEngine(), turns(), torch.zeros(1), torch.pi * latent)

    lazy = sweep_observables(sample, label=0, prior=1, axis=0)
    assert_close(lazy.values, sweep_observables(rotated, 0, 1, 0).values, **SINGLE)


def test_the_band_is_made_of_quantiles_of_real_values() -> None:
    angle = torch.linspace(0, torch.pi, 101, dtype=torch.float64) / 2
    states = States(torch.stack([angle.cos(), angle.sin()], 1)[..., None].to(torch.complex128))
    z = (2 * angle).cos().sort().values
    assert_close(real_band(states)[:, 1], z[[0, 5, 95, 100]], **EXACT)


def test_the_nearest_real_state_is_found_with_its_fidelity() -> None:
    real = random_states(20, 2, 1, seed=3)
    place, fidelity = nearest_real(real[[4, 17]], real)
    assert place.tolist() == [4, 17]
    assert_close(fidelity, torch.ones(2, dtype=torch.float64), **EXACT)


def test_real_states_are_the_held_out_ones_of_the_label() -> None:
    source = random_data(2, 2, factors=1)
    empty = Dataset(
        source.train, source.train[slice(0)], source.held_out.of(1), (0, 1), ("a", "b"), ("f",), ""
    )
    assert len(real_part(empty, 1)) == 6
    with pytest.raises(QganError, match="must hold out a state of each label, but got none of a"):
        real_part(empty, 0)


def test_history_is_read_where_it_was_evaluated() -> None:
    step, values = finite_values(HISTORY, "shortfall")
    assert (step.tolist(), values.tolist()) == ([10.0, 30.0], [0.2, 0.3])
    assert best_step(HISTORY) == 10.0
    assert best_step({"step": [0.0, 1.0], "shortfall": [NAN, NAN]}) is None
    assert best_step({}) is None


def test_a_moving_mean_keeps_constants_and_lines() -> None:
    line = np.arange(20.0)
    np.testing.assert_allclose(moving_mean(line, 5)[2:-2], line[2:-2])
    np.testing.assert_allclose(moving_mean(np.full(7, 3.0), 75), 3.0)
    assert moving_mean(np.array([2.0]), 3).tolist() == [2.0]


def test_names_of_users_are_no_formulas_and_have_a_limit() -> None:
    assert plain("cost $5_a$") == r"cost \$5_a\$"
    assert len(plain("a very long name of a label indeed")) <= 24
    assert plain("x" * 60) == "x" * 23 + "…"
    assert plain("two\nlines") == "two lines"


# -- the files -----------------------------------------------------------------------------------


def test_save_pictures_writes_three_pictures_of_the_default_data(tmp_path: Path) -> None:
    source = data.ising(n_train=2, n_validation=1, n_held_out=20)
    paths = save_pictures(random_sampler(4), source, HISTORY, 2, tmp_path / "new" / "plots")
    assert [path.name for path in paths] == ["training.png", "sweep.png", "density.png"]
    for path in paths:
        width, height = png_size(path)
        assert 600 <= width <= 2000 and 400 <= height <= 2000


CASES: dict[str, Callable[[], tuple[Dataset, StateFunction, int]]] = {
    "one qubit, one label, no factors": lambda: (random_data(1, 1), rotated, 1),
    "no latent": lambda: (random_data(3, 2, factors=1), random_sampler(3), 0),
    "one qubit, no latent": lambda: (random_data(1, 4), random_sampler(1), 0),
    "mixed": lambda: (
        data.bell(n_train=2, n_validation=1, n_held_out=9),
        random_sampler(2, rank=4),
        1,
    ),
    "mixed from pure": lambda: (random_data(2, 1), random_sampler(2, rank=3), 1),
    "odd names": lambda: (random_data(2, 1, factors=5, name="$x^2 " * 9), random_sampler(2), 1),
    "eight qubits": lambda: (random_data(8, 1, factors=1), random_sampler(8), 1),
}


@pytest.mark.parametrize("case", CASES)
def test_states_are_drawn_whatever_the_data(case: str, tmp_path: Path) -> None:
    source, sample, n_latent = CASES[case]()
    for draw in (latent_sweep, density_matrices):
        width, height = png_size(draw(sample, source, n_latent, tmp_path / "a.png"))
        assert width >= 400 and height >= 300


@pytest.mark.slow
def test_four_labels_and_four_latents_are_drawn(tmp_path: Path) -> None:
    source, sample = random_data(6, 4, factors=2), random_sampler(6)
    for draw in (latent_sweep, density_matrices):
        width, height = png_size(draw(sample, source, 4, tmp_path / "a.png"))
        assert max(width, height) <= 3000


def test_wide_states_are_drawn_reduced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qgan.pictures.density_matrices.MOST_QUBITS", 2)
    narrow = density_matrices(random_sampler(3), random_data(3, 1), 0, tmp_path / "narrow.png")
    monkeypatch.undo()
    wide = density_matrices(random_sampler(3), random_data(3, 1), 0, tmp_path / "wide.png")
    assert png_size(narrow)[0] < png_size(wide)[0]


@pytest.mark.parametrize(
    "history",
    [
        {},
        {"step": [0.0], "discriminator_loss": [1.0], "generator_loss": [1.0]},
        {**HISTORY, "coverage": [NAN] * 4, "shortfall": [NAN] * 4},
        {**HISTORY, "shortfall": [0.0] * 4, "coverage": [1.0] * 4},
    ],
    ids=["empty", "one row", "never evaluated", "perfect"],
)
def test_any_history_is_drawn(history: dict[str, list[float]], tmp_path: Path) -> None:
    assert png_size(training_curves(history, tmp_path / "training.png")) == (1157, 747)


def test_curves_are_the_sweep_and_bands_the_real_range(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from matplotlib.axes import Axes

    curves: list[np.ndarray] = []  # type: ignore[type-arg]
    bands: list[tuple[float, float]] = []
    plot, span = Axes.plot, Axes.axhspan

    def spy_plot(self: Axes, x: object, y: object, *args: object, **style: object) -> object:
        curves.append(np.asarray(y))
        return plot(self, x, y, *args, **style)  # type: ignore[arg-type]

    def spy_span(self: Axes, low: float, high: float, **style: object) -> object:
        bands.append((low, high))
        return span(self, low, high, **style)  # type: ignore[arg-type]

    monkeypatch.setattr(Axes, "plot", spy_plot)
    monkeypatch.setattr(Axes, "axhspan", spy_span)
    source = random_data(1, 1)
    latent_sweep(rotated, source, 1, tmp_path / "a.png")
    expected = sweep_observables(rotated, 0, 1, 0).states.expval(["X", "Z"]).numpy()
    np.testing.assert_allclose(curves[:2], expected.T)
    least, lower, upper, largest = real_band(source.held_out.states).T.unbind(1)
    outer, inner = torch.stack([least, largest], 1), torch.stack([lower, upper], 1)
    np.testing.assert_allclose(bands, torch.stack([outer, inner], 1).reshape(-1, 2))


def test_matplotlib_is_imported_only_when_something_is_drawn() -> None:
    for file in Path(explore.__file__).parent.glob("*.py"):
        tree = ast.parse(file.read_text())
        names = {
            name
            for node in tree.body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for name in (getattr(node, "module", None), *(alias.name for alias in node.names))
        }
        assert not any(str(name).startswith("matplotlib") for name in names), file


def test_no_global_state_of_matplotlib_is_touched(tmp_path: Path) -> None:
    import matplotlib
    from matplotlib import pyplot  # PennyLane has imported it anyway

    before = dict(matplotlib.rcParams)
    save_pictures(rotated, random_data(1, 1), HISTORY, 1, tmp_path)
    assert dict(matplotlib.rcParams) == before
    assert pyplot.get_fignums() == []
